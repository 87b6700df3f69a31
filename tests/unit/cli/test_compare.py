"""``zfstune compare``: words that make no sense, and files that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from made_stream import MadeStream
from stream_engine import StreamEngine
from zfstune.engine import open as opening
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("- ./b", "cannot compare two streams", "zfstune compare -; zfstune compare ./b"),
        ("tank/a@1 --other-image x", "it takes a second snapshot", ""),
        ("tank/a@1 /b --other-image x", "it takes a second snapshot", ""),
        ("/b tank/a@1 --other-image x", "it takes a second snapshot", ""),
    ],
)
def test_words_that_make_no_sense(run: Run, words: str, message: str, hint: str) -> None:
    """A usage error says what is wrong and what to do instead."""
    status, out, err = run("compare", *words.split())
    assert (status, out) == (2, "")
    assert message in err.splitlines()[0]
    assert hint in err


def test_the_digest_of_a_stream_takes_no_zfs(run: Run, tmp_path: Path) -> None:
    """A file is digested as it is; one that cannot be read, or is no stream, is refused."""
    made = MadeStream()
    made.object(1, b"one")
    file = tmp_path / "stream"
    file.write_bytes(made.end())
    status, out, _ = run("compare", str(file))
    assert status == 0
    assert out.startswith("zfstune-content-1:")
    status, _, err = run("compare", str(tmp_path / "none"))
    assert (status, err.count("cannot read stream")) == (1, 1)
    file.write_bytes(b"x" * 400)
    status, _, err = run("compare", str(file))
    assert (status, "it is no stream of zfs send" in err) == (1, True)


def test_a_second_snapshot_of_the_same_dataset(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the @ on is enough, as for `zfstune diff`."""
    engine = StreamEngine("tank")
    engine.add("tank/a", "1", "2")
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    named: list[str] = []

    def compare(first: str, second: str, **_: object) -> None:
        named.extend((first, second))
        raise PlanError("enough")

    monkeypatch.setattr("zfstune.cli.compare.compare", compare)
    assert run("compare", "tank/a@1", "@2")[0] == 1
    assert named == ["tank/a@1", "tank/a@2"]


def test_one_snapshot_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone or beside a stream, it is looked up before anything is sent."""
    engine = StreamEngine("tank")
    engine.add("tank/a", "monday")
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    status, _, err = run("compare", "tank/a@munday")
    assert status == 1
    assert "'tank/a' has no snapshot of that name" in err
    assert "did you mean 'monday'?" in err

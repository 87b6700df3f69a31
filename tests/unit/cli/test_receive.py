"""``zfstune receive``: its words, and what it passes on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from made_package import named, one
from stream_engine import StreamEngine
from zfstune.engine import open as opening
from zfstune.values.size import format_size

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]


PART = "receive_resume_token"


@pytest.fixture(autouse=True)
def back(monkeypatch: pytest.MonkeyPatch) -> StreamEngine:
    """Let the command open a pool without datasets."""
    engine = StreamEngine("back")
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


@pytest.fixture
def stream(tmp_path: Path) -> str:
    """Write a stream of tank/x/a@1 to a file."""
    file = tmp_path / "stream"
    file.write_bytes(named(one(1), b"tank/x/a@1"))
    return str(file)


def test_the_plan(run: Run, stream: str) -> None:
    """It says what would be made, and where."""
    for words, received in (
        (["back/b"], "back/b@1"),
        (["back/b@mine"], "back/b@mine"),
        (["back", "-e"], "back/a@1"),
        (["back", "-d"], "back/x/a@1"),
    ):
        status, out, err = run("receive", *words, "--input", stream, "-n")
        assert (status, err) == (0, "")
        assert out == f"full tank/x/a@1 -> {received}\n"
    status, out, _ = run("receive", "back", "-d", "--input", stream, "-n", "--json")
    found = json.loads(out)
    assert (status, found["parents"]) == (0, ["back/x"])
    assert found["streams"][0]["arrival"]["properties"]["readonly"] == "on"


def test_choices(run: Run, stream: str) -> None:
    """They end in the plan."""
    words = ["-o", "readonly=off", "-x", "exec", "--properties"]
    _, out, _ = run("receive", "back/b", "--input", stream, "-n", "--json", *words)
    arrival = json.loads(out)["streams"][0]["arrival"]
    assert arrival["properties"]["readonly"] == "off"
    assert arrival["excluded"] == ["exec"]


def test_a_file_that_goes_on(run: Run, stream: str) -> None:
    """What follows is not read, and a warning says so; a pipe is not waited for."""
    with Path(stream).open("ab") as file:
        file.write(b"x")
    status, out, err = run("receive", "back/b", "--input", stream, "-n")
    assert (status, len(out.splitlines())) == (0, 1)
    assert "the file goes on behind that, and the rest was not read" in err
    _, out, _ = run("receive", "back/b", "--input", stream, "-n", "--json")
    assert json.loads(out)["more"] is True


def test_errors(run: Run, tmp_path: Path) -> None:
    """A file that is not there, and one that is no stream."""
    status, _, err = run("receive", "back/b", "--input", str(tmp_path / "none"))
    assert (status, "cannot read '" in err) == (1, True)
    (tmp_path / "text").write_text("text" * 100)
    status, _, err = run("receive", "back/b", "--input", str(tmp_path / "text"))
    assert (status, "no stream of `zfs send`" in err) == (1, True)


def test_abort(run: Run, back: StreamEngine) -> None:
    """The part of a stream is given up; a dry run only says so."""
    back.add("back/b")
    back.local["back/b"][PART] = "{}"
    waited = "the part of a stream that waited in back/b\n"
    said = run("receive", "back/b", "--abort", "-n")
    assert said == (0, f"would give up {waited}", "")
    assert "back/b" in back.taken
    status, _, err = run("receive", "back", "--abort", "-n")
    assert (status, "cannot abort the receive of 'back'" in err) == (1, True)
    said = json.loads(run("receive", "back/b", "--abort", "-n", "--json")[1])
    assert (said["format"], said["target"]) == ("zfstune.receive-abort", "back/b")
    assert run("receive", "back/b", "--abort") == (0, f"gave up {waited}", "")
    assert "back/b" not in back.taken
    status, _, err = run("receive", "back", "--abort")
    assert (status, "cannot abort the receive of 'back'" in err) == (1, True)


def test_a_closed_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as empty as /dev/null."""
    monkeypatch.setattr("sys.stdin", None)
    status, _, err = run("receive", "back/b")
    sys.stdin.close()
    assert (status, "it is empty" in err) == (1, True)


def test_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody types a stream."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    status, _, err = run("receive", "back/b")
    assert (status, "from a terminal\nhint: add --input" in err) == (2, True)


def test_progress(run: Run, stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows it, with the length of a file, and is clean afterwards."""
    monkeypatch.setattr("zfstune.streams.meter._EVERY_S", 0)
    monkeypatch.setattr("zfstune.cli.progress_line.on_terminal", lambda: True)
    status, out, err = run("receive", "back/b", "--input", stream, "-n")
    assert (status, out) == (0, "full tank/x/a@1 -> back/b@1\n")
    size = format_size(Path(stream).stat().st_size, exact=False)
    first, *_, last = err.split("\r")[1:]
    assert first.startswith(f"{size} of about {size} (100 %)")
    assert last == ""

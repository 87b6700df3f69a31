"""``zfstune send``: words that make no sense, and the file that it writes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from stream_engine import StreamEngine
from zfstune.engine import open as opening
from zfstune.streams.send_plan import decide_send
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.streams.send_plan import SendPlan

    Run = Callable[..., tuple[int, str, str]]


class Sending(StreamEngine):
    """An engine whose streams are words."""

    fails = False

    def datasets(self, root: str, *, recursive: bool = True) -> list[Any]:
        """Return a dataset."""
        assert not recursive
        return [self.dataset(root)]

    def send(self, snapshot: str, fd: int, **_: Any) -> None:
        """Write a word."""
        os.write(fd, b"half")
        if self.fails:
            raise EngineError(operation="send", target=snapshot, reason="torn")

    def send_saved(self, name: str, fd: int) -> None:
        """Write the name."""
        os.write(fd, name.encode())

    def send_resumed(self, token: str, fd: int) -> str:
        """Write the token."""
        os.write(fd, token.encode())
        return ""


@pytest.fixture(autouse=True)
def tank(monkeypatch: pytest.MonkeyPatch) -> Sending:
    """Let the command open a pool with a dataset of two snapshots."""
    engine = Sending("tank")
    engine.add("tank/a", "1", "2")
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


def test_the_plan(run: Run) -> None:
    """It is shown with sizes, for people and for programs."""
    assert run("send", "tank/a@2", "--every", "-n") == (
        0,
        "full tank/a@1  (1000)\nincremental tank/a@2 from tank/a@1  (10)\n",
        "",
    )
    status, out, _ = run("send", "tank/a@2", "-n", "--json")
    assert (status, json.loads(out)["estimated_bytes"]) == (0, 1000)


def test_a_file(run: Run, tmp_path: Path) -> None:
    """It is new, and nobody else's to read."""
    file = tmp_path / "stream"
    assert run("send", "tank/a@1", "--output", str(file)) == (0, "", "")
    assert file.read_bytes() == b"half"
    assert file.stat().st_mode & 0o777 == 0o600
    status, _, err = run("send", "tank/a@1", "--output", str(file))
    assert status == 1
    assert "it exists already\nhint: choose another name" in err
    assert file.read_bytes() == b"half"
    assert run("send", "tank/a@1", "--output", "/dev/null")[0] == 0
    status, _, err = run("send", "tank/a@1", "--output", str(tmp_path / "no" / "x"))
    assert (status, "No such file" in err) == (1, True)


@pytest.mark.parametrize("words", [["tank/a@1"], ["tank/a", "--saved"]])
def test_progress(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """A terminal shows it for a file, with the estimate where there is one."""
    monkeypatch.setattr("zfstune.streams.meter._EVERY_S", 0)
    monkeypatch.setattr("zfstune.cli.progress_line.on_terminal", lambda: True)
    plans: list[object] = []

    def counted(*how: Any) -> SendPlan:
        plan = decide_send(*how)
        plans.append(plan)
        return plan

    monkeypatch.setattr("zfstune.streams.send.decide_send", counted)
    status, out, err = run("send", *words, "--output", str(tmp_path / "stream"))
    assert (status, out) == (0, "")
    first, *_, last = err.split("\r")[1:]
    assert first.startswith("4 of about 1000 (0 %), " if "tank/a@1" in words else "6, ")
    assert last == ""
    assert len(plans) == ("tank/a@1" in words)
    assert run("send", *words, "--output", "/dev/null")[0] == 0


def test_a_file_does_not_outlive_an_error(run: Run, tank: Sending, tmp_path: Path) -> None:
    """Half a stream would look like a whole one."""
    tank.fails = True
    status, _, err = run("send", "tank/a@1", "--output", str(tmp_path / "stream"))
    assert (status, err) == (1, "zfstune: cannot send 'tank/a@1': torn\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("theirs", [False, True])
def test_a_file_gets_its_name_in_the_end(
    run: Run,
    tank: Sending,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    theirs: bool,
) -> None:
    """A run that is killed leaves none; one of somebody else's meanwhile stays."""
    file = tmp_path / "stream"
    send = tank.send

    def slow(*args: Any, **how: Any) -> None:
        send(*args, **how)
        assert not file.exists()
        if theirs:
            file.write_text("theirs")

    monkeypatch.setattr(tank, "send", slow)
    assert run("send", "tank/a@1", "--output", str(file))[0] == theirs
    assert file.read_text() == ("theirs" if theirs else "half")
    assert list(tmp_path.iterdir()) == [file]


def test_parts(run: Run, tmp_path: Path) -> None:
    """The rest of a stream, and the part that was kept."""
    for number, words in enumerate((["--resume", "1-2"], ["--saved", "tank/a"])):
        file = tmp_path / str(number)
        assert run("send", *words, "--output", str(file)) == (0, "", "")
        assert file.read_bytes().decode() == words[1]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "no SNAPSHOT is named"),
        (["tank/a@1", "--resume", "1-2"], "the token names it"),
        (["--resume", "1-2", "--base", "@1"], "has its snapshot"),
        (["--resume", "1-2", "-n"], "cannot plan"),
        (["tank/a", "--saved", "--every"], "has its snapshot"),
        (["tank/a", "--saved", "--raw"], "cannot plan"),
        (["tank/a@1", "--json"], "the output is the stream"),
    ],
)
def test_words_that_make_no_sense(run: Run, words: list[str], reason: str) -> None:
    """They are refused before anything is read."""
    status, out, err = run("send", *words)
    assert (status, err in out) == (2, False)
    assert reason in err
    if "--json" in words:
        assert reason in json.loads(out)["errors"][0]["message"]
    else:
        assert out == ""


def test_a_closed_output(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that goes nowhere is no success."""
    monkeypatch.setattr("sys.__stdout__", None)
    status, _, err = run("send", "tank/a@1")
    assert (status, "stdout is closed\nhint: add --output" in err) == (2, True)


def test_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream on a screen is of no use to anybody."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    status, _, err = run("send", "tank/a@1")
    assert (status, "to a terminal\nhint: add --output" in err) == (2, True)

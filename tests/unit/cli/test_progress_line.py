"""The line of progress: on a terminal, for programs, and never on a pipe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from zfstune.cli.progress_line import ProgressLine
from zfstune.streams.progress import SendProgress

if TYPE_CHECKING:
    import pytest

LONG = SendProgress(1 << 20, 1 << 30, 1 << 20, 0, 1)
SHORT = SendProgress(1, 2, 0, 0, 1)


def test_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line covers the one before, and is gone before anything else is printed."""
    monkeypatch.setattr("zfstune.cli.progress_line.on_terminal", lambda: True)
    line = ProgressLine(json=False)
    line.clear()
    line.show(LONG)
    line.show(SHORT)
    line.clear()
    line.clear()
    first, second, blank, rest = capsys.readouterr().err.split("\r")[1:]
    assert first == LONG.line()
    assert (second.rstrip(), len(second)) == (SHORT.line(), len(LONG.line()))
    assert blank == " " * len(SHORT.line())
    assert rest == ""


def test_on_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing, unless a program asks for JSON."""
    monkeypatch.setattr("zfstune.cli.progress_line.on_terminal", lambda: False)
    line = ProgressLine(json=False)
    line.show(LONG)
    line.clear()
    assert capsys.readouterr() == ("", "")
    line = ProgressLine(json=True)
    line.show(LONG)
    line.show(SHORT)
    line.clear()
    found = capsys.readouterr()
    assert found.out == ""
    assert [json.loads(text) for text in found.err.splitlines()] == [
        {"format": "zfstune.progress", "version": 1, **LONG.to_dict()},
        {"format": "zfstune.progress", "version": 1, **SHORT.to_dict()},
    ]


def test_the_bytes_of_a_stream(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are counted where somebody looks, and shown with the length if it is known."""
    monkeypatch.setattr("zfstune.streams.meter._EVERY_S", 0)
    count = ProgressLine(json=True).counter(100)
    assert count is not None
    count(30)
    count(20)
    shown = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    assert [(each["done_bytes"], each["total_bytes"]) for each in shown] == [
        (30, 100),
        (50, 100),
    ]
    monkeypatch.setattr("zfstune.cli.progress_line.on_terminal", lambda: True)
    count = ProgressLine(json=False).counter(None)
    assert count is not None
    count(30)
    assert capsys.readouterr().err.startswith("\r30, ")
    monkeypatch.setattr("zfstune.cli.progress_line.on_terminal", lambda: False)
    assert ProgressLine(json=False).counter(100) is None

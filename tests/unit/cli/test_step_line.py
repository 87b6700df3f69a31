"""The line that counts steps: on a terminal, for work that takes a while."""

from __future__ import annotations

import pytest

from zfstune.cli import step_line
from zfstune.cli.step_line import StepLine


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the time, which a test sets, and a terminal."""
    now = [0.0]
    monkeypatch.setattr(step_line, "monotonic", lambda: now[0])
    monkeypatch.setattr(step_line, "on_terminal", lambda: True)
    return now


def test_on_a_terminal(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    """The first half second shows nothing; then a line a tenth of a second; then none."""
    with StepLine("destroyed") as line:
        line.passed(1, 5000)
        clock[0] = 0.6
        line.passed(1000, 5000)
        line.passed(1001, 5000)
        clock[0] = 0.8
        line.passed(2, 9)
    first, second, blank, rest = capsys.readouterr().err.split("\r")[1:]
    assert first == "destroyed 1000 of 5000"
    assert second == "destroyed 2 of 9".ljust(len(first))
    assert (blank.strip(), rest) == ("", "")


def test_short_work(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is shown, and nothing is wiped away."""
    with StepLine("looked at") as line:
        line.passed(1, 2)
        clock[0] = 0.4
        line.passed(2, 2)
    assert capsys.readouterr().err == ""


def test_on_a_pipe(
    clock: list[float],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing, however long it takes."""
    monkeypatch.setattr(step_line, "on_terminal", lambda: False)
    line = StepLine("looked at")
    clock[0] = 1e9
    line.passed(1, 2)
    line.clear()
    assert capsys.readouterr().err == ""

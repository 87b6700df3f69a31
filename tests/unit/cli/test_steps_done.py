"""The lines of a run: steps that were done, and what an interruption left."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from zfstune.cli.step_line import StepLine
from zfstune.cli.steps_done import StepsDone


def made(*, json: bool) -> StepsDone:
    """Give the lines of a run."""
    args: Any = SimpleNamespace(json=json)
    return StepsDone(args, StepLine("cloned"))


def test_each_line_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A step when it is done, and the other lines of the plan at the end."""
    steps = made(json=False)
    steps.tell("take a")
    assert capsys.readouterr().out == "take a\n"
    steps.end(["take a", "caution: b"])
    assert capsys.readouterr().out == "caution: b\n"


def test_json_prints_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Its document says all."""
    steps = made(json=True)
    steps.tell("take a")
    steps.end(["take a", "caution: b"])
    assert capsys.readouterr().out == ""
    assert steps.printed == {"take a"}


@pytest.mark.parametrize(
    ("left", "said"), [("a stays", "zfstune: interrupted; a stays\n"), ("", "")]
)
def test_an_interruption(capsys: pytest.CaptureFixture[str], left: str, said: str) -> None:
    """It is said what was left, in one line, if anything was."""
    with pytest.raises(KeyboardInterrupt), made(json=False).interruptible(lambda: left):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == said

"""The exit statuses are those that the help and the shell know."""

from __future__ import annotations

import re

from zfstune.cli import exit_status


def test_each_status_stands_in_the_help() -> None:
    """The text that ends each help has a line for every number, and for signals."""
    names = [n for n in exit_status.__all__ if n not in ("HELP", "SIGINT", "SIGPIPE")]
    numbers = sorted(getattr(exit_status, name) for name in names)
    lines = re.findall(r"^ {2}(\d+|128\+N)  \S", exit_status.HELP, re.MULTILINE)
    assert lines == [*map(str, numbers), "128+N"]


def test_signals_are_those_of_a_shell() -> None:
    """A shell gives 130 for Ctrl-C and 141 for a broken pipe."""
    assert (exit_status.SIGINT, exit_status.SIGPIPE) == (130, 141)

"""The exit statuses are those that the help and the shell know."""

from __future__ import annotations

from zfstune.cli import exit_status


def test_signals_are_those_of_a_shell() -> None:
    """A shell gives 130 for Ctrl-C and 141 for a broken pipe."""
    assert (exit_status.SIGINT, exit_status.SIGPIPE) == (130, 141)

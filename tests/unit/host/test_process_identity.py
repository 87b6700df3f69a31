"""Processes that are told apart from later ones of the same number."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from zfstune.host.process_identity import is_running, own_identity


def test_this_process() -> None:
    """This process is running; one of another boot, or that began at another time, not."""
    own = own_identity()
    boot, pid, start = own.rsplit(".", 2)
    assert pid == str(os.getpid())
    assert is_running(own)
    assert not is_running(f"{boot}.{pid}.{int(start) + 1}")
    assert not is_running(f"00000000-{boot}.{pid}.{start}")


def test_a_process_that_has_ended() -> None:
    """A process that is gone is not running."""
    code = "from zfstune.host.process_identity import own_identity; print(own_identity())"
    ended = subprocess.check_output([sys.executable, "-c", code], text=True).strip()
    assert not is_running(ended)


@pytest.mark.parametrize("text", ["", "..", "a.b.c", "x.-1.2", "x.../../etc.1"])
def test_other_text(text: str) -> None:
    """A mark that somebody else wrote names no process."""
    assert not is_running(text)

"""Errors of the system, in words about a file."""

from __future__ import annotations

import errno
import os

from zfstune.host.obstacles import is_out_of_space, obstacle


def test_words() -> None:
    """What is met often has words of its own, the rest those of the system."""
    assert obstacle(OSError(errno.EAGAIN, "x")).startswith("a program has it open")
    assert obstacle(OSError(errno.EDQUOT, "x")) == "its copy would exceed a quota"
    assert obstacle(OSError(errno.EIO, os.strerror(errno.EIO))) == "Input/output error"
    assert obstacle(PermissionError("a folder took its place")) == "a folder took its place"


def test_space() -> None:
    """A full pool is not a quota."""
    assert is_out_of_space(OSError(errno.ENOSPC, ""))
    assert not is_out_of_space(OSError(errno.EDQUOT, ""))

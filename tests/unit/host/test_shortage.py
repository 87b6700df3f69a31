"""A host that is short of something."""

from __future__ import annotations

import errno
import os

import pytest

from zfstune.host.shortage import shortage_hint


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.EMFILE, "allow more, as with `ulimit -n 1024`"),
        (errno.ENFILE, ""),
        (errno.ENOMEM, ""),
        (errno.ENOSPC, None),
        (None, None),
    ],
)
def test_what_is_a_shortage(code: int | None, hint: str | None) -> None:
    """Of descriptors and of memory; a full disk is a matter of the file."""
    error = OSError("x") if code is None else OSError(code, os.strerror(code))
    assert shortage_hint(error) == hint

"""A user without root, on a machine that can be spoilt."""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["alice"]


@contextmanager
def alice() -> Iterator[None]:
    """Be alice for a while: the kernel asks for effective ids and capabilities."""
    account = pwd.getpwnam("alice")
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)

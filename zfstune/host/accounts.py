"""The numbers of users and groups of this system, by name."""

from __future__ import annotations

import grp
import pwd
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["group_numbers", "user_numbers"]


def user_numbers(names: Iterable[str]) -> dict[str, int]:
    """Return the numbers of the users; a user that does not exist is left out."""
    return _numbers(names, lambda name: pwd.getpwnam(name).pw_uid)


def group_numbers(names: Iterable[str]) -> dict[str, int]:
    """Return the numbers of the groups; a group that does not exist is left out."""
    return _numbers(names, lambda name: grp.getgrnam(name).gr_gid)


def _numbers(names: Iterable[str], number_of: Callable[[str], int]) -> dict[str, int]:
    numbers = {}
    for name in names:
        with suppress(KeyError):
            numbers[name] = number_of(name)
    return numbers

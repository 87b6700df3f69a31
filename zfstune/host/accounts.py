"""Users and groups of this system, by name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["group_numbers", "user_numbers"]


def user_numbers(names: Iterable[str]) -> dict[str, int]:
    """Give the numbers of those users that exist."""
    return _numbers(names, _uid)


def group_numbers(names: Iterable[str]) -> dict[str, int]:
    """Give the numbers of those groups that exist."""
    return _numbers(names, _gid)


def _numbers(names: Iterable[str], number: Callable[[str], int]) -> dict[str, int]:
    found = {}
    for name in names:
        try:
            found[name] = number(name)
        except KeyError:
            continue
    return found


def _uid(name: str) -> int:
    import pwd  # noqa: PLC0415 (only profiles with owners need it)

    return pwd.getpwnam(name).pw_uid


def _gid(name: str) -> int:
    import grp  # noqa: PLC0415 (as above)

    return grp.getgrnam(name).gr_gid

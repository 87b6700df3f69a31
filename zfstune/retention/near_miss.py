"""Scopes that no snapshot is in, and the ones that were likely meant.

A glob must match all of what stands behind the ``@``, so ``--match daily`` is in
the scope of nothing where snapshots are called ``daily-2026-11-23``.
"""

from __future__ import annotations

from zfstune.retention.scope import scope_tests
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from zfstune.retention.policy import Group, Policy

__all__ = ["near_misses"]


def near_misses(policy: Policy, short_names: Collection[str]) -> list[str]:
    """Say of each scope that has no snapshot which one would have some.

    Args:
        policy: Whose scopes.
        short_names: What stands behind the ``@`` of the snapshots that were looked at.
    """
    around = [_around(group) for group in policy.groups]
    wider = scope_tests(tuple(around))  # of one policy, and so on one budget
    found = []
    for group, test, wide, (glob, regex) in zip(
        policy.groups, policy.tests, wider, around, strict=True
    ):
        if group.own or _count(test, short_names) != 0:
            continue
        count = _count(wide, short_names)
        if count:
            word = "regex" if group.match is None else "match"
            pattern = shown(group.match or group.regex or "")
            found.append(
                f"{word} '{pattern}' matches no snapshot: it must match all that "
                f"follows the @; '{shown(glob or regex or '')}' matches {count}"
            )
    return found


def _around(group: Group) -> tuple[str | None, str | None]:
    """Give the scope of names that have somewhere in them what a group asks for."""
    if group.match is not None:
        return f"*{group.match}*", None
    return None, None if group.regex is None else f".*({group.regex}).*"


def _count(test: Callable[[str], bool], short_names: Collection[str]) -> int | None:
    """Count the names in a scope; None: it cannot be matched, or takes too many steps."""
    try:
        return sum(map(test, short_names))
    except PolicyError:  # as of an expression that begins with a lookahead
        return None

"""Scopes without a snapshot, and the wider ones that were likely meant.

A glob must match the whole short name, which stands behind the ``@``. So ``--match
daily`` matches nothing where snapshots are called ``daily-2026-11-23``.
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
    """Report each scope without a snapshot for which a wider scope has some.

    Args:
        policy: The policy whose scopes are tried.
        short_names: Short names of all the snapshots that were looked at.
    """
    around = [_around(group) for group in policy.groups]
    wider = scope_tests(tuple(around))  # in one call, so that they share one budget
    misses = []
    for group, test, wide, (glob, regex) in zip(
        policy.groups, policy.tests, wider, around, strict=True
    ):
        if group.own or _count(test, short_names) != 0:
            continue
        count = _count(wide, short_names)
        if count:
            word = "regex" if group.match is None else "match"
            pattern = shown(group.match or group.regex or "")
            misses.append(
                f"{word} '{pattern}' matches no snapshot: it must match the whole name "
                f"after the @; '{shown(glob or regex or '')}' matches {count}"
            )
    return misses


def _around(group: Group) -> tuple[str | None, str | None]:
    """Return the scope of the names that contain a match of a group's scope."""
    if group.match is not None:
        return f"*{group.match}*", None
    return None, None if group.regex is None else f".*({group.regex}).*"


def _count(test: Callable[[str], bool], short_names: Collection[str]) -> int | None:
    """Count the names in a scope; None: its pattern cannot be matched, or is too costly."""
    try:
        return sum(map(test, short_names))
    except PolicyError:  # for one, an expression that begins with a lookahead
        return None

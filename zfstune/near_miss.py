"""Scopes that no snapshot is in, and the ones that were likely meant.

A glob must match all of what stands behind the ``@``, so ``--match daily`` is in
the scope of nothing where snapshots are called ``daily-2026-11-23``.
"""

from __future__ import annotations

from zfstune.errors import PolicyError
from zfstune.policy import Group, Never
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from zfstune.policy import Policy

__all__ = ["near_misses"]


def near_misses(policy: Policy, short_names: Collection[str]) -> list[str]:
    """Say of each scope that has no snapshot which one would have some.

    Args:
        policy: Whose scopes.
        short_names: What stands behind the ``@`` of the snapshots that were looked at.
    """
    found = []
    for group in policy.groups:
        word, pattern = "match", group.match
        if group.regex is not None:
            word, pattern = "regex", group.regex
        if pattern is None or any(map(group.scope(), short_names)):
            continue
        around = f"*{pattern}*" if word == "match" else f".*({pattern}).*"
        count = _count(word, around, short_names)
        if count:
            found.append(
                f"{word} '{shown(pattern)}' matches no snapshot: it must match all that "
                f"follows the @; '{shown(around)}' matches {count}"
            )
    return found


def _count(word: str, pattern: str, short_names: Collection[str]) -> int:
    try:
        scope = Group((Never(),), **{word: pattern}).scope()
    except PolicyError:  # as of an expression that begins with a lookahead
        return 0
    return sum(map(scope, short_names))

"""A plan: its steps, its cautions, and what an earlier role left.

A plan is a value. It is shown, written as JSON, carried out or thrown away, and
all four read the same thing.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen
from zfstune.values.quoting import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.datasets.actions import Action
    from zfstune.datasets.cautions import Caution

__all__ = ["Leftover", "Plan", "advice"]


@frozen
class Leftover:
    """A dataset that zfstune manages and that the chosen roles do not have.

    Attributes:
        dataset: Full name.
        profiles: Those that its note names; none where it only holds others.
        reason: Why it is told, half a sentence.
        scheduled: Whether it says itself that snapshots are to be taken of it.
        shared: Whether it says itself that NFS is to serve it.
    """

    dataset: str
    profiles: tuple[str, ...]
    reason: str
    scheduled: bool = False
    shared: bool = False

    def to_dict(self) -> dict[str, object]:
        """Give it as JSON takes it, with ``hint``: what can be done about it."""
        return {
            "dataset": self.dataset,
            "profiles": list(self.profiles),
            "reason": self.reason,
            "scheduled": self.scheduled,
            "shared": self.shared,
            "hint": advice([self]),
        }


def advice(leftovers: Iterable[Leftover]) -> str:
    """Say what can be done about leftovers, together: one sentence."""
    leftovers = list(leftovers)
    scheduled = " ".join(for_shell(each.dataset) for each in leftovers if each.scheduled)
    shared = " ".join(for_shell(each.dataset) for each in leftovers if each.shared)
    which = for_shell(leftovers[0].dataset) if len(leftovers) == 1 else "DATASET"
    ways = [f"`zfs destroy -nvr {which}` shows what would go with it"]
    if shared:
        ways.insert(0, f"`zfs set sharenfs=off {shared}` ends what NFS serves")
    if scheduled:
        ways.insert(0, f"`zfstune schedule remove {scheduled}` ends the snapshots")
    both = "if this machine is meant to be both, name both roles in one call"
    return f"{both}; if not, {', '.join(ways)}"


@frozen
class Plan:
    """All that has to happen, in order, for the profiles to be in force.

    Attributes:
        pool: Name of the pool.
        root: The dataset that the profiles' paths hang below.
        profiles: Names of the profiles.
        actions: In the order in which they must happen; no step destroys anything.
        warnings: What the reader should know.
        facts: What the pool is, as far as the plan weighed it.
        mountpoints: Each dataset of the profiles to where it mounts, None: nowhere.
        leftovers: What earlier roles left; it stays, and pends nothing.
    """

    pool: str
    root: str
    profiles: tuple[str, ...]
    actions: tuple[Action, ...]
    warnings: tuple[Caution, ...]
    facts: Mapping[str, object]
    mountpoints: Mapping[str, str | None]
    leftovers: tuple[Leftover, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether anything would change."""
        return bool(self.actions)

    @property
    def unchanged(self) -> tuple[str, ...]:
        """The profiles' datasets that are as they should be."""
        touched = {action.dataset for action in self.actions}
        return tuple(name for name in self.mountpoints if name not in touched)

    def to_dict(self) -> dict[str, object]:
        """Give the plan as JSON takes it.

        Keys: ``pool``, ``root``, ``profiles``, ``pending``, ``actions`` (each with
        ``action``: ``create``, ``adjust``, ``mount``, ``remount``,
        ``own``, ``export`` or ``withdraw``, and ``dataset``),
        ``warnings`` (``dataset``, ``message``, ``hint``), ``facts``,
        ``mountpoints``, ``unchanged``, ``leftovers`` (``dataset``, ``profiles``,
        ``reason``, ``scheduled``, ``shared``, ``hint``).
        """
        return {
            "pool": self.pool,
            "root": self.root,
            "profiles": list(self.profiles),
            "pending": self.pending,
            "actions": [action.to_dict() for action in self.actions],
            "warnings": [warning.to_dict() for warning in self.warnings],
            "facts": dict(self.facts),
            "mountpoints": dict(self.mountpoints),
            "unchanged": list(self.unchanged),
            "leftovers": [leftover.to_dict() for leftover in self.leftovers],
        }

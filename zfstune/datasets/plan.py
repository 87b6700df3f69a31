"""A plan: its steps, its cautions, and the leftovers of an earlier role.

A plan is a value: the text for people, the JSON document and the run itself are all
made from the same one.
"""

from __future__ import annotations

from zfstune.datasets.plan_text import action_lines, caution_lines, heading
from zfstune.values.frozen import frozen
from zfstune.values.text import for_shell

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
        profiles: The profiles that its note names; none where it only holds others.
        reason: Why it counts as a leftover, half a sentence.
        scheduled: Whether a schedule of snapshots is set on the dataset itself.
        shared: Whether sharenfs is set on the dataset itself.
    """

    dataset: str
    profiles: tuple[str, ...]
    reason: str
    scheduled: bool = False
    shared: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the leftover as JSON takes it, with a ``hint``: what can be done."""
        return {
            "dataset": self.dataset,
            "profiles": list(self.profiles),
            "reason": self.reason,
            "scheduled": self.scheduled,
            "shared": self.shared,
            "hint": advice([self]) or None,
        }


def advice(leftovers: Iterable[Leftover]) -> str:
    """Say in one sentence what can be done about several leftovers."""
    leftovers = list(leftovers)
    scheduled = " ".join(for_shell(left.dataset) for left in leftovers if left.scheduled)
    shared = " ".join(for_shell(left.dataset) for left in leftovers if left.shared)
    which = for_shell(leftovers[0].dataset) if len(leftovers) == 1 else "DATASET"
    ways = [f"`zfs destroy -nvr {which}` shows all that it would destroy"]
    if shared:
        ways.insert(0, f"`zfs set sharenfs=off {shared}` ends the share over NFS")
    if scheduled:
        ways.insert(0, f"`zfstune schedule remove {scheduled}` ends the snapshots")
    keep = "if this machine is to have both roles, name both in one call"
    return f"{keep}; if not, {', '.join(ways)}"


@frozen
class Plan:
    """All that has to happen, in order, for the profiles to be in force.

    Attributes:
        pool: Name of the pool.
        root: The dataset that the profiles' paths hang below.
        profiles: Names of the profiles.
        actions: In the order in which they must happen; no step destroys anything.
        warnings: Cautions that the reader should know of.
        facts: The facts of the pool that the plan depends on.
        mountpoints: Each dataset of the profiles to its mountpoint, None: not mounted.
        leftovers: Datasets that earlier roles left; they stay, and nothing is pending
            because of them.
        at: The dataset that the profile is put on; empty: the paths of profiles count.
    """

    pool: str
    root: str
    profiles: tuple[str, ...]
    actions: tuple[Action, ...]
    warnings: tuple[Caution, ...]
    facts: Mapping[str, object]
    mountpoints: Mapping[str, str | None]
    leftovers: tuple[Leftover, ...] = ()
    at: str = ""

    @property
    def pending(self) -> bool:
        """Whether anything would change."""
        return bool(self.actions)

    @property
    def unchanged(self) -> tuple[str, ...]:
        """The profiles' datasets that are as they should be."""
        touched = {action.dataset for action in self.actions}
        return tuple(name for name in self.mountpoints if name not in touched)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the plan for people: a block a dataset, then leftovers, then warnings."""
        lines: list[str] = []
        if not self.profiles:
            lines.append("nothing to do: this role has no datasets of its own")
        elif self.pending:
            lines.append(heading(self.profiles, self.pool, self.facts))
            lines += action_lines(self.actions, several=len(self.profiles) > 1)
            if self.unchanged:
                lines.append(f"unchanged: {', '.join(self.unchanged)}")
        else:
            lines.append(f"nothing to do: {self._as_asked()}")
        if self.leftovers:
            lines += [f"stays: {left.dataset}  ({left.reason})" for left in self.leftovers]
            lines.append(f"  hint: {advice(self.leftovers)}")
        for caution in self.warnings:
            lines += caution_lines(caution)
        return lines

    def _as_asked(self) -> str:
        count = len(self.mountpoints)
        datasets, verb = ("1 dataset", "is") if count == 1 else (f"{count} datasets", "are")
        asks = "asks" if len(self.profiles) == 1 else "ask"
        where = f"at {self.at}" if self.at else f"below {self.root}"
        return f"{datasets} {where} {verb} as {', '.join(self.profiles)} {asks}"

    def to_dict(self) -> dict[str, object]:
        """Return the plan as JSON takes it.

        Keys: ``pool``, ``root``, ``profiles``, ``pending``, ``actions`` (each with
        ``action``: ``create``, ``adjust``, ``mount``, ``remount``,
        ``own``, ``export`` or ``withdraw``, and ``dataset``),
        ``warnings`` (``dataset``, ``message``, ``hint``), ``facts``,
        ``mountpoints``, ``unchanged``, ``leftovers`` (``dataset``, ``profiles``,
        ``reason``, ``scheduled``, ``shared``, ``hint``), ``at`` (null where the paths of
        the profiles count).
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
            "at": self.at or None,
        }

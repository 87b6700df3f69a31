"""Plan how datasets stop being managed: their marks go, and nothing else changes."""

from __future__ import annotations

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import (
    APPLIED_PROPERTY,
    POLICY_PROPERTY,
    PROFILE_PROPERTY,
    SCHEDULE_PROPERTY,
    STANDS_FOR_PROPERTY,
    is_managed,
    profiles_on,
)
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfstune.values.state import Dataset

__all__ = ["UnmanagePlan", "plan_unmanage"]

# The note goes first: a run that ends midway leaves a dataset that is still managed.
_MARKS = (APPLIED_PROPERTY, STANDS_FOR_PROPERTY, PROFILE_PROPERTY)
_UNSCHEDULED = (None, "", "none")


@frozen
class UnmanagePlan:
    """The plan of taking the marks off.

    Attributes:
        marks: Each dataset, with the names of the properties that it loses.
        profiles: The profiles that managed each, by dataset.
        below: Datasets below that stay managed.
        scheduled: Datasets whose schedule of snapshots stays.
        pruned: Datasets whose policy stays.
    """

    marks: tuple[tuple[str, tuple[str, ...]], ...]
    profiles: tuple[tuple[str, tuple[str, ...]], ...]
    below: tuple[str, ...] = ()
    scheduled: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that stop being managed."""
        return tuple(name for name, _ in self.marks)

    def __str__(self) -> str:
        return "\n".join(self.lines(verb="would unmanage"))

    def lines(self, *, verb: str = "unmanaged") -> list[str]:
        """Return a line for each dataset, with its profiles."""
        return [
            f"{verb} {name}" + (f"  (profile {', '.join(profiles)})" if profiles else "")
            for name, profiles in self.profiles
        ]

    def cautions(self) -> list[str]:
        """Return what stays all the same, a sentence each."""
        found = []
        if self.below:
            names = ", ".join(self.below)
            found.append(f"datasets below stay managed, and -r takes them along: {names}")
        if self.scheduled:
            names = " ".join(map(for_shell, self.scheduled))
            found.append(
                f"snapshots are still taken by schedule: `zfstune schedule remove {names}` "
                "ends that"
            )
        if self.pruned:
            names = " ".join(map(for_shell, self.pruned))
            found.append(
                f"a policy is still stored: `zfstune policy clear {names}` removes it"
            )
        return found

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        noted = dict(self.profiles)
        return {
            "datasets": [
                {"name": name, "profiles": list(noted[name]), "marks": list(marks)}
                for name, marks in self.marks
            ],
            "below": list(self.below),
            "scheduled": list(self.scheduled),
            "pruned": list(self.pruned),
        }


def plan_unmanage(
    name: str, datasets: Sequence[Dataset], *, recursive: bool
) -> UnmanagePlan:
    """Plan to take the marks off a dataset.

    Args:
        name: Its name.
        datasets: The dataset and all below it.
        recursive: Take them off those below, too.

    Raises:
        PlanError: None of them is managed.
    """
    managed = [dataset for dataset in datasets if is_managed(dataset)]
    chosen = [dataset for dataset in managed if recursive or dataset.name == name]
    below = tuple(d.name for d in managed if d not in chosen)
    if not chosen:
        hint = "`zfstune list` shows the datasets with a profile"
        if below:
            hint = f"it only lies above managed ones: zfstune unmanage -r {for_shell(name)}"
        raise PlanError(f"cannot unmanage '{name}': zfstune does not manage it", hint=hint)
    return UnmanagePlan(
        marks=tuple(
            (d.name, tuple(m for m in _MARKS if d.local(m) is not None)) for d in chosen
        ),
        profiles=tuple((d.name, profiles_on(d)) for d in chosen),
        below=below,
        scheduled=tuple(
            d.name for d in chosen if d.local(SCHEDULE_PROPERTY) not in _UNSCHEDULED
        ),
        pruned=tuple(d.name for d in chosen if d.local(POLICY_PROPERTY)),
    )

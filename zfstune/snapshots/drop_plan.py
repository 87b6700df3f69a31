"""What it takes to destroy a checkpoint, and what would be lost by it.

Snapshots that have clones cannot go before those. Clones of a checkpoint are the copies
that rollbacks keep below ``POOL/zfstune-escape``, and whatever else somebody made of
it. Neither goes unless the caller named that loss.
"""

from __future__ import annotations

import re

from zfstune.snapshots.rewind_plan import (
    ESCAPES,
    FOLDER,
    Clone,
    check_consent,
    clones_of,
    is_held,
)
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.names import parent_of, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from zfstune.values.state import Dataset, Snapshot

__all__ = ["DROP_LOSSES", "Checkpoint", "DropPlan", "is_copy", "make_drop"]

# What dropping a checkpoint may lose, by the word that consents to it.
DROP_LOSSES = ("copies", "clones")

_STAMP = re.compile(r"\d{8}T\d{6}Z")


@frozen
class Checkpoint:
    """One checkpoint of a pool.

    Attributes:
        name: Its name.
        taken: When, in seconds since 1970; None: nobody can tell.
        datasets: Those that still have it.
        size: The number of datasets that it was taken of.
        copies: What rollbacks to it kept aside.
    """

    name: str
    taken: int | None
    datasets: tuple[str, ...]
    size: int
    copies: tuple[str, ...] = ()


@frozen
class DropPlan:
    """What dropping a checkpoint is to destroy, in this order.

    Attributes:
        checkpoint: Its name.
        copies: Clones that rollbacks kept aside.
        clones: Clones that somebody else made.
        folders: Datasets that only hold copies, and hold none any more.
        snapshots: The checkpoint itself.
    """

    checkpoint: str
    snapshots: tuple[str, ...]
    copies: tuple[Clone, ...] = ()
    clones: tuple[Clone, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def ordered(self) -> tuple[str, ...]:
        """The datasets that go, each before its parent."""
        names = [*(clone.name for clone in (*self.copies, *self.clones)), *self.folders]
        return tuple(sorted(names, key=lambda name: (-name.count("/"), name)))

    @property
    def losses(self) -> dict[str, list[str]]:
        """What would be lost beside the checkpoint, by the word that consents to it."""
        found = {
            word: [name for clone in clones for name in (clone.name, *clone.snapshots)]
            for word, clones in zip(DROP_LOSSES, (self.copies, self.clones), strict=True)
        }
        return {word: names for word, names in found.items() if names}

    def check(self, lose: Iterable[str]) -> None:
        """Refuse what would be lost without consent.

        Args:
            lose: Words of :data:`DROP_LOSSES`.

        Raises:
            PlanError: It names each loss, and the flags that consent.
        """
        refused = f"drop checkpoint '{self.checkpoint}'"
        check_consent(refused, self.losses, lose, DROP_LOSSES)

    def to_dict(self) -> dict[str, object]:
        """Give the plan as JSON takes it."""
        return {
            "checkpoint": self.checkpoint,
            "snapshots": list(self.snapshots),
            "copies": [clone.name for clone in self.copies],
            "clones": [clone.name for clone in self.clones],
            "folders": list(self.folders),
            "losses": self.losses,
        }


def is_copy(dataset: str) -> bool:
    """Tell whether a dataset lies where rollbacks keep what was lost."""
    return dataset.startswith(f"{pool_of(dataset)}/{ESCAPES}/")


def make_drop(
    checkpoint: str,
    snapshots: Sequence[Snapshot],
    *,
    datasets: Mapping[str, Dataset],
    own: Mapping[str, Sequence[Snapshot]],
    mounted: Mapping[str, str],
) -> DropPlan:
    """Plan how a checkpoint goes.

    Args:
        checkpoint: Its name.
        snapshots: Those of it that are to go, with their properties.
        datasets: All of the pool, by name.
        own: Snapshots, with their properties, of each clone of the checkpoint and of
            each dataset where copies are kept.
        mounted: Dataset to where it is mounted.

    Raises:
        PlanError: Something holds what would have to go.
    """
    clones: list[Clone] = []
    for snapshot in snapshots:
        _refuse_held(checkpoint, snapshot)
        for name in clones_of(snapshot):
            if mounted.get(name) == "/":
                raise _refused(checkpoint, f"this system runs from '{name}', a clone of it")
            for each in own.get(name, ()):
                _refuse_held(checkpoint, each)
                if each.clones:
                    raise _refused(checkpoint, f"clones hang on '{each.name}' in turn")
            clones.append(Clone(name, tuple(s.name for s in own.get(name, ()))))
    gone = {clone.name for clone in clones}
    folders = _folders(checkpoint, datasets, own, mounted, gone)
    for clone in clones:
        for name in datasets:
            if parent_of(name) == clone.name and name not in gone.union(folders):
                raise _refused(
                    checkpoint, f"its clone '{clone.name}' has '{name}' below it"
                )
    return DropPlan(
        checkpoint=checkpoint,
        snapshots=tuple(s.name for s in snapshots),
        copies=tuple(clone for clone in clones if is_copy(clone.name)),
        clones=tuple(clone for clone in clones if not is_copy(clone.name)),
        folders=folders,
    )


def _folders(
    checkpoint: str,
    datasets: Mapping[str, Dataset],
    own: Mapping[str, Sequence[Snapshot]],
    mounted: Mapping[str, str],
    gone: Container[str],
) -> tuple[str, ...]:
    """Give what a rollback made to hold its copies, and what holds none any more.

    A rollback marks each one that it makes. It goes only while it has neither
    snapshots nor a place where it would be mounted.
    """
    found: list[str] = []
    for name in sorted(datasets, key=lambda name: -name.count("/")):
        dataset = datasets[name]
        below = [each for each in datasets if parent_of(each) == name]
        if (
            _holds_copies(name, checkpoint)
            and name not in gone
            and dataset.local(CHECKPOINT_PROPERTY) == FOLDER
            and dataset.value("mountpoint") == "none"
            and dataset.value("origin") in (None, "", "-")
            and name not in mounted
            and not own.get(name)
            and all(each in gone or each in found for each in below)
        ):
            found.append(name)
    return tuple(found)


def _holds_copies(dataset: str, checkpoint: str) -> bool:
    """Tell whether a rollback to a checkpoint made a dataset for its copies."""
    top, _, rest = f"{dataset}/".removeprefix(f"{pool_of(dataset)}/").partition("/")
    if top != ESCAPES:
        return False
    name, _, stamp = rest.partition("/")[0].rpartition("-")
    return not rest or (name == checkpoint and _STAMP.fullmatch(stamp) is not None)


def _refuse_held(checkpoint: str, snapshot: Snapshot) -> None:
    if is_held(snapshot):
        raise _refused(checkpoint, f"'{snapshot.name}' is held: see `zfs holds`")


def _refused(checkpoint: str, reason: str) -> PlanError:
    return PlanError(f"cannot drop checkpoint '{checkpoint}': {reason}")

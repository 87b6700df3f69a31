"""Plan how a checkpoint is destroyed, and name the losses.

A snapshot cannot be destroyed before its clones. Clones of a checkpoint are the copies
that rollbacks keep below ``POOL/zfstune-escape``, and clones that somebody else made.
Neither kind is destroyed without the caller's consent to that loss.
"""

from __future__ import annotations

import re

from zfstune.snapshots.consent import check_consent
from zfstune.snapshots.lost_bases import BASES
from zfstune.snapshots.rewind_plan import (
    ESCAPES,
    FOLDER,
    Clone,
    clones_of,
    is_copy,
    is_held,
)
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.names import parent_of, pool_of
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from zfstune.values.state import Dataset, Snapshot

__all__ = ["DROP_LOSSES", "Checkpoint", "DropPlan", "make_drop"]

# The words that consent to a loss by dropping a checkpoint.
DROP_LOSSES = ("copies", "clones", BASES)

_STAMP = re.compile(r"\d{8}T\d{6}Z")


@frozen
class Checkpoint:
    """One checkpoint of a pool.

    Attributes:
        name: Its name.
        taken: When it was taken, in seconds since 1970; None: nobody can tell.
        datasets: Names of the datasets that still have it.
        size: The number of datasets that it was taken of.
        copies: Names of the datasets into which rollbacks to it copied lost files.
    """

    name: str
    taken: int | None
    datasets: tuple[str, ...]
    size: int
    copies: tuple[str, ...] = ()


@frozen
class DropPlan:
    """The plan of dropping a checkpoint.

    Attributes:
        checkpoint: Its name.
        copies: Clones into which rollbacks copied lost files.
        clones: Clones that somebody else made.
        folders: Datasets that were made to hold copies, and hold none once these are gone.
        snapshots: The checkpoint itself.
        bases: Those whose next stream may lose its base.
    """

    checkpoint: str
    snapshots: tuple[str, ...]
    copies: tuple[Clone, ...] = ()
    clones: tuple[Clone, ...] = ()
    folders: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()

    @property
    def ordered(self) -> tuple[str, ...]:
        """Names of the datasets to destroy, each before its parent."""
        names = [*(clone.name for clone in (*self.copies, *self.clones)), *self.folders]
        return tuple(sorted(names, key=lambda name: (-name.count("/"), name)))

    @property
    def losses(self) -> dict[str, list[str]]:
        """Names of the other losses than the checkpoint, by the word that consents."""
        lost = [
            [name for clone in clones for name in (clone.name, *clone.snapshots)]
            for clones in (self.copies, self.clones)
        ]
        losses = zip(DROP_LOSSES, (*lost, list(self.bases)), strict=True)
        return {word: names for word, names in losses if names}

    def check(self, lose: Iterable[str]) -> None:
        """Refuse to go on while a loss lacks consent: see :func:`check_consent`.

        Args:
            lose: Words of :data:`DROP_LOSSES`.
        """
        refused = f"drop checkpoint '{self.checkpoint}'"
        check_consent(refused, self.losses, lose, DROP_LOSSES)

    def __str__(self) -> str:
        return "\n".join(self.lines(would="would "))

    def lines(self, *, would: str = "") -> list[str]:
        """Return a line for each thing that is destroyed.

        Args:
            would: Stands before each verb: ``"would "`` where nothing is done.
        """
        lines = []
        for kind, clones in (("copy kept aside", self.copies), ("clone", self.clones)):
            for clone in clones:
                lines.append(f"{would}destroy {clone.name}  ({kind})")
                lines += [f"{would}destroy {snapshot}" for snapshot in clone.snapshots]
        for folder in self.folders:
            lines.append(f"{would}destroy {folder}  (the folder of the copies, then empty)")
        lines += [f"{would}destroy {snapshot}" for snapshot in self.snapshots]
        lost = f"{would}lose the base of the next stream to"
        return [*lines, *(f"{lost} {base}" for base in self.bases)]

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "checkpoint": self.checkpoint,
            "snapshots": list(self.snapshots),
            "copies": [clone.name for clone in self.copies],
            "clones": [clone.name for clone in self.clones],
            "folders": list(self.folders),
            "bases": list(self.bases),
            "losses": self.losses,
        }


def make_drop(
    checkpoint: str,
    snapshots: Sequence[Snapshot],
    *,
    datasets: Mapping[str, Dataset],
    own: Mapping[str, Sequence[Snapshot]],
    mounted: Mapping[str, str],
    bases: Iterable[str] = (),
) -> DropPlan:
    """Plan how a checkpoint is destroyed.

    Args:
        checkpoint: Its name.
        snapshots: Its snapshots that are to be destroyed, with their properties.
        datasets: All datasets of the pool, by name.
        own: The snapshots, with their properties, of each clone of the checkpoint and of
            each dataset where copies are kept.
        mounted: Name of each mounted dataset, with its mountpoint.
        bases: Those whose next stream may lose its base.

    Raises:
        PlanError: Something that would have to go cannot: a held snapshot, a clone that
            has clones or datasets of its own, or the clone that the system runs from.
    """
    clones: list[Clone] = []
    for snapshot in snapshots:
        _refuse_held(checkpoint, snapshot)
        for name in clones_of(snapshot):
            if mounted.get(name) == "/":
                raise _refused(checkpoint, f"this system runs from '{name}', a clone of it")
            for victim in own.get(name, ()):
                _refuse_held(checkpoint, victim)
                if victim.clones:
                    raise _refused(checkpoint, f"clones hang on '{victim.name}' in turn")
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
        bases=tuple(bases),
    )


def _folders(
    checkpoint: str,
    datasets: Mapping[str, Dataset],
    own: Mapping[str, Sequence[Snapshot]],
    mounted: Mapping[str, str],
    gone: Container[str],
) -> tuple[str, ...]:
    """List the datasets that rollbacks made to hold copies, and that hold none any more.

    A rollback marks each dataset that it makes. Such a dataset is destroyed only while it
    has neither snapshots nor a mountpoint.
    """
    folders: list[str] = []
    for name in sorted(datasets, key=lambda name: -name.count("/")):
        dataset = datasets[name]
        below = [child for child in datasets if parent_of(child) == name]
        if (
            _holds_copies(name, checkpoint)
            and name not in gone
            and dataset.local(CHECKPOINT_PROPERTY) == FOLDER
            and dataset.value("mountpoint") == "none"
            and dataset.value("origin") in (None, "", "-")
            and name not in mounted
            and not own.get(name)
            and all(child in gone or child in folders for child in below)
        ):
            folders.append(name)
    return tuple(folders)


def _holds_copies(dataset: str, checkpoint: str) -> bool:
    """Tell by its name whether a rollback to a checkpoint made a dataset for its copies."""
    top, _, rest = f"{dataset}/".removeprefix(f"{pool_of(dataset)}/").partition("/")
    if top != ESCAPES:
        return False
    name, _, stamp = rest.partition("/")[0].rpartition("-")
    return not rest or (name == checkpoint and _STAMP.fullmatch(stamp) is not None)


def _refuse_held(checkpoint: str, snapshot: Snapshot) -> None:
    if is_held(snapshot):
        raise _refused(
            checkpoint,
            f"'{snapshot.name}' is held: see `zfs holds {for_shell(snapshot.name)}`",
        )


def _refused(checkpoint: str, reason: str) -> PlanError:
    return PlanError(f"cannot drop checkpoint '{checkpoint}': {reason}")

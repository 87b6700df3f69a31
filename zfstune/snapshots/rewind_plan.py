"""Plan how datasets go back to a checkpoint or a snapshot, and name the losses.

ZFS rolls a dataset back to its newest snapshot alone, so everything that came after the
snapshot goes first: snapshots, bookmarks, and the clones that hang on those
snapshots. None of it goes without the caller's consent to that loss. Files written
since are copied aside before, into a clone of that snapshot (see
:mod:`zfstune.snapshots.keep_aside`).
"""

from __future__ import annotations

from contextlib import suppress

from zfstune.snapshots.consent import check_consent
from zfstune.snapshots.lost_bases import BASES
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import CHECKPOINT_PREFIX, CHECKPOINT_PROPERTY
from zfstune.values.names import ancestors_of, pool_of
from zfstune.values.text import for_shell
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence

    from zfstune.values.state import Dataset, RunningFile, Snapshot

__all__ = [
    "ESCAPE",
    "ESCAPES",
    "FOLDER",
    "LOSSES",
    "Clone",
    "Rewind",
    "RewindPlan",
    "clones_of",
    "datasets_of",
    "has_changed",
    "is_copy",
    "is_escape",
    "is_held",
    "left_behind",
    "make_rewind",
    "snapshot_name",
]

# The value of CHECKPOINT_PROPERTY on the snapshots that a rollback itself takes;
# elsewhere it is the number of datasets that the checkpoint is of.
ESCAPE = "escape"
# Its value on the datasets that a rollback makes to hold its copies.
FOLDER = "folder"
# The dataset below the pool that holds the copies of rollbacks.
ESCAPES = "zfstune-escape"
# The words that consent to a loss by a rollback.
LOSSES = ("snapshots", "clones", "script", BASES)


def snapshot_name(checkpoint: str) -> str:
    """Return the name that the snapshots of a checkpoint have behind the ``@``."""
    return CHECKPOINT_PREFIX + checkpoint


def datasets_of(snapshots: Iterable[Snapshot]) -> int:
    """Return the number of datasets that a checkpoint was taken of; 0: nobody can tell.

    Each of its snapshots notes the number, but a user who may set properties can have
    written something else there.
    """
    most = 0
    for snapshot in snapshots:
        with suppress(NumberError):
            most = max(most, read_whole(snapshot.local(CHECKPOINT_PROPERTY) or ""))
    return most


def is_copy(dataset: str) -> bool:
    """Tell whether a dataset lies below the dataset for copies of rollbacks."""
    return dataset.startswith(f"{pool_of(dataset)}/{ESCAPES}/")


def is_escape(snapshot: Snapshot) -> bool:
    """Tell whether a rollback took a snapshot; a rollback that was killed leaves it."""
    return snapshot.local(CHECKPOINT_PROPERTY) == ESCAPE


@frozen
class Clone:
    """A clone of a snapshot that is to be destroyed, with its own snapshots."""

    name: str
    snapshots: tuple[str, ...] = ()


@frozen
class Rewind:
    """The way back of one dataset.

    Attributes:
        dataset: Its name.
        snapshot: The snapshot that it goes back to.
        newer: Snapshots that are destroyed for that, the newest first.
        bookmarks: Bookmarks that are destroyed.
        clones: Clones of `newer`, which are destroyed before those.
        path: The place where it is mounted; empty: it is not mounted.
        bases: Those whose next stream loses its base.
    """

    dataset: str
    snapshot: str
    newer: tuple[str, ...] = ()
    bookmarks: tuple[str, ...] = ()
    clones: tuple[Clone, ...] = ()
    path: str = ""
    bases: tuple[str, ...] = ()


@frozen
class RewindPlan:
    """The plan of a rollback.

    Attributes:
        name: The name of a checkpoint, or the full name of a snapshot.
        rewinds: One for each dataset, parents first.
        running: Files that this process and those above it would lose.
        escape: The dataset below which lost files are copied first; empty: they are not.
        cautions: Consequences that no flag can change, a sentence each.
        left: Datasets that stay as they are, for they do not have the checkpoint or a
            snapshot of that name.
        missing: The number of the checkpoint's datasets that have lost it or are gone.
    """

    name: str
    rewinds: tuple[Rewind, ...]
    running: tuple[RunningFile, ...] = ()
    escape: str = ""
    cautions: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    missing: int = 0

    @property
    def label(self) -> str:
        """The name without a dataset, which the names of copies kept aside begin with."""
        return self.name.rpartition("@")[2]

    @property
    def losses(self) -> dict[str, list[str]]:
        """Names of the losses, by the word that consents to each."""
        losses: dict[str, list[str]] = {}
        for rewind in self.rewinds:
            for name in (*rewind.newer, *rewind.bookmarks):
                losses.setdefault("snapshots", []).append(name)
            for clone in rewind.clones:
                losses.setdefault("clones", []).append(clone.name)
            if rewind.bases:
                losses.setdefault(BASES, []).extend(rewind.bases)
        for file in self.running:
            text = f"{file.path} (process {file.pid}, {file.program})"
            losses.setdefault("script", []).append(text)
        return losses

    def check(self, lose: Iterable[str]) -> None:
        """Refuse to go on while a loss lacks consent: see :func:`check_consent`.

        Args:
            lose: Words of :data:`LOSSES`.
        """
        refused = f"roll back to '{self.name}'"
        check_consent(refused, self.losses, lose, LOSSES)

    def __str__(self) -> str:
        return "\n".join(self.lines(would="would "))

    def lines(self, *, would: str = "") -> list[str]:
        """Return a line for each dataset, and below it all that is lost.

        Args:
            would: Stands before each verb: ``"would "`` where nothing is done.
        """
        lines = []
        for rewind in self.rewinds:
            where = f", mounted at {rewind.path}" if rewind.path else ""
            lines.append(f"{would}roll back to {rewind.snapshot}{where}")
            clones = (clone.name for clone in rewind.clones)
            lost = (*rewind.newer, *rewind.bookmarks, *clones)
            lines += [f"  {would}destroy {name}" for name in lost]
            lines += [
                f"  {would}lose the base of the next stream to {base}"
                for base in rewind.bases
            ]
        for file in self.running:
            holder = f"process {file.pid} ({file.program})"
            lines.append(f"  {would}lose {file.path}, which {holder} has open")
        return lines

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "checkpoint": None if "@" in self.name else self.name,
            "snapshot": self.name if "@" in self.name else None,
            "datasets": [
                {
                    "name": rewind.dataset,
                    "snapshot": rewind.snapshot,
                    "newer": list(rewind.newer),
                    "bookmarks": list(rewind.bookmarks),
                    "clones": [clone.name for clone in rewind.clones],
                    "bases": list(rewind.bases),
                    "mounted": rewind.path or None,
                }
                for rewind in self.rewinds
            ],
            "losses": self.losses,
            "escape": self.escape or None,
            "cautions": list(self.cautions),
            "left": list(self.left),
            "missing": self.missing,
        }


def make_rewind(
    snapshot: Snapshot,
    snapshots: Sequence[Snapshot],
    *,
    bookmarks: Mapping[str, int],
    bases: tuple[str, ...] = (),
    parents: Container[str],
    below: Mapping[str, Sequence[Snapshot]],
    path: str,
) -> Rewind:
    """Plan the way back of one dataset.

    Args:
        snapshot: The snapshot that the dataset goes back to.
        snapshots: All snapshots of the dataset, with their properties.
        bookmarks: Full name of each bookmark of the dataset, with its createtxg.
        bases: Those whose next stream loses its base.
        parents: Names of the datasets that have others below them.
        below: Name of each clone, with its own snapshots and their properties.
        path: The place where the dataset is mounted; empty: it is not mounted.

    Raises:
        PlanError: Something that would have to go cannot: a held snapshot, a clone that
            has clones or datasets of its own.
    """
    newer = [s for s in snapshots if s.createtxg > snapshot.createtxg]
    newer.sort(key=lambda s: s.createtxg, reverse=True)
    clones: list[Clone] = []
    for victim in newer:
        _refuse_held(victim, snapshot)
        for name in clones_of(victim):
            if name in parents:
                hint = ""
                if is_copy(name):
                    kept = for_shell(name.split("/")[2])
                    hint = f"zfstune checkpoints --drop-copies {kept}"
                reason = f"'{name}', a clone of '{victim.name}', has datasets below it"
                raise _refused(snapshot, reason, hint)
            for own in below.get(name, ()):
                _refuse_held(own, snapshot)
                if own.clones:
                    raise _refused(snapshot, f"clones hang on '{own.name}' in turn")
            clones.append(Clone(name, tuple(s.name for s in below.get(name, ()))))
    return Rewind(
        dataset=snapshot.dataset,
        snapshot=snapshot.name,
        newer=tuple(s.name for s in newer if not is_escape(s)),
        bookmarks=tuple(n for n, txg in bookmarks.items() if txg > snapshot.createtxg),
        clones=tuple(clones),
        path=path,
        bases=bases,
    )


def left_behind(
    checkpoint: Collection[Snapshot],
    asked: Container[str],
    datasets: Iterable[Dataset],
    named: Collection[str],
) -> tuple[str, ...]:
    """Name the datasets that a rollback leaves, for they do not have the checkpoint.

    A checkpoint notes the number of its datasets, and not their names. While all of
    them have it, a dataset is left only if it was named and the checkpoint is neither
    on it nor below it. Once some have lost it, a dataset that was there already may be
    one of those.

    Args:
        checkpoint: All of its snapshots in the pool.
        asked: Names of the datasets that the rollback is for.
        datasets: The datasets from which the result is chosen.
        named: Names of the datasets that the caller named.
    """
    having = {snapshot.dataset for snapshot in checkpoint}
    begun = min(snapshot.createtxg for snapshot in checkpoint)
    incomplete = datasets_of(checkpoint) > len(having)
    left = []
    for dataset in datasets:
        name = dataset.name
        if name in having:
            continue
        meant = name in asked or not having.isdisjoint(ancestors_of(name))
        lost = incomplete and meant and dataset.createtxg <= begun
        if lost or (
            name in named and not any(holder.startswith(f"{name}/") for holder in having)
        ):
            left.append(name)
    return tuple(left)


def has_changed(rewind: Rewind, snapshots: Sequence[Snapshot]) -> bool:
    """Tell whether a dataset may hold something that the snapshot does not.

    Args:
        rewind: The way back of the dataset.
        snapshots: All snapshots of the dataset, with their properties. The newest was
            taken just now, so that everything written before is on disk and counted.
            Each counts what was written since the one before it; a deletion writes, too.
    """
    since = next((s.createtxg for s in snapshots if s.name == rewind.snapshot), 0)
    written = [s.value("written") for s in snapshots if s.createtxg > since]
    return not written or set(written) != {"0"}


def clones_of(snapshot: Snapshot) -> list[str]:
    """Return the names of a snapshot's clones; it was read with its properties."""
    return [name for name in (snapshot.value("clones") or "").split(",") if name]


def is_held(snapshot: Snapshot) -> bool:
    """Tell whether somebody holds a snapshot; it was read with its properties."""
    return snapshot.value("userrefs") not in (None, "0")


def _refuse_held(victim: Snapshot, snapshot: Snapshot) -> None:
    if is_held(victim):
        raise _refused(
            snapshot, f"'{victim.name}' is held: see `zfs holds {for_shell(victim.name)}`"
        )


def _refused(snapshot: Snapshot, reason: str, hint: str = "") -> PlanError:
    return PlanError(f"cannot roll back '{snapshot.dataset}': {reason}", hint=hint)

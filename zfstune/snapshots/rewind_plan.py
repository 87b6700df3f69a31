"""What it takes to bring datasets back to a checkpoint, and what would be lost.

ZFS rolls a dataset back to its newest snapshot alone, so all that came after the
checkpoint goes first: snapshots, bookmarks, and the clones that hang on those
snapshots. None of it goes unless the caller named that loss; what was written since
is copied aside before, as a clone of the checkpoint (see
:mod:`zfstune.snapshots.keep_aside`).
"""

from __future__ import annotations

from contextlib import suppress

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.names import ancestors_of
from zfstune.values.text import for_shell, shown
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
    "check_consent",
    "clones_of",
    "datasets_of",
    "has_changed",
    "is_escape",
    "is_held",
    "left_behind",
    "make_rewind",
    "snapshot_name",
    "without_consent",
]

# The value of CHECKPOINT_PROPERTY on the snapshots that a rollback itself takes;
# elsewhere it is the number of datasets that the checkpoint is of.
ESCAPE = "escape"
# Its value on the datasets that a rollback makes to hold its copies.
FOLDER = "folder"
# Below the pool: what a rollback copied aside.
ESCAPES = "zfstune-escape"
# What a rollback may lose, by the word that consents to it.
LOSSES = ("snapshots", "clones", "script")


def snapshot_name(checkpoint: str) -> str:
    """Name the snapshots of a checkpoint, what stands behind the ``@``."""
    return f"checkpoint-{checkpoint}"


def datasets_of(snapshots: Iterable[Snapshot]) -> int:
    """Give of how many datasets a checkpoint was; 0 where no snapshot says it readably.

    Whoever may set properties may have written something else there.
    """
    most = 0
    for snapshot in snapshots:
        with suppress(NumberError):
            most = max(most, read_whole(snapshot.local(CHECKPOINT_PROPERTY) or ""))
    return most


def is_escape(snapshot: Snapshot) -> bool:
    """Tell whether a rollback took a snapshot: one that ends midway leaves it behind."""
    return snapshot.local(CHECKPOINT_PROPERTY) == ESCAPE


def check_consent(
    refused: str,
    losses: Mapping[str, Sequence[str]],
    lose: Iterable[str],
    known: Iterable[str],
) -> None:
    """Refuse what would be lost without consent.

    Args:
        refused: What is refused then, as in "drop checkpoint 'x'".
        losses: What would be lost, by the word that consents to it.
        lose: The words that the caller gave.
        known: All the words that there are.

    Raises:
        PlanError: It names each loss, and the flags that consent.
    """
    words = set(lose)
    unknown = words.difference(known)
    if unknown:
        raise PlanError(
            f"cannot consent to lose '{shown(min(unknown))}'",
            hint=f"there are: {', '.join(known)}",
        )
    missing = without_consent(losses, words)
    if missing:
        told = "; ".join(f"{word}: {', '.join(names)}" for word, names in missing.items())
        flags = " ".join(f"--lose {word}" for word in missing)
        raise PlanError(
            f"cannot {refused}: this would be lost: {told}",
            hint=f"what is meant so takes {flags}; -n shows all that goes",
        )


def without_consent(
    losses: Mapping[str, Sequence[str]], lose: Iterable[str]
) -> dict[str, Sequence[str]]:
    """Return the losses that the caller's words do not consent to."""
    words = set(lose)
    return {word: names for word, names in losses.items() if word not in words}


@frozen
class Clone:
    """A clone of a snapshot that is to go, with the snapshots that it has itself."""

    name: str
    snapshots: tuple[str, ...] = ()


@frozen
class Rewind:
    """What is to become of one dataset.

    Attributes:
        dataset: Its name.
        snapshot: The snapshot that it goes back to.
        newer: Snapshots that go, the newest first.
        bookmarks: Bookmarks that go.
        clones: Datasets that go, for they hang on what goes.
        path: Where it is mounted, else empty.
    """

    dataset: str
    snapshot: str
    newer: tuple[str, ...] = ()
    bookmarks: tuple[str, ...] = ()
    clones: tuple[Clone, ...] = ()
    path: str = ""


@frozen
class RewindPlan:
    """What a rollback is to do.

    Attributes:
        checkpoint: Its name.
        rewinds: One a dataset, parents first.
        running: What the programs that this runs under would lose.
        escape: The dataset below which everything is copied aside; empty: it is not.
        cautions: What no flag can change.
        left: Datasets that stay as they are, for they do not have the checkpoint.
        missing: How many datasets of the checkpoint have lost it or are gone.
    """

    checkpoint: str
    rewinds: tuple[Rewind, ...]
    running: tuple[RunningFile, ...] = ()
    escape: str = ""
    cautions: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    missing: int = 0

    @property
    def losses(self) -> dict[str, list[str]]:
        """What would be lost, by the word that consents to it."""
        found: dict[str, list[str]] = {}
        for one in self.rewinds:
            for name in (*one.newer, *one.bookmarks):
                found.setdefault("snapshots", []).append(name)
            for clone in one.clones:
                found.setdefault("clones", []).append(clone.name)
        for file in self.running:
            text = f"{file.path} (process {file.pid}, {file.program})"
            found.setdefault("script", []).append(text)
        return found

    def check(self, lose: Iterable[str]) -> None:
        """Refuse what would be lost without consent.

        Args:
            lose: Words of :data:`LOSSES`.

        Raises:
            PlanError: It names each loss, and the flags that consent.
        """
        refused = f"roll back to '{self.checkpoint}'"
        check_consent(refused, self.losses, lose, LOSSES)

    def to_dict(self) -> dict[str, object]:
        """Give the plan as JSON takes it."""
        return {
            "checkpoint": self.checkpoint,
            "datasets": [
                {
                    "name": one.dataset,
                    "snapshot": one.snapshot,
                    "newer": list(one.newer),
                    "bookmarks": list(one.bookmarks),
                    "clones": [clone.name for clone in one.clones],
                    "mounted": one.path or None,
                }
                for one in self.rewinds
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
    parents: Container[str],
    below: Mapping[str, Sequence[Snapshot]],
    path: str,
) -> Rewind:
    """Plan the way back of one dataset.

    Args:
        snapshot: Where it goes back to.
        snapshots: Those of the dataset, with their properties.
        bookmarks: Those of the dataset: full name to createtxg.
        parents: The datasets that have others below them.
        below: Clone to its own snapshots, with their properties.
        path: Where the dataset is mounted, else empty.

    Raises:
        PlanError: Something holds what would have to go.
    """
    newer = [s for s in snapshots if s.createtxg > snapshot.createtxg]
    newer.sort(key=lambda s: s.createtxg, reverse=True)
    gone: list[Clone] = []
    for each in newer:
        _refuse_held(each, snapshot)
        for name in clones_of(each):
            if name in parents:
                hint = ""
                if name.startswith(f"{name.partition('/')[0]}/{ESCAPES}/"):
                    other = for_shell(each.short_name.removeprefix(snapshot_name("")))
                    hint = f"`zfstune checkpoint drop {other}` destroys such copies"
                reason = f"'{name}', a clone of '{each.name}', has datasets below it"
                raise _refused(snapshot, reason, hint)
            for own in below.get(name, ()):
                _refuse_held(own, snapshot)
                if own.clones:
                    raise _refused(snapshot, f"clones hang on '{own.name}' in turn")
            gone.append(Clone(name, tuple(s.name for s in below.get(name, ()))))
    return Rewind(
        dataset=snapshot.dataset,
        snapshot=snapshot.name,
        newer=tuple(s.name for s in newer if not is_escape(s)),
        bookmarks=tuple(n for n, txg in bookmarks.items() if txg > snapshot.createtxg),
        clones=tuple(gone),
        path=path,
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
        datasets: Datasets that are there; those to name are chosen from these.
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
    """Tell whether a dataset may hold something that its checkpoint has not.

    Args:
        rewind: Of the dataset.
        snapshots: Those of the dataset, with their properties, the newest of them taken
            just now: what was written before it is on disk then, and so is counted.
    """
    at = next((s.createtxg for s in snapshots if s.name == rewind.snapshot), 0)
    written = [s.value("written") for s in snapshots if s.createtxg > at]
    return bool(rewind.newer) or not written or set(written) != {"0"}


def clones_of(snapshot: Snapshot) -> list[str]:
    """Give the clones of a snapshot that was read with its properties."""
    return [name for name in (snapshot.value("clones") or "").split(",") if name]


def is_held(snapshot: Snapshot) -> bool:
    """Tell whether somebody holds a snapshot that was read with its properties."""
    return snapshot.value("userrefs") not in (None, "0")


def _refuse_held(each: Snapshot, snapshot: Snapshot) -> None:
    if is_held(each):
        raise _refused(snapshot, f"'{each.name}' is held: see `zfs holds`")


def _refused(snapshot: Snapshot, reason: str, hint: str = "") -> PlanError:
    return PlanError(f"cannot roll back '{snapshot.dataset}': {reason}", hint=hint)

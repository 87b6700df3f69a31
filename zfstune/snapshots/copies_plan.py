"""The copies that rollbacks kept aside, and the plan of destroying some of them.

Each rollback that had something to lose made a dataset below ``POOL/zfstune-escape``,
named by the checkpoint or snapshot and the time, and below it a clone for each dataset
that changed. The clones keep their snapshots from being destroyed.
"""

from __future__ import annotations

import re

from zfstune.snapshots.rewind_plan import ESCAPES, FOLDER, Clone, is_copy, is_held
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.names import pool_of
from zfstune.values.text import did_you_mean, for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from zfstune.values.state import Dataset, Snapshot

__all__ = ["CopiesPlan", "KeptCopies", "find_kept_copies", "make_copies_plan"]

_STAMPED = re.compile(r".+-(\d{8}T\d{6}Z)")
_DEPTH = 2  # slashes in POOL/zfstune-escape/NAME


@frozen
class KeptCopies:
    """The copies that one rollback kept aside.

    Attributes:
        dataset: The dataset that holds them all.
        copies: Names of the clones.
        origins: The snapshot that each is a clone of, in the same order.
        used_bytes: The space that destroying them would free.
    """

    dataset: str
    copies: tuple[str, ...]
    origins: tuple[str, ...]
    used_bytes: int

    @property
    def name(self) -> str:
        """The name by which they are dropped, as in ``before-upgrade-STAMP``."""
        return self.dataset.rpartition("/")[2]

    def to_dict(self) -> dict[str, object]:
        """Return the copies in JSON's types."""
        return {
            "name": self.name,
            "dataset": self.dataset,
            "copies": list(self.copies),
            "origins": list(self.origins),
            "used_bytes": self.used_bytes,
        }


@frozen
class CopiesPlan:
    """The plan of destroying copies that rollbacks kept aside.

    Attributes:
        kept: The copies of each rollback that go.
        clones: The clones among them, each with its own snapshots.
        folders: The datasets that held them, and hold nothing else.
    """

    kept: tuple[KeptCopies, ...]
    clones: tuple[Clone, ...]
    folders: tuple[str, ...]

    @property
    def ordered(self) -> tuple[str, ...]:
        """Names of the datasets to destroy, each before its parent."""
        names = [*(clone.name for clone in self.clones), *self.folders]
        return tuple(sorted(names, key=lambda name: (-name.count("/"), name)))

    def __str__(self) -> str:
        return "\n".join(self.lines(would="would "))

    def lines(self, *, would: str = "") -> list[str]:
        """Return a line for each thing that is destroyed, in that order.

        Args:
            would: Stands before each verb: ``"would "`` where nothing is done.
        """
        snapshots = {clone.name: clone.snapshots for clone in self.clones}
        return [
            f"{would}destroy {victim}"
            for name in self.ordered
            for victim in (*snapshots.get(name, ()), name)
        ]

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "kept": [kept.to_dict() for kept in self.kept],
            "datasets": list(self.ordered),
            "snapshots": [name for clone in self.clones for name in clone.snapshots],
        }


def find_kept_copies(datasets: Mapping[str, Dataset]) -> tuple[KeptCopies, ...]:
    """Find the copies that rollbacks kept aside, by the datasets that these made.

    Args:
        datasets: All datasets of a pool, by name.
    """
    found = []
    for name, dataset in datasets.items():
        if not (is_copy(name) and name.count("/") == _DEPTH and _is_folder(dataset)):
            continue
        if _STAMPED.fullmatch(name.rpartition("/")[2]) is None:
            continue
        clones = {
            below: origin
            for below, each in datasets.items()
            if below.startswith(f"{name}/") and (origin := _origin(each))
        }
        used = int(dataset.value("used") or 0)
        found.append(KeptCopies(name, tuple(clones), tuple(clones.values()), used))
    return tuple(found)


def make_copies_plan(
    names: Sequence[str],
    *,
    datasets: Mapping[str, Dataset],
    own: Mapping[str, Sequence[Snapshot]],
    mounted: Mapping[str, str],
) -> CopiesPlan:
    """Plan how the copies of some rollbacks are destroyed.

    Args:
        names: The name of each, or the full name of its dataset.
        datasets: All datasets of the pool, by name.
        own: The snapshots, with their properties, of each dataset below the copies.
        mounted: Name of each mounted dataset, with its mountpoint.

    Raises:
        NotFound: No rollback kept copies by that name.
        PlanError: Something that would have to go cannot: a held snapshot, a clone that
            has clones, a dataset that no rollback made, or the system's own.
    """
    known = {kept.name: kept for kept in find_kept_copies(datasets)}
    chosen = {_known(name, known).name: _known(name, known) for name in names}
    clones: list[Clone] = []
    folders: list[str] = []
    for kept in chosen.values():
        below = [n for n in datasets if f"{n}/".startswith(f"{kept.dataset}/")]
        for name in below:
            clone = _checked(kept, datasets[name], own.get(name, ()), mounted)
            if clone is None:
                folders.append(name)
            else:
                clones.append(clone)
    gone = {*folders, *(clone.name for clone in clones)}
    for pool in {pool_of(kept.dataset) for kept in chosen.values()}:
        top = f"{pool}/{ESCAPES}"
        others = [n for n in datasets if n.startswith(f"{top}/") and n not in gone]
        if not others and _is_empty_folder(datasets.get(top), own, mounted):
            folders.append(top)
    return CopiesPlan(tuple(chosen.values()), tuple(clones), tuple(folders))


def _known(name: str, known: Mapping[str, KeptCopies]) -> KeptCopies:
    for kept in known.values():
        if name in (kept.name, kept.dataset):
            return kept
    raise NotFound(
        operation="find copies",
        target=shown(name),
        reason="no rollback kept copies by that name",
        hint=did_you_mean(name, known, "`zfstune checkpoints` lists them"),
    )


def _checked(
    kept: KeptCopies,
    dataset: Dataset,
    own: Iterable[Snapshot],
    mounted: Mapping[str, str],
) -> Clone | None:
    """Return a clone that may be destroyed, or nothing for a dataset that holds clones."""
    snapshots = tuple(own)
    name = dataset.name
    if mounted.get(name) == "/":
        raise _refused(kept, f"this system runs from '{name}'")
    for snapshot in snapshots:
        if is_held(snapshot):
            see = f"zfs holds {for_shell(snapshot.name)}"
            raise _refused(kept, f"'{snapshot.name}' is held", see)
        if snapshot.clones:
            raise _refused(kept, f"clones hang on '{snapshot.name}'")
    if _origin(dataset):
        return Clone(name, tuple(snapshot.name for snapshot in snapshots))
    if not _is_folder(dataset) or snapshots:
        raise _refused(
            kept,
            f"no rollback made '{name}', which lies among them",
            f"see zfstune list {for_shell(kept.dataset)}",
        )
    return None


def _is_empty_folder(
    dataset: Dataset | None, own: Mapping[str, Sequence[Snapshot]], mounted: Iterable[str]
) -> bool:
    return (
        dataset is not None
        and _is_folder(dataset)
        and not own.get(dataset.name)
        and dataset.name not in mounted
    )


def _is_folder(dataset: Dataset) -> bool:
    return dataset.local(CHECKPOINT_PROPERTY) == FOLDER


def _origin(dataset: Dataset) -> str:
    """Return the snapshot that a dataset is a clone of; empty: it is none."""
    origin = dataset.value("origin") or ""
    return "" if origin == "-" else origin


def _refused(kept: KeptCopies, reason: str, hint: str = "") -> PlanError:
    return PlanError(f"cannot drop copies '{kept.name}': {reason}", hint=hint)

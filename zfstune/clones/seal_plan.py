"""Plan how a dataset becomes a golden image."""

from __future__ import annotations

from zfstune.clones.seal import SHORT_NAME, Seal, is_sealed, read_seal
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.names import check_snapshot
from zfstune.values.size import format_size
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from zfstune.values.state import Dataset, Snapshot

__all__ = ["DiskSource", "SealPlan", "plan_import", "plan_seal"]


@frozen
class DiskSource:
    """A disk in a file that becomes a volume.

    Attributes:
        path: The file.
        format: ``raw`` or ``qcow2``.
        size_bytes: Size of the disk.
        block_bytes: Block size of the volume.
    """

    path: str
    format: str
    size_bytes: int
    block_bytes: int

    @property
    def volume_bytes(self) -> int:
        """Size of the volume: that of the disk, in whole blocks."""
        return -(-self.size_bytes // self.block_bytes) * self.block_bytes


@frozen
class SealPlan:
    """The steps by which a dataset becomes a golden image, in this order.

    Attributes:
        name: The dataset.
        snapshot: The snapshot to seal.
        disk: The disk that is written to a new volume; its snapshot comes with it.
        readonly: Set ``readonly=on``.
        take: Take the snapshot.
        hold: Hold the snapshot.
        mark: Mark the dataset as an image, or as one that is not retired any more.
        cautions: What is not as the caller may expect.
    """

    name: str
    snapshot: str
    disk: DiskSource | None = None
    readonly: bool = False
    take: bool = False
    hold: bool = False
    mark: bool = False
    cautions: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps in words."""
        return tuple(self.named_steps.values())

    @property
    def named_steps(self) -> dict[str, str]:
        """The steps in words, by the names of the attributes that ask for them."""
        steps = {}
        if self.disk is not None:
            disk = self.disk
            size, block = format_size(disk.volume_bytes), format_size(disk.block_bytes)
            how = f"{size}, in blocks of {block}"
            what = f"{shown(disk.path)} ({disk.format})"
            steps["disk"] = f"write {what} to {self.name} ({how})"
        if self.readonly:
            steps["readonly"] = f"set readonly=on on {self.name}"
        if self.take:
            steps["take"] = f"take {self.snapshot}"
        if self.hold:
            steps["hold"] = f"hold {self.snapshot}"
        if self.mark:
            steps["mark"] = f"mark {self.name} as a golden image"
        return steps

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Say it for people."""
        done = () if self.steps else (f"{self.name} is a golden image already",)
        return [*self.steps, *done, *(f"caution: {text}" for text in self.cautions)]

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "image": self.name,
            "snapshot": self.snapshot,
            "steps": list(self.steps),
            "cautions": list(self.cautions),
        }


def plan_seal(
    dataset: Dataset,
    short_name: str,
    snapshots: Sequence[Snapshot],
    *,
    held: Container[str],
    writable: bool = False,
    system: bool = False,
    children: Sequence[str] = (),
) -> SealPlan:
    """Plan to seal a dataset that exists.

    Args:
        dataset: The dataset.
        short_name: Name of the snapshot to seal, as the caller gave it; empty: the one
            that is sealed already, or else one that is taken now.
        snapshots: Its snapshots, with their properties.
        held: Full names of those that zfstune holds.
        writable: Leave ``readonly`` as it is.
        system: This system runs from the dataset.
        children: Names of the datasets right below it.

    Raises:
        PlanError: Another snapshot of it is sealed, the one that was named is not there,
            or one that somebody else took has the name.
        InvalidName: The name of the snapshot would be too long.
    """
    wanted, found = _snapshot_to_seal(dataset, short_name, snapshots)
    check_snapshot(wanted)
    kept, why = system or bool(children), "this system runs from it"
    cautions = []
    if children:
        why = "what lies below it would become read-only with it"
        cautions.append(f"{', '.join(children)}: below it, and no part of the image")
    if kept and not writable:
        cautions.append(f"{dataset.name} stays writable: {why}")
    return SealPlan(
        name=dataset.name,
        snapshot=wanted,
        readonly=dataset.value("readonly") != "on" and not writable and not kept,
        take=found is None,
        hold=wanted not in held,
        mark=found is None or read_seal(dataset) != Seal(found.guid),
        cautions=tuple(cautions),
    )


def plan_import(name: str, disk: DiskSource) -> SealPlan:
    """Plan to make an image of a disk; no dataset has the name.

    Raises:
        InvalidName: The name of the snapshot would be too long.
    """
    snapshot = check_snapshot(f"{name}@{SHORT_NAME}")
    return SealPlan(name=name, snapshot=snapshot, disk=disk, hold=True)


def _snapshot_to_seal(
    dataset: Dataset, short_name: str, snapshots: Sequence[Snapshot]
) -> tuple[str, Snapshot | None]:
    """Return the full name of the snapshot to seal, and the snapshot if it is there."""
    name, seal = dataset.name, read_seal(dataset)
    sealed = next((s for s in snapshots if seal and s.guid == seal.guid), None)
    wanted = f"{name}@{short_name or (sealed.short_name if sealed else SHORT_NAME)}"
    found = next((s for s in snapshots if s.name == wanted), None)
    if sealed is not None and sealed is not found:
        raise PlanError(
            f"cannot seal '{wanted}': '{sealed.name}' is sealed",
            hint="make the new image of a copy: zfstune replicate "
            f"{for_shell(name)} {for_shell(f'{name}-2')}",
        )
    if found is None and short_name:
        raise PlanError(
            f"cannot seal '{wanted}': there is no such snapshot",
            hint=f"to seal the dataset as it is: zfstune golden create {for_shell(name)}",
        )
    if found is not None and found is not sealed and not short_name:
        _check_taken_here(found)
    return wanted, found


def _check_taken_here(found: Snapshot) -> None:
    """Refuse a snapshot that has the name by chance."""
    if not is_sealed(found):
        raise PlanError(
            f"cannot take '{found.name}': it exists, and zfstune did not take it",
            hint=f"to seal that very snapshot: zfstune golden create "
            f"{for_shell(found.name)}",
        )

"""Make a golden image: seal a dataset, or write a disk to a new volume and seal that.

A run that ends anywhere is completed by the next one: the mark comes last, and a volume
arrives as a whole, with its snapshot and its mark.
"""

from __future__ import annotations

import secrets
import time
from contextlib import nullcontext

from zfstune.clones.clone import read_there
from zfstune.clones.clone_plan import ENCRYPTION
from zfstune.clones.read_disk import open_disk
from zfstune.clones.seal import HOLD_TAG, SEALED, Seal, read_seal
from zfstune.clones.seal_plan import DiskSource, plan_import, plan_seal
from zfstune.clones.volume_stream import VolumeShape, volume_records
from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.engine.relay import relay
from zfstune.engine.stream_sum import StreamSum
from zfstune.snapshots.checkpoint import system_dataset
from zfstune.snapshots.rewind_plan import is_held
from zfstune.streams.meter import Meter
from zfstune.values.errors import InvalidValue, NotFound, PlanError
from zfstune.values.marks import GOLDEN_PROPERTY
from zfstune.values.names import check_dataset, check_snapshot, parent_of, pool_of
from zfstune.values.properties import check
from zfstune.values.property_rules import cannot_set
from zfstune.values.size import format_size
from zfstune.values.text import making_hint
from zfstune.values.volume import default_block_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from zfstune.clones.read_disk import Disk
    from zfstune.clones.seal_plan import SealPlan
    from zfstune.engine.protocol import Engine
    from zfstune.streams.progress import SendProgress
    from zfstune.values.state import Dataset

__all__ = ["create"]

_LEAST_BLOCK_BYTES = 16 << 10  # the default of OpenZFS since 2.2


def create(
    name: str,
    *,
    disk: str | None = None,
    disk_format: str | None = None,
    properties: Mapping[str, str] | None = None,
    writable: bool = False,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[SealPlan], None] | None = None,
    on_step: Callable[[str], object] = lambda _: None,
    on_progress: Callable[[SendProgress], object] | None = None,
) -> SealPlan:
    """Make a golden image, from which clones are stamped.

    The dataset becomes read-only, and its snapshot ``@golden`` is taken and held. An
    image that was retired is taken back.

    Args:
        name: The dataset; or one of its snapshots, which is sealed in place of a new
            one; or, with `disk`, the volume to make.
        disk: A file with a disk, raw or qcow2, or a block device. Blocks of zeros are
            not written, and the volume reserves no space.
        disk_format: ``raw`` or ``qcow2``; default: as the first bytes of the file say.
        properties: Property to value for the new volume.
        writable: Leave the dataset writable; its snapshot is read-only anyway. One that
            this system runs from is left writable unasked.
        dry_run: Change nothing.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.
        on_step: Called with each step in words, once it is done.
        on_progress: Called about once a second while a disk is written.

    Returns:
        The plan that was carried out.

    Raises:
        PlanError: Another snapshot is sealed already, or the name is taken.
        InvalidValue: The disk is damaged; nothing was made.
        NotSupported: zfstune does not read disks like this one; nothing was made.
        EngineError: ZFS refused. The next run goes on from there.
    """
    with using(engine) as zfs:
        ready_pool(zfs, pool_of(name), operation="make a golden image in")
        with nullcontext() if disk is None else open_disk(disk, disk_format) as opened:
            if disk is None or opened is None:
                _check_no_choices(name, properties, disk_format)
                plan = _plan_seal(zfs, name, writable=writable)
            else:
                plan = _plan_import(zfs, name, disk, opened, properties or {})
            if show is not None:
                show(plan)
            if not dry_run:
                if opened is not None and plan.disk is not None:
                    passed = _Passed(plan.disk, on_progress)
                    _import(zfs, plan, opened, properties or {}, passed)
                    on_step(plan.named_steps["disk"])
                _seal(zfs, plan, on_step)
            return plan


def _check_no_choices(
    name: str, properties: Mapping[str, str] | None, disk_format: str | None
) -> None:
    """Refuse what is chosen for a new volume where a dataset is sealed."""
    if properties or disk_format:
        reason = "only a new volume takes properties and a format"
        raise InvalidValue(f"cannot seal '{name}': {reason}")


def _plan_seal(engine: Engine, name: str, *, writable: bool = False) -> SealPlan:
    name, _, short_name = (check_snapshot(name) if "@" in name else name).partition("@")
    dataset = engine.dataset(check_dataset(name))
    listed = [snapshot.name for snapshot in engine.snapshots(name)]
    snapshots = engine.find_snapshots(listed, properties=True).values()
    return plan_seal(
        dataset,
        short_name,
        list(snapshots),
        held={s.name for s in snapshots if is_held(s) and HOLD_TAG in engine.holds(s.name)},
        writable=writable,
        system=system_dataset(engine.mounts()) == name,
        children=[ds.name for ds in engine.datasets(name) if parent_of(ds.name) == name],
    )


def _check_same_size(dataset: Dataset, disk: Disk) -> None:
    """Refuse a dataset that cannot have come from a disk; its content is not read."""
    size, block = (int(dataset.value(n) or 0) for n in ("volsize", "volblocksize"))
    if dataset.kind != "volume":
        reason = "it is a filesystem"
    elif block and size != -(-disk.size_bytes // block) * block:
        reason = (
            f"it is there, with {format_size(size)}, and the disk has "
            f"{format_size(disk.size_bytes)}"
        )
    else:
        return
    raise PlanError(
        f"cannot write a disk to '{dataset.name}': {reason}", hint="choose another name"
    )


def _plan_import(
    engine: Engine, name: str, path: str, disk: Disk, properties: Mapping[str, str]
) -> SealPlan:
    check_dataset(name, creating=True)
    there = read_there(engine, [name])
    if name in there:
        plan = _plan_seal(engine, name)
        if read_seal(there[name]) is None or plan.take:
            raise PlanError(
                f"cannot write a disk to '{name}': it exists, and is no image",
                hint="choose a name that is not there yet; `zfstune golden list` shows "
                "the images",
            )
        _check_same_size(there[name], disk)
        return plan
    parent = parent_of(name)
    if parent not in there:
        raise NotFound(
            operation="create",
            target=name,
            reason=f"its parent '{parent}' does not exist",
            hint=making_hint(parent or name),
        )
    for prop in properties:
        if prop in ENCRYPTION:
            raise cannot_set(prop, None, "the volume has the encryption of its parent")
        if prop == "volsize":
            raise cannot_set(prop, None, "the volume has the size of the disk")
    own = {n: text for n, text in properties.items() if n != "volblocksize"}
    check(own, kind="volume", creating=False, limits=engine.limits)
    vdevs = engine.pool(pool_of(name)).vdevs
    block = default_block_bytes(_LEAST_BLOCK_BYTES, vdevs)
    if "volblocksize" in properties:
        wanted = {"volblocksize": properties["volblocksize"], "volsize": "1G"}
        checked = check(wanted, kind="volume", creating=True, limits=engine.limits)
        block = int(checked["volblocksize"])
    return plan_import(name, DiskSource(path, disk.format, disk.size_bytes, block))


class _Passed:
    """Counts how far a disk was written, holes among it."""

    def __init__(
        self, source: DiskSource, on_progress: Callable[[SendProgress], object] | None
    ) -> None:
        self.source = source
        self._passed = Meter(source.size_bytes, 1, on_progress=on_progress).telling()
        self._reached = self._counted = 0

    def blocks(self, disk: Disk) -> Iterator[tuple[int, bytes]]:
        """Give the blocks of the disk, and note where each ends."""
        for offset, data in disk.blocks(self.source.block_bytes):
            self._reached = min(offset + len(data), self.source.size_bytes)
            yield offset, data

    def tell(self, _: int) -> None:
        """Tell how far it is; for the caller's thread."""
        reached = self._reached
        self._passed(reached - self._counted)
        self._counted = reached


def _import(
    engine: Engine,
    plan: SealPlan,
    disk: Disk,
    properties: Mapping[str, str],
    passed: _Passed,
) -> None:
    """Make the volume out of a stream of the disk's blocks: whole, or not at all."""
    shape = VolumeShape(
        size_bytes=passed.source.volume_bytes,
        block_bytes=passed.source.block_bytes,
        guid=secrets.randbits(63) | 1,
        created=int(time.time()),
        name=plan.snapshot,
    )
    # No scan of this machine finds disks and labels in it.
    values = {"readonly": "on", "volmode": "none", "snapdev": "hidden", **properties}
    values.pop("volblocksize", None)

    records = volume_records(shape, passed.blocks(disk), StreamSum())

    def send(fd: int) -> None:
        with open(fd, "wb", buffering=1 << 20, closefd=False) as pipe:
            pipe.writelines(records)

    def receive(fd: int) -> None:
        marked = {**values, GOLDEN_PROPERTY: Seal(shape.guid).text}
        engine.receive(plan.snapshot, fd, properties=marked)

    relay(send, receive, passed=passed.tell)


def _seal(engine: Engine, plan: SealPlan, on_step: Callable[[str], object]) -> None:
    steps = plan.named_steps
    if plan.readonly:
        engine.set(plan.name, {"readonly": "on"})
        if plan.name in engine.mounts():
            engine.remount(plan.name)
        on_step(steps["readonly"])
    if plan.take:
        engine.take_snapshots([plan.snapshot], properties={GOLDEN_PROPERTY: SEALED})
        on_step(steps["take"])
    if plan.hold:
        engine.hold([plan.snapshot], HOLD_TAG)
        on_step(steps["hold"])
    if plan.mark:
        seal = Seal(engine.snapshot(plan.snapshot).guid)
        engine.set(plan.name, {GOLDEN_PROPERTY: seal.text})
        on_step(steps["mark"])

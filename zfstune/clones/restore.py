"""Restore a golden image from an export: checked before, while and after it arrives."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from hashlib import sha256

from zfstune.clones.clone import read_there
from zfstune.clones.export_manifest import MANIFEST_FILE, STREAM_FILE, parse_manifest
from zfstune.clones.seal import HOLD_TAG, Seal, read_seal
from zfstune.engine.feed import feed
from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.host.files import read_plain
from zfstune.streams.arrival import decide_arrival
from zfstune.streams.digest import digest
from zfstune.streams.meter import Meter
from zfstune.values.errors import Damaged, NotFound, PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import GOLDEN_PROPERTY
from zfstune.values.names import check_dataset, parent_of, pool_of
from zfstune.values.properties import find, is_user
from zfstune.values.size import format_size
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import NoReturn

    from zfstune.clones.export_manifest import Manifest
    from zfstune.engine.protocol import Engine
    from zfstune.streams.arrival import Arrival
    from zfstune.streams.progress import SendProgress

__all__ = ["RestorePlan", "restore"]

_PART_BYTES = 1 << 20
_MOST_CHARACTERS = 1 << 20


@frozen
class RestorePlan:
    """The plan of restoring an image.

    Attributes:
        name: The dataset that the image becomes.
        manifest: What the export says of itself; its stream was read and fits.
        arrival: The properties of the dataset; None: it arrived in an earlier run.
        hold: The content is still to be checked, and the snapshot to be held.
    """

    name: str
    manifest: Manifest
    arrival: Arrival | None
    hold: bool

    @property
    def snapshot(self) -> str:
        """Full name of the sealed snapshot."""
        return f"{self.name}@{self.manifest.snapshot}"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Say it for people."""
        return [*self.steps.values()] or [f"{self.name} is this image already"]

    @property
    def steps(self) -> dict[str, str]:
        """The steps in words: ``receive``, ``compare`` and ``hold``, as far as needed."""
        steps = {}
        if self.arrival is not None:
            length = format_size(self.manifest.stream_bytes, exact=False)
            steps["receive"] = f"receive {self.snapshot} ({length})"
        if self.hold:
            steps["compare"] = f"compare its content with {self.manifest.digest}"
            steps["hold"] = f"hold {self.snapshot}"
        return steps

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "image": self.name,
            "snapshot": self.snapshot,
            "guid": str(self.manifest.guid),
            "digest": self.manifest.digest,
            "receive": self.arrival is not None,
            "hold": self.hold,
            "properties": dict(self.arrival.properties) if self.arrival else {},
        }


def restore(
    folder: str,
    name: str,
    *,
    properties: Mapping[str, str] | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[RestorePlan], None] | None = None,
    on_step: Callable[[str], object] = lambda _: None,
    on_progress: Callable[[SendProgress], object] | None = None,
) -> RestorePlan:
    """Restore an image from the folder that :func:`zfstune.golden.export` made.

    The stream is read in full before anything is made. What arrives is inert, like a
    replica (:mod:`zfstune.streams.arrival`); its content is read back and compared with
    the digest of the original. If it differs, the dataset is destroyed again, unless it
    was there before.

    Args:
        folder: The folder.
        name: The dataset to make. Its parent exists.
        properties: Property to value, instead of those that make it inert.
        dry_run: Stop once stream and manifest are checked.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.
        on_step: Called with each step in words, once it is done.
        on_progress: Called about once a second, with the bytes of all readings.

    Returns:
        The plan that was carried out.

    Raises:
        InvalidValue: The manifest is damaged; nothing was made.
        Damaged: The stream was cut or changed; nothing was made, or nothing is left.
        PlanError: The files cannot be read, or the name is taken.
        EngineError: ZFS refused the stream; nothing is left of it.
    """
    check_dataset(name, creating=True)
    with using(engine) as zfs, _opened(folder) as (manifest, fd):
        ready_pool(zfs, pool_of(name), operation="restore an image in")
        plan = _plan(zfs, name, manifest, properties or {})
        total = manifest.stream_bytes * (1 if plan.arrival is None or dry_run else 2)
        meter = Meter(total, 1, on_progress=on_progress)
        _check_stream(folder, manifest, fd, meter)
        if show is not None:
            show(plan)
        if not dry_run:
            _carry_out(zfs, plan, fd, on_step, meter)
        return plan


def _carry_out(
    engine: Engine,
    plan: RestorePlan,
    fd: int,
    on_step: Callable[[str], object],
    meter: Meter,
) -> None:
    """Make the image, and tell each step that was done."""
    steps = plan.steps
    if plan.arrival is not None:
        _receive(engine, plan, plan.arrival, fd, meter)
        on_step(steps["receive"])
        if engine.snapshot(plan.snapshot).guid != plan.manifest.guid:
            reason = "another snapshot has arrived than the manifest names"
            _take_away(engine, plan, reason, on_step)
    if not plan.hold:
        return
    found = _digest(engine, plan, meter)
    if found != plan.manifest.digest:
        reason = "its content is not that of the original"
        if plan.arrival is not None:
            _take_away(engine, plan, reason, on_step)
        # It was there before this run, and may be another image that the manifest names.
        raise Damaged(
            operation="restore",
            target=plan.name,
            reason=reason,
            hint="it was there before and stays; restore to another name",
        )
    on_step(steps["compare"])
    engine.hold([plan.snapshot], HOLD_TAG)
    on_step(steps["hold"])


@contextmanager
def _opened(folder: str) -> Iterator[tuple[Manifest, int]]:
    """Read the manifest, and open the stream during a block."""
    path = os.path.join(folder, MANIFEST_FILE)
    text = read_plain(path, _MOST_CHARACTERS)
    if text is None:
        raise PlanError(
            f"cannot restore '{shown(folder)}': it has no {MANIFEST_FILE}",
            hint="name a folder that `zfstune golden export` wrote",
        )
    manifest = parse_manifest(text, path)
    try:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(os.path.join(folder, STREAM_FILE), flags)
    except OSError as error:
        raise PlanError(
            f"cannot restore '{shown(folder)}': {STREAM_FILE}: {error.strerror}"
        ) from None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise PlanError(
                f"cannot restore '{shown(folder)}': {STREAM_FILE} is no plain file"
            )
        yield manifest, fd
    finally:
        os.close(fd)


def _plan(
    engine: Engine, name: str, manifest: Manifest, properties: Mapping[str, str]
) -> RestorePlan:
    there = read_there(engine, [name])
    if name in there:
        snapshot = f"{name}@{manifest.snapshot}"
        found = engine.find_snapshots([snapshot]).get(snapshot)
        seal = read_seal(there[name])
        if found is None or seal is None or {found.guid, seal.guid} != {manifest.guid}:
            raise PlanError(
                f"cannot restore to '{name}': it exists, and is not this image",
                hint="choose another name; to compare the two: zfstune golden list",
            )
        return RestorePlan(name, manifest, None, HOLD_TAG not in engine.holds(snapshot))
    parent = parent_of(name)
    if parent is None:
        raise NotFound(
            operation="restore to",
            target=name,
            reason=f"there is no pool '{name}'",
            hint="an image is restored to a dataset, such as tank/golden",
        )
    if parent not in there:
        raise NotFound(
            operation="restore to",
            target=name,
            reason=f"there is no '{parent}'",
            hint=f"make it first: zfs create -p {for_shell(parent)}",
        )
    arrival = decide_arrival(
        manifest.kind,
        new=True,
        sealed=manifest.raw,
        sent={n: text for n, text in manifest.properties.items() if is_user(n) or find(n)},
        chosen=properties,
        limits=engine.limits,
    )
    return RestorePlan(name, manifest, arrival, hold=True)


def _digest(engine: Engine, plan: RestorePlan, meter: Meter) -> str:
    """Return the digest of the content that has arrived."""
    raw = plan.manifest.raw
    size = engine.send_size(plan.snapshot, raw=raw, compressed=False)

    def passed(count: int) -> None:
        read(count)
        meter.tick()

    with meter.reading(size) as read:
        return digest(engine, plan.snapshot, raw=raw, on_bytes=passed).text


def _check_stream(folder: str, manifest: Manifest, fd: int, meter: Meter) -> None:
    """Read the whole stream, and refuse one that is not as the manifest says."""
    hashed, length = sha256(), 0
    passed = meter.telling()
    while piece := os.pread(fd, _PART_BYTES, length):
        hashed.update(piece)
        length += len(piece)
        passed(len(piece))
    if length != manifest.stream_bytes:
        reason = f"it has {length} bytes, and had {manifest.stream_bytes}"
    elif hashed.hexdigest() != manifest.stream_sha256:
        reason = "its SHA-256 is another one: it was changed"
    else:
        return
    path = os.path.join(folder, STREAM_FILE)
    raise Damaged(operation="restore from", target=path, reason=reason)


def _receive(
    engine: Engine, plan: RestorePlan, arrival: Arrival, fd: int, meter: Meter
) -> None:
    seal = Seal(plan.manifest.guid).text

    def receive(pipe: int) -> None:
        engine.receive(
            plan.snapshot,
            pipe,
            raw=plan.manifest.raw,
            properties={**arrival.properties, GOLDEN_PROPERTY: seal},
            received=arrival.received,
            excluded=arrival.excluded,
        )

    os.lseek(fd, 0, os.SEEK_SET)
    feed(fd, receive, meter.telling())


def _take_away(
    engine: Engine, plan: RestorePlan, reason: str, on_step: Callable[[str], object]
) -> NoReturn:
    """Destroy what has arrived, and nothing holds yet, and say why."""
    engine.destroy_snapshots([plan.snapshot])
    engine.destroy(plan.name)
    on_step(f"destroy {plan.name}: {reason}")
    raise Damaged(
        operation="restore",
        target=plan.name,
        reason=reason,
        hint="nothing is left of it; export the original anew",
    )

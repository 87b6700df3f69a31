"""Look a host over: read the facts, and judge them."""

from __future__ import annotations

import os
from time import time

from zfstune.engine.open import open_engine
from zfstune.health.diagnosis import diagnose
from zfstune.health.host_facts import HostFacts
from zfstune.health.host_rules import (
    CLOCK_KEEPERS,
    WANTED_PROGRAMS,
    ZED,
    other_parameters,
)
from zfstune.health.parameter_rules import PARAMETERS
from zfstune.host import zfs_installation as installed
from zfstune.retention.store import stored_policies, zone
from zfstune.values.errors import EngineError, PolicyError, ZfsUnavailable
from zfstune.values.frozen import replace
from zfstune.values.replication_marks import noted_places
from zfstune.values.text import shown
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.health.diagnosis import Diagnosis
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset, PoolInfo

__all__ = ["doctor"]

_DEVICE = "/dev/zfs"
# The properties that tell when something in a pool changed last, in seconds since 1970.
_TIMES = ("creation", "snapshots_changed")
_FAR_FUTURE = 253402300799  # the end of the year 9999, the last that can be shown


def doctor(engine: Engine | None = None, *, no_zfs: str = "") -> Diagnosis:
    """Find what this host's OpenZFS is known to suffer from, and what is missing beside it.

    Nothing is changed. Without ZFS, the rest is looked at, and ``Diagnosis.unseen`` says
    so.

    Args:
        engine: Default: the running kernel's ZFS.
        no_zfs: The reason why there is no engine, where the caller has tried.
    """
    if engine is not None:
        return diagnose(_with_zfs(engine, _host(image=bool(engine.file))))
    if not no_zfs:
        try:
            with open_engine() as kernel:
                return diagnose(_with_zfs(kernel, _host(image=False)))
        except ZfsUnavailable as error:
            no_zfs = error.message
    unseen = f"pools and datasets: {no_zfs}"
    return diagnose(replace(_host(image=False), unseen=(unseen,)))


def _host(*, image: bool) -> HostFacts:
    """Read what can be read without ZFS."""
    wanted = (*(row.name for row in PARAMETERS), *other_parameters())
    running = installed.running_among((ZED, *CLOCK_KEEPERS))
    library = installed.library_version()
    loaded = installed.module_version()
    return HostFacts(
        # libzpool, which reads an image, is built from the same source as libzfs.
        module=library if image else loaded,
        library=library,
        image=image,
        kernel=os.uname().release,
        parameters={} if image else installed.zfs_parameters(wanted),
        memory_bytes=installed.memory_bytes(),
        is_root=os.geteuid() == 0,
        device=_closed_device() if loaded and not image else "",
        programs=installed.find_programs(WANTED_PROGRAMS),
        services={}
        if running is None
        else {ZED: ZED in running, "clock": bool(running - {ZED})},
        swaps=installed.swaps(),
        has_zone_data=installed.has_zone_data(),
        now=int(time()),
    )


def _closed_device() -> str:
    """Return the reason why the device of ZFS cannot be opened; empty: it can."""
    try:
        os.close(os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _with_zfs(engine: Engine, host: HostFacts) -> HostFacts:
    """Add what ZFS tells."""
    pools: list[PoolInfo] = []
    datasets: list[Dataset] = []
    unseen: list[str] = []
    for name in engine.pools():
        try:
            pool = engine.pool(name)
            pools.append(pool)
            # A read from a suspended pool may never return.
            listed = [] if pool.suspended else engine.datasets(name)
        except EngineError as error:
            unseen.append(f"pool '{shown(name)}': {error.reason}")
            continue
        if pool.suspended:
            unseen.append(f"the datasets of '{shown(name)}': the pool is suspended")
        datasets += [dataset for dataset in listed if not dataset.damaged]
        unseen += [
            f"dataset '{shown(dataset.name)}': {dataset.damaged}"
            for dataset in listed
            if dataset.damaged
        ]
    return replace(
        host,
        pools=tuple(pools),
        datasets=tuple(datasets),
        zones=_zones(engine, datasets),
        latest=_latest(datasets),
        remote=any(
            _is_remote(place) for d in datasets for place in noted_places(d).values()
        ),
        unseen=tuple(unseen),
    )


def _zones(engine: Engine, datasets: Iterable[Dataset]) -> dict[str, bool]:
    """Try each zone that a stored policy names; a policy that cannot be read has none."""
    faults: dict[str, ZfstuneError] = {}
    known: dict[str, bool] = {}
    for followed in stored_policies(engine, list(datasets), faults=faults).values():
        try:
            zone(followed.policy)
        except PolicyError:
            known[followed.policy.tz] = False
        else:
            known[followed.policy.tz] = True
    return known


def _latest(datasets: Iterable[Dataset]) -> tuple[str, int] | None:
    """Return the dataset that changed last by its own account."""
    times = [(_seconds(d.value(name)), d.name) for d in datasets for name in _TIMES]
    when, name = max(times, default=(0, ""))
    return (name, when) if when else None


def _seconds(text: str | None) -> int:
    try:
        return read_whole(text or "0", _FAR_FUTURE)
    except NumberError:
        return 0


def _is_remote(place: str) -> bool:
    """Tell whether a target lies on another host: its place begins with the host's name."""
    return ":" in place.partition("/")[0]

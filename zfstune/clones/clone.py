"""Make clones of a snapshot, all at once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial

from zfstune.clones.clone_plan import PLACE, make_clone_plan
from zfstune.engine.open import using
from zfstune.host.in_parallel import in_parallel
from zfstune.snapshots.look_up import look_up
from zfstune.values.errors import NotFound
from zfstune.values.mountpoint import mount_blocker
from zfstune.values.names import check_dataset, check_snapshot, parent_of, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from zfstune.clones.clone_plan import ClonePlan
    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset

__all__ = ["clone", "counting", "mount_if_wanted", "read_there"]


def clone(
    snapshot: str,
    *names: str,
    properties: Mapping[str, str] | None = None,
    mount: bool = True,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[ClonePlan], None] | None = None,
    on_step: Callable[[str], object] = lambda _: None,
    on_progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> ClonePlan:
    """Make clones of a snapshot, and mount them where their properties say.

    A clone shares the blocks of its snapshot, and takes over its encryption and none of
    its other properties. A clone of this snapshot that is there already stays as it is.

    Args:
        snapshot: The snapshot.
        names: Full names of the clones. Their parents exist.
        properties: Property to value, to set on each new clone. In ``mountpoint``, ``{}``
            stands for the last part of the clone's name.
        mount: Mount filesystems.
        dry_run: Change nothing.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.
        on_step: Called with a line for each clone that was made, also before an error.
        on_progress: Called with the number of clones made and of all, from any thread.

    Returns:
        The plan that was carried out.

    Raises:
        PlanError: A name is taken, or has no parent; nothing was made.
        InvalidProperty: A property cannot be set on a clone; nothing was made.
        EngineError: ZFS refused. Clones that were made stay, and another run goes on.
    """
    with using(engine) as zfs:
        kind = zfs.dataset(check_snapshot(snapshot).partition("@")[0]).kind
        look_up(zfs, snapshot, operation="clone")
        plan = make_clone_plan(
            snapshot,
            kind,
            names,
            there=read_there(zfs, names),
            properties=properties or {},
            limits=zfs.limits,
        )
        if show is not None:
            show(plan)
        if not dry_run:
            with counting(plan.new, plan.line_of, on_step, on_progress) as made:
                _make(zfs, plan, made)
            if mount and zfs.pool(pool_of(snapshot)).mountable:
                in_parallel(partial(mount_if_wanted, zfs), plan.new)
        return plan


@contextmanager
def counting(
    names: Iterable[str],
    line_of: Callable[[str], str],
    on_step: Callable[[str], object],
    on_progress: Callable[[int, int], object],
) -> Iterator[Callable[[str], None]]:
    """Count the clones that a block makes, and tell them once it ends, however it ends.

    Args:
        names: Names of those to make, in the order in which they are told.
        line_of: Says that one was made.
        on_step: Is called with such a line for each.
        on_progress: Is called with the number of those made so far, and of all.

    Yields:
        A function to call, from any thread, with the name of each that was made.
    """
    ordered, made, lock = tuple(names), set[str](), threading.Lock()

    def count(name: str) -> None:
        with lock:
            made.add(name)
            on_progress(len(made), len(ordered))

    try:
        yield count
    finally:
        for name in ordered:
            if name in made:
                on_step(line_of(name))


def _make(engine: Engine, plan: ClonePlan, made: Callable[[str], None]) -> None:
    """Make the clones, those with places of their own each by itself.

    A clone has its mountpoint from the start: one that is there already stays as it is,
    so a later run would not set it.
    """

    def make(name: str) -> None:
        properties = plan.properties_of(name)
        engine.clone_all(plan.snapshot, [name], properties=properties, on_made=made)

    if PLACE in plan.properties.get("mountpoint", ""):
        in_parallel(make, plan.new)
    else:
        engine.clone_all(plan.snapshot, plan.new, properties=plan.properties, on_made=made)


def read_there(engine: Engine, names: Iterable[str]) -> dict[str, Dataset]:
    """Read those of the datasets, and of the datasets right above them, that exist."""
    asked = dict.fromkeys(map(check_dataset, names))
    parents = dict.fromkeys(parent_of(name) or name for name in asked)
    found: dict[str, Dataset] = {}
    for name in {**parents, **asked}:
        try:
            found[name] = engine.dataset(name)
        except NotFound:
            continue
    return found


def mount_if_wanted(engine: Engine, name: str) -> None:
    """Mount a filesystem that is to be mounted by itself and is not.

    Raises:
        EngineError: The kernel refused.
        PlanError: The mount would hide the content of a directory.
    """
    dataset = engine.dataset(name)
    if dataset.value("canmount") == "on" and mount_blocker(dataset) is None:
        engine.mount(name, hide=False)

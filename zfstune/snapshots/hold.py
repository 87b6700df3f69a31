"""Hold snapshots, so that nothing destroys them, and end such holds."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.snapshots.hold_plan import plan_hold, plan_release
from zfstune.snapshots.look_up import look_up
from zfstune.values.errors import InvalidValue
from zfstune.values.names import check_hold_tag, check_snapshot, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.hold_plan import HoldPlan

__all__ = ["hold_snapshots", "release_snapshots"]


def hold_snapshots(
    tag: str,
    *snapshots: str,
    recursive: bool = False,
    dry_run: bool = False,
    engine: Engine | None = None,
) -> HoldPlan:
    """Hold snapshots: none of them can be destroyed until the tag is released.

    Args:
        tag: A word of your own; a snapshot can be held by several.
        snapshots: Full names, of one pool.
        recursive: Those of the same names on the datasets below, too.
        dry_run: Return the plan and hold nothing.
        engine: Default: the running kernel's ZFS.

    Returns:
        The plan: the snapshots that got the tag, and those that had it already.

    Raises:
        InvalidName: ZFS does not take the tag, or a name is not one of a snapshot.
        NotFound: One of the snapshots does not exist; none is held.
        PlanError: The tag is one of zfstune's own.
    """
    check_hold_tag(tag, creating=True)
    with using(engine) as zfs:
        tags = _tags(zfs, snapshots, recursive=recursive, operation="hold")
        plan = plan_hold(tag, tags)
        if not dry_run and plan.change:
            zfs.hold(plan.change, tag)
        return plan


def release_snapshots(
    tag: str,
    *snapshots: str,
    recursive: bool = False,
    dry_run: bool = False,
    engine: Engine | None = None,
) -> HoldPlan:
    """End the holds of snapshots by one tag.

    The arguments are those of :func:`zfstune.hold`.

    Returns:
        The plan: the snapshots that lost the tag, and those that did not have it.

    Raises:
        NotFound: One of the snapshots does not exist; no hold ends.
        PlanError: None of them has the tag, or the tag is one of zfstune's own.
    """
    check_hold_tag(tag)
    with using(engine) as zfs:
        tags = _tags(zfs, snapshots, recursive=recursive, operation="release")
        plan = plan_release(tag, tags)
        if not dry_run:
            zfs.release(plan.change, tag)
        return plan


def _tags(
    engine: Engine, names: tuple[str, ...], *, recursive: bool, operation: str
) -> dict[str, list[str]]:
    """Find the snapshots, and read the tags of each.

    Raises:
        InvalidValue: No snapshot is named, or they are of several pools.
        NotFound: One of them does not exist.
    """
    pools = {pool_of(check_snapshot(name)) for name in names}
    if len(pools) != 1:
        reason = "they are of several pools" if pools else "none is named"
        raise InvalidValue(
            f"cannot {operation} snapshots: {reason}",
            hint="name snapshots of one pool; `zfstune list -t snapshot` shows them",
        )
    ready_pool(engine, pools.pop(), operation=f"{operation} snapshots in pool")
    found = {}
    for name in names:
        found[name] = look_up(engine, name, operation=operation)
        if recursive:
            dataset, _, short = name.partition("@")
            below = [f"{each.name}@{short}" for each in engine.datasets(dataset)]
            found |= engine.find_snapshots(below, properties=True)
    return {name: sorted(engine.holds(name)) for name in found}

"""Bring datasets back to a checkpoint or a snapshot, after copying lost files aside."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.host.processes import running_files
from zfstune.snapshots.checkpoint import (
    chosen_datasets,
    find_checkpoint,
    ready_pool_of_all,
    system_dataset,
)
from zfstune.snapshots.destroy_datasets import destroy_datasets, step_counter
from zfstune.snapshots.keep_aside import keep_aside
from zfstune.snapshots.look_up import look_up
from zfstune.snapshots.lost_bases import lost_by_going_back
from zfstune.snapshots.rewind_plan import (
    ESCAPES,
    RewindPlan,
    clones_of,
    datasets_of,
    is_escape,
    left_behind,
    make_rewind,
)
from zfstune.values import names
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.frozen import frozen
from zfstune.values.names import check_snapshot
from zfstune.values.text import comma_list, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.rewind_plan import Rewind
    from zfstune.values.state import Dataset, Mount, RunningFile, Snapshot

__all__ = ["Rewound", "rollback"]


@frozen
class Rewound:
    """The result of a rollback.

    Attributes:
        plan: The plan.
        done: Datasets that were brought back, in this order; none in a dry run.
        escape: The dataset below which copies of the losses are; empty: there are none.
        unchanged: Datasets that were still as the snapshot had them, and so lost
            nothing; looked for only where losses are to be kept.
    """

    plan: RewindPlan
    done: tuple[str, ...] = ()
    escape: str = ""
    unchanged: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.done)

    def __str__(self) -> str:
        if not self.done:
            return str(self.plan)
        return "\n".join([*self.plan.lines(), *self.lines()])

    def lines(self) -> list[str]:
        """Return what was done for people; nothing where nothing was done."""
        if not self.done:
            return []
        lines = [f"rolled back: {', '.join(self.done)}"]
        if self.escape:
            lines.append(f"the files as they were are kept below {self.escape}")
        rewinds = self.plan.rewinds
        gone = [name for each in rewinds for name in (*each.newer, *each.bookmarks)]
        if gone:
            lines.append(f"destroyed, and kept nowhere: {', '.join(map(shown, gone))}")
        if self.unchanged:
            which = ", ".join(self.unchanged) if self.escape else "all of it"
            taken = "snapshot" if "@" in self.plan.name else "checkpoint"
            lines.append(f"already as the {taken} had it: {which}")
        return lines

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types, with the part of it that was done."""
        return {
            **self.plan.to_dict(),
            "done": list(self.done),
            "escaped_to": self.escape or None,
            "unchanged": list(self.unchanged),
        }


def rollback(
    name: str,
    *datasets: str,
    recursive: bool = False,
    lose: Iterable[str] = (),
    escape: bool = True,
    pool: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[RewindPlan], None] | None = None,
    passed: Callable[[int, int], object] = lambda *_: None,
) -> Rewound:
    """Bring datasets back to a checkpoint, or a dataset to one of its snapshots.

    Mounted and busy filesystems are rolled back where they are, as ``zfs rollback``
    does it: the kernel holds access back meanwhile, and a file that was made since is
    gone, even while a program has it open. Properties are no part of a snapshot and
    stay.

    Args:
        name: Name of the checkpoint, or the full name of a snapshot.
        datasets: For a checkpoint: these and all below; default: all that have it.
        recursive: For a snapshot: bring back the datasets below, too, each to its
            snapshot of that name.
        lose: Consent to losses beyond the files written since: newer ``snapshots`` and
            bookmarks, ``clones`` of those, the ``script`` that runs this, and the
            ``bases`` of streams between this dataset and others.
        escape: Copy the files that are lost below ``POOL/zfstune-escape`` first.
        pool: For empty `datasets`; default: see :func:`zfstune.engine.pools.choose_pool`.
        dry_run: Stop once the plan is made.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.
        passed: Told how many steps are done, of how many: two a dataset with `escape`.

    Returns:
        The plan and the datasets that were brought back; `plan.left` names those that stay
        as they are, for they lack the checkpoint or a snapshot of that name.

    Raises:
        InvalidValue: Datasets are named beside a snapshot.
        NotFound: There is no such checkpoint or snapshot.
        PlanError: A loss lacks consent, or is held.
        EngineError: ZFS refused; another run goes on from there.
    """
    _refuse_datasets(name, datasets)
    with using(engine) as zfs:
        if "@" in name:
            plan = _plan_of_snapshot(zfs, name, recursive=recursive, escape=escape)
        else:
            where = ready_pool_of_all(zfs, datasets, pool, operation="roll back in")
            plan = _plan(zfs, name, where, datasets, escape=escape)
        if show is not None:
            show(plan)
        if dry_run:
            return Rewound(plan)
        plan.check(lose)
        step = step_counter(len(plan.rewinds) * (2 if escape else 1), passed)
        kept, unchanged = keep_aside(zfs, plan, step) if escape else ("", ())
        return Rewound(plan, tuple(_rewind(zfs, plan, step)), kept, unchanged)


def _refuse_datasets(name: str, datasets: tuple[str, ...]) -> None:
    """Refuse datasets beside a snapshot.

    Raises:
        InvalidValue: There are some.
    """
    if "@" in name and datasets:
        raise InvalidValue(
            f"cannot roll back to '{shown(name)}' and name '{shown(datasets[0])}': a "
            "snapshot names its dataset",
            hint="roll back one snapshot at a time; with -r, all datasets below it follow",
        )


def _plan(
    engine: Engine, name: str, pool: str, datasets: tuple[str, ...], *, escape: bool
) -> RewindPlan:
    snapshots = find_checkpoint(engine, name, pool, datasets)
    whole = find_checkpoint(engine, name, pool, ()) if datasets else snapshots
    mounts = engine.mounts()
    system = system_dataset(mounts)
    rewinds = _rewinds(engine, snapshots, mounts)
    cautions: list[str] = []
    asked = chosen_datasets(engine, pool, datasets, system)
    there = asked if datasets else chosen_datasets(engine, pool, (pool,), system)
    left = left_behind(whole, asked, there.values(), datasets)
    begun = min(snapshot.createtxg for snapshot in snapshots)
    cautions.extend(
        f"'{name}' was created after the checkpoint: it stays, with all its data"
        for name, dataset in asked.items()
        if dataset.createtxg > begun and name not in left
    )
    missing = 0 if datasets else max(datasets_of(snapshots) - len(snapshots), 0)
    if missing:
        which = "1 of them is gone or has lost its snapshot"
        if missing > 1:
            which = f"{missing} of them are gone or have lost their snapshots"
        cautions.append(
            f"the checkpoint was of {datasets_of(snapshots)} datasets, and {which}"
        )
    return _whole_plan(
        name,
        snapshots,
        rewinds,
        cautions=cautions,
        escape=f"{pool}/{ESCAPES}" if escape else "",
        left=left,
        missing=missing,
    )


def _plan_of_snapshot(
    engine: Engine, name: str, *, recursive: bool, escape: bool
) -> RewindPlan:
    """Plan the way back to one snapshot, and to those of its name below.

    Raises:
        NotFound: There is no such dataset or snapshot.
        PlanError: Something that would have to go cannot.
    """
    dataset, _, short = check_snapshot(name).partition("@")
    pool = names.pool_of(dataset)
    ready_pool(engine, pool, operation="roll back in pool")
    snapshots = [look_up(engine, name, operation="roll back to")]
    below = {
        found.name: found
        for found in engine.datasets(dataset)[1:]
        if not f"{found.name}/".startswith(f"{pool}/{ESCAPES}/")
    }
    stay = tuple(below)
    left: tuple[str, ...] = ()
    if recursive:
        named = engine.find_snapshots([f"{ds}@{short}" for ds in below], properties=True)
        snapshots += named.values()
        begun = snapshots[0].createtxg
        lacking = [ds for ds in below if f"{ds}@{short}" not in named]
        left = tuple(ds for ds in lacking if below[ds].createtxg <= begun)
        stay = tuple(ds for ds in lacking if ds not in left)
    rewinds = _rewinds(engine, snapshots, engine.mounts())
    cautions = []
    if stay and not recursive:
        cautions.append(
            f"datasets below stay as they are, and -r brings them back, too: "
            f"{comma_list(stay)}"
        )
    elif stay:
        cautions.append(
            f"created after the snapshot, so they stay, with all data: {comma_list(stay)}"
        )
    return _whole_plan(
        name,
        snapshots,
        rewinds,
        cautions=cautions,
        escape=f"{pool}/{ESCAPES}" if escape else "",
        left=left,
    )


def _whole_plan(
    name: str,
    snapshots: Iterable[Snapshot],
    rewinds: tuple[Rewind, ...],
    *,
    cautions: Iterable[str],
    escape: str,
    left: tuple[str, ...],
    missing: int = 0,
) -> RewindPlan:
    """Add what follows from the ways back themselves."""
    reboot = [
        f"'{rewind.dataset}' is mounted at /: reboot at once, since running programs have "
        "files open that will no longer exist"
        for rewind in rewinds
        if rewind.path == "/"
    ]
    return RewindPlan(
        name=name,
        rewinds=rewinds,
        running=_running(rewinds, snapshots),
        escape=escape,
        cautions=(*reboot, *cautions),
        left=left,
        missing=missing,
    )


def _rewinds(
    engine: Engine, snapshots: Iterable[Snapshot], mounts: Mapping[str, Mount]
) -> tuple[Rewind, ...]:
    """Plan the way back of each dataset: see :func:`_rewind_of`."""
    listed = list(snapshots)
    pool = names.pool_of(listed[0].name)
    there_now = {dataset.name: dataset for dataset in engine.datasets(pool)}
    parents = {names.parent_of(name) or "" for name in there_now}
    system = system_dataset(mounts)
    return tuple(
        _rewind_of(
            engine,
            snapshot,
            there_now[snapshot.dataset],
            parents=parents,
            mounts=mounts,
            system=system,
        )
        for snapshot in listed
    )


def _rewind_of(
    engine: Engine,
    snapshot: Snapshot,
    own_dataset: Dataset,
    *,
    parents: Container[str],
    mounts: Mapping[str, Mount],
    system: str,
) -> Rewind:
    """Read what is newer than a snapshot, and plan how its dataset goes back to it.

    Raises:
        PlanError: A snapshot or clone that would have to go is held, or the system runs
            from it.
    """
    dataset = snapshot.dataset
    own = engine.snapshots(dataset, properties=True)
    below = {
        clone: engine.snapshots(clone, properties=True)
        for newer in own
        if newer.createtxg > snapshot.createtxg
        for clone in clones_of(newer)
    }
    if system in below:
        raise PlanError(
            f"cannot roll back '{dataset}': this system runs from '{system}', a clone "
            "of a newer snapshot",
            hint="boot another environment first, or promote that clone",
        )
    bookmarks = engine.bookmarks(dataset).values()
    return make_rewind(
        snapshot,
        own,
        bookmarks={b.name: b.createtxg for b in bookmarks},
        bases=lost_by_going_back(own_dataset, own, bookmarks, snapshot.createtxg),
        parents=parents,
        below=below,
        path=mounts[dataset].path if dataset in mounts else "",
    )


def _running(
    rewinds: Iterable[Rewind], snapshots: Iterable[Snapshot]
) -> tuple[RunningFile, ...]:
    times = {snapshot.name: snapshot.creation or 0 for snapshot in snapshots}
    return running_files(
        {
            rewind.dataset: (rewind.path, times[rewind.snapshot])
            for rewind in rewinds
            if rewind.path
        }
    )


def _rewind(
    engine: Engine, plan: RewindPlan, step: Callable[[int], object]
) -> Iterable[str]:
    clones = [clone for rewind in plan.rewinds for clone in rewind.clones]
    destroy_datasets(engine, {clone.name: clone.snapshots for clone in clones})
    engine.destroy_snapshots(_newer(engine, plan))
    bookmarks = [name for rewind in plan.rewinds for name in rewind.bookmarks]
    engine.destroy_bookmarks(bookmarks)
    for rewind in plan.rewinds:
        engine.rollback(rewind.snapshot)
        # The kernel unmounts by force a filesystem to which it cannot give access again
        # (zfs_resume_fs() in module/os/linux/zfs/zfs_vfsops.c).
        if rewind.path not in {"", "/"} and rewind.dataset not in engine.mounts():
            engine.mount(rewind.dataset)
        step(1)
        yield rewind.dataset


def _newer(engine: Engine, plan: RewindPlan) -> list[str]:
    """List the snapshots that have to go first, even the ones that rollbacks took.

    Raises:
        PlanError: One was taken since the plan was made.
    """
    newer: list[str] = []
    for rewind in plan.rewinds:
        listed = engine.snapshots(rewind.dataset, properties=True)
        position = [snapshot.name for snapshot in listed].index(rewind.snapshot)
        for snapshot in listed[position + 1 :]:
            if snapshot.name not in rewind.newer and not is_escape(snapshot):
                raise PlanError(
                    f"cannot roll back '{rewind.dataset}': '{snapshot.name}' was taken "
                    "after the rollback was planned",
                    hint="run the command again",
                )
            newer.append(snapshot.name)
    return newer

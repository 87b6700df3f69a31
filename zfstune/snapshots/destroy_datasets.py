"""Destroy datasets with their own snapshots, once a plan has named all of them."""

from __future__ import annotations

from contextlib import suppress

from zfstune.engine.protocol import InUse, ProgramError
from zfstune.host.nfs import export, read_exports
from zfstune.values.errors import EngineError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zfstune.engine.protocol import Engine

__all__ = ["destroy_datasets", "destroy_planned", "step_counter"]

# A program has a limited number of instructions (zfs_lua_max_instrlimit).
_BATCH = 50


def step_counter(total: int, passed: Callable[[int, int], object]) -> Callable[[int], None]:
    """Return a function that adds up what is gone.

    Args:
        total: How many datasets and snapshots are to go.
        passed: Is told after each step how many have gone, and of how many.
    """
    gone = 0

    def add(count: int) -> None:
        nonlocal gone
        gone += count
        passed(gone, total)

    return add


def destroy_datasets(
    engine: Engine,
    snapshots: Mapping[str, Iterable[str]],
    guids: Mapping[str, int] | None = None,
    *,
    gone: Callable[[int], object] = lambda _: None,
) -> None:
    """Destroy datasets, each with its own snapshots.

    All of them are unmounted before the first is destroyed, so that a busy one stops it
    all before anything is lost. NFS stops serving them first: its server keeps a
    filesystem busy, and its line would name a path that is gone.

    Args:
        engine: Where the datasets are.
        snapshots: Full names of the snapshots by dataset, in the order of destruction.
        guids: The guids of snapshots: see :func:`destroy_planned`.
        gone: Is told after each step how many datasets and snapshots went in it.

    Raises:
        EngineError: One could not be unmounted, and all are as they were; or one could
            not be destroyed, and those before it are gone.
    """
    _unmount(engine, snapshots)
    for name, own in snapshots.items():
        destroy_planned(engine, own, guids or {}, gone=gone)
        engine.destroy(name)
        gone(1)


def destroy_planned(
    engine: Engine,
    snapshots: Iterable[str],
    guids: Mapping[str, int],
    *,
    gone: Callable[[int], object] = lambda _: None,
) -> None:
    """Destroy snapshots that are still the planned ones.

    A channel program, which takes root, compares the guids in the transaction that
    destroys. Elsewhere, and for a snapshot without a guid here, the name has to do.

    Args:
        engine: Where the snapshots are.
        snapshots: Full names, all of one pool.
        guids: The guids that they had when the plan was made.
        gone: As in :func:`destroy_datasets`.

    Raises:
        EngineError: One could not be destroyed.
    """
    names = tuple(snapshots)
    planned = [name for name in names if name in guids]
    by_name = [name for name in names if name not in guids]
    for start in range(0, len(planned), _BATCH):
        batch = planned[start : start + _BATCH]
        try:
            stay = engine.destroy_exactly({name: guids[name] for name in batch})
        except ProgramError:
            by_name += batch
            continue
        in_use = [name for name, why in stay.items() if isinstance(why, InUse)]
        # The program unmounts no snapshot from below .zfs; the call does.
        by_name += in_use
        for why in stay.values():
            if not isinstance(why, (InUse, NotFound)):
                raise why
        gone(len(batch) - len(in_use))
    if by_name:
        engine.destroy_snapshots(by_name)
        gone(len(by_name))


def _unmount(engine: Engine, datasets: Iterable[str]) -> None:
    """Unmount those of the datasets that are mounted, or none."""
    paths = {name: mount.path for name, mount in engine.mounts().items()}
    mounted = [name for name in datasets if name in paths]
    mounted.sort(key=lambda name: paths[name].count("/"), reverse=True)
    served = read_exports().lines if mounted else {}
    shared = [paths[name] for name in mounted if paths[name] in served]
    done: list[str] = []
    try:
        for path in shared:
            export(path, ())
        for name in mounted:
            engine.unmount(name)
            done.append(name)
    except EngineError:
        with suppress(EngineError):  # the first error is the one to report
            for name in reversed(done):
                engine.mount(name)
            for path in shared:
                export(path, served[path])
        raise

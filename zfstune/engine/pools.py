"""Choose a pool, and check that it can be changed."""

from __future__ import annotations

import errno

from zfstune.host.manifest import MANIFEST, configured
from zfstune.values.errors import InvalidName, NotFound, PlanError, PoolSuspended
from zfstune.values.names import check_pool
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset, PoolInfo

__all__ = ["choose_pool", "datasets_below", "ready_pool"]

_OWN_VARIABLE = "ZFSTUNE_POOL"
_INSTALLER_VARIABLE = "KLDLOAD_POOL_NAME"


def choose_pool(
    engine: Engine,
    pool: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    manifest: str = MANIFEST,
) -> str:
    """Choose a pool: the one named, else the one configured, else the only one.

    Args:
        engine: Lists the pools.
        pool: The caller's choice.
        environ: The environment with ``ZFSTUNE_POOL`` and ``KLDLOAD_POOL_NAME``;
            default: that of this process.
        manifest: The file with ``KLDLOAD_POOL_NAME``, read where the environment has
            neither.

    Raises:
        InvalidName: No pool can have that name.
        NotFound: No pool of that name is imported.
        PlanError: No pool was named, and none or several are imported; or the
            manifest exists and cannot be read.
    """
    imported = engine.pools()
    source = ""
    if pool is None:
        variables = (_OWN_VARIABLE, _INSTALLER_VARIABLE)
        try:
            chosen, source = configured(variables, environ=environ, manifest=manifest)
        except PlanError as error:
            error.hint = (
                f"name the pool with --pool or {_OWN_VARIABLE}, and this file is not read"
            )
            raise
        pool = chosen or None
    if pool is not None:  # an empty name is refused too: it came from an unset variable
        _check(pool, source)
        if pool not in imported:
            raise NotFound(
                operation="use pool",
                target=shown(pool),
                errno=errno.ENOENT,
                reason=f"no such pool is imported{_named_by(source)}",
                hint=_listed(imported, source),
            )
        return pool
    if len(imported) == 1:
        return imported[0]
    if imported:
        raise PlanError(
            "cannot choose a pool: several are imported",
            hint=f"name one with --pool or {_OWN_VARIABLE}: {', '.join(imported)}",
        )
    raise PlanError("cannot choose a pool: none is imported", hint=_listed(imported))


def ready_pool(engine: Engine, name: str, *, operation: str) -> PoolInfo:
    """Read a pool that is about to be changed.

    Raises:
        NotFound: No such pool is imported.
        PoolSuspended: It lost its devices. A change would wait for them without end,
            so none is begun.
    """
    info = engine.pool(name)
    if info.suspended:
        raise PoolSuspended(
            operation=operation,
            target=name,
            errno=errno.EAGAIN,
            reason="the pool is suspended: it lost its devices and waits for them",
            hint=f"bring the devices back, then `zpool clear {for_shell(name)}`",
        )
    return info


def _check(pool: str, source: str) -> None:
    try:
        check_pool(pool)
    except InvalidName as error:
        raise InvalidName(error.message + _named_by(source), hint=error.hint) from None


def _named_by(source: str) -> str:
    return f" ({source} names it)" if source else ""


def _listed(imported: tuple[str, ...], source: str = "") -> str:
    if imported:
        others = f"; --pool overrides {source}" if source else ""
        return f"imported pools: {', '.join(imported)}{others}"
    return "import one with `zpool import`, or create one with `zpool create`"


def datasets_below(engine: Engine, roots: Iterable[str] = ()) -> dict[str, Dataset]:
    """Read datasets and all below them, by name.

    Args:
        engine: The engine to read them from.
        roots: Full names; default: all pools.

    Raises:
        NotFound: There is no dataset of one of the names.
    """
    return {
        dataset.name: dataset
        for root in tuple(roots) or engine.pools()
        for dataset in engine.datasets(root)
    }

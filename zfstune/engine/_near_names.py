"""Name the dataset that was most likely meant, where a name is that of none."""

from __future__ import annotations

from contextlib import suppress

from zfstune.values.errors import NotFound, ZfstuneError
from zfstune.values.names import pool_of
from zfstune.values.text import nearest, nearest_dataset, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

__all__ = ["suggest_dataset"]

_LOOK = "see `zfstune list`"
_QUESTION = "did you mean"


def suggest_dataset(engine: Engine, error: object) -> None:
    """Put the nearest name into the hint of an error about a dataset that is not there.

    It lists datasets, so it is for an error that is going to be shown, not for one that
    somebody handles. Where that fails, the hint stays as it is.
    """
    if not isinstance(error, NotFound) or _LOOK not in error.hint:
        return
    if _QUESTION in error.hint or not error.target or set("@#") & set(error.target):
        return
    with suppress(ZfstuneError):
        near = _nearest(engine, error.target)
        if near and near != error.target:
            question = f"{_QUESTION} '{shown(near)}'? {_LOOK}"
            error.hint = error.hint.replace(_LOOK, question, 1)


def _nearest(engine: Engine, name: str) -> str:
    pools = engine.pools()
    pool = pool_of(name)
    if pool not in pools:
        pool = nearest(pool, pools)
    # A read from a suspended pool may never return.
    if not pool or engine.pool(pool).suspended:
        return ""
    known = [dataset.name for dataset in engine.datasets(pool)]
    moved = pool + name[len(pool_of(name)) :]  # the name with the pool's right name
    return moved if moved in known else nearest_dataset(moved, known)

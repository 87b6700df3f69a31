"""Read how fast datasets grow."""

from __future__ import annotations

from zfstune.health.growth import Growth, choose_past
from zfstune.values.errors import EngineError
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset

__all__ = ["read_growth"]


def read_growth(
    engine: Engine, datasets: Iterable[Dataset], now: int
) -> dict[str, Growth | None]:
    """Return the growth of datasets by name; None: it cannot be told.

    Of each dataset, the names of its snapshots are listed and one snapshot is read.
    """
    return {dataset.name: _growth(engine, dataset, now) for dataset in datasets}


def _growth(engine: Engine, dataset: Dataset, now: int) -> Growth | None:
    try:
        listed = engine.snapshots(dataset.name)
        chosen = choose_past((snapshot.short_name for snapshot in listed), now)
        if not chosen:
            return None
        name = f"{dataset.name}@{chosen}"
        snapshot = engine.find_snapshots([name], properties=True).get(name)
        if snapshot is None:  # it was destroyed meanwhile
            return None
        return Growth.between(
            read_whole(snapshot.value("referenced") or ""),
            read_whole(snapshot.value("creation") or ""),
            read_whole(dataset.value("referenced") or ""),
            now,
        )
    except (EngineError, NumberError):
        return None

"""A fake pool that is nearly full, where each snapshot holds a megabyte."""

from __future__ import annotations

from datetime import UTC, datetime

from fake_engine import FakeEngine
from zfstune.values.marks import SNAPSHOT_PROPERTY
from zfstune.values.state import LOCAL, NONE, Dataset, PropertyValue, Snapshot

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
MEGABYTE = 1 << 20
OWN = {
    SNAPSHOT_PROPERTY: PropertyValue("auto", LOCAL),
    "userrefs": PropertyValue("0", NONE),
}


def taken(txg: int, age: int, dataset: str = "tank/a") -> Snapshot:
    """Give a snapshot of ours of that age."""
    name = f"{dataset}@zfstune-20260101T000000Z-{txg}"
    return Snapshot(name, txg, txg, 0, OWN, SECONDS - age)


class Filled(FakeEngine):
    """A pool of 100 megabytes, each snapshot one of them; a run frees one more."""

    def __init__(self, *snapshots: Snapshot, used: int = 90) -> None:
        super().__init__("tank", *{s.dataset for s in snapshots})
        self.taken = {s.name: s for s in snapshots}
        self.used = used

    def dataset(self, name: str) -> Dataset:
        """Give one dataset with what it uses and has left."""
        found = super().dataset(name)
        sizes = {"used": self.used, "available": 100 - self.used}
        shown = {n: PropertyValue(str(m * MEGABYTE), NONE) for n, m in sizes.items()}
        return Dataset(name, "filesystem", 1, 1, {**found.properties, **shown})

    def reclaim_size(self, first: str, last: str) -> int:
        """Give a megabyte a snapshot; what they share needs both to go."""
        numbers = [int(name.rpartition("-")[2]) for name in (first, last)]
        return (2 * (numbers[1] - numbers[0]) + 1) * MEGABYTE


def filled(count: int, used: int = 90) -> Filled:
    """Give a pool whose one dataset has snapshots an hour apart."""
    snapshots = [taken(txg, (count - txg) * 3600) for txg in range(1, count + 1)]
    return Filled(*snapshots, used=used)

"""A fake engine whose datasets inherit policies, with snapshots of known ages."""

from __future__ import annotations

import errno
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fake_engine import FakeEngine
from zfstune.engine._errno import engine_error
from zfstune.values.frozen import replace
from zfstune.values.marks import POLICY_PROPERTY, SNAPSHOT_PROPERTY
from zfstune.values.names import ancestors_of
from zfstune.values.state import (
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Dataset,
    PropertyValue,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.values.state import Bookmark, PoolInfo

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


class Heirs(FakeEngine):
    """An engine whose policies are inherited, and may have been received."""

    def __init__(self, *datasets: str) -> None:
        super().__init__(*datasets)
        self.received: dict[str, str] = {}
        self.freeing: list[int] = []
        self.unreadable = ("", "")
        self.refuses = errno.EIO

    def refuse(self, call: str, names: Iterable[str]) -> None:
        """Fail where a call is to fail for a dataset, or a snapshot of it."""
        wrong, dataset = self.unreadable
        for name in names:
            if call == wrong and name.partition("@")[0] == dataset:
                raise engine_error("read", name, self.refuses)

    def snapshots(self, dataset: str, **asked: bool) -> list[Snapshot]:
        """List, or fail."""
        self.refuse("snapshots", [dataset])
        return super().snapshots(dataset, **asked)

    def find_snapshots(self, names: Iterable[str], **asked: bool) -> dict[str, Snapshot]:
        """Read snapshots, or fail for all."""
        names = list(names)
        self.refuse("find_snapshots", names)
        return super().find_snapshots(names, **asked)

    def bookmarks(self, dataset: str) -> dict[str, Bookmark]:
        """List bookmarks, or fail."""
        self.refuse("bookmarks", [dataset])
        return super().bookmarks(dataset)

    def dataset(self, name: str) -> Dataset:
        """Give one dataset with the policy in force."""
        self.refuse("dataset", [name])
        found = super().dataset(name)
        own = dict(found.properties)
        for near in (name, *reversed(ancestors_of(name))):
            origin = "" if near == name else near
            if value := self.marks.get(near, {}).get(POLICY_PROPERTY):
                own[POLICY_PROPERTY] = PropertyValue(
                    value, INHERITED if origin else LOCAL, origin
                )
                break
            if value := self.received.get(near):
                source = INHERITED if origin else RECEIVED
                own[POLICY_PROPERTY] = PropertyValue(value, source, origin)
                break
        return Dataset(name, "filesystem", 1, 1, own)

    def take(self, dataset: str, hours: Iterable[float], *, marked: bool = True) -> None:
        """Have snapshots of the ages given, the oldest taken first."""
        for age in sorted(hours, reverse=True):
            self.txg += 1
            created = int((NOW - timedelta(hours=age)).timestamp())
            found = {"userrefs": PropertyValue("0", NONE)}
            if marked:
                found[SNAPSHOT_PROPERTY] = PropertyValue("auto", LOCAL)
            name = f"{dataset}@zfstune-20260101T000000Z-{self.txg}"
            self.taken[name] = Snapshot(name, self.txg, self.txg, 0, found, created)

    def pool(self, name: str) -> PoolInfo:
        """Give a pool that is freeing what the test says, one look after the other."""
        found = super().pool(name)
        return replace(found, freeing_bytes=self.freeing.pop(0)) if self.freeing else found

    def count(self, dataset: str) -> int:
        """Tell how many snapshots a dataset has."""
        return sum(s.dataset == dataset for s in self.taken.values())

    def reclaim_size(self, first: str, last: str) -> int:
        """Free a megabyte each."""
        numbers = [int(name.rpartition("-")[2]) for name in (first, last)]
        return (numbers[1] - numbers[0] + 1) << 20


def two_days() -> Heirs:
    """Give datasets, one below the other, with a snapshot an hour of two days."""
    made = Heirs("tank", "tank/a", "tank/a/b", "tank/c")
    for dataset in ("tank/a", "tank/a/b", "tank/c"):
        made.take(dataset, range(48))
    return made

"""Short ways to write the two ends of a replication for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfstune.streams.ends import End, missing_end
from zfstune.streams.steps import Transfer
from zfstune.values.state import NONE, Bookmark, Partial, PropertyValue, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.streams.ends import Replica
    from zfstune.streams.refusals import Refusal

SOURCE = "tank/a"
TARGET = "backup/a"
SOURCE_GUID, TARGET_GUID = 1_000, 2_000


def snap(
    guid: int, name: str = "", *, dataset: str = SOURCE, txg: int = 0, **properties: int
) -> Snapshot:
    """Make a snapshot; its guid stands for its name and its createtxg as well."""
    found = {n: PropertyValue(str(value), NONE) for n, value in properties.items()}
    return Snapshot(f"{dataset}@{name or guid}", guid, txg or guid, 0, found)


def mark(
    guid: int, name: str = "", *, dataset: str = SOURCE, txg: int = 0, ivsetguid: int = 0
) -> Bookmark:
    """Make a bookmark of the snapshot with that guid."""
    return Bookmark(f"{dataset}#{name or guid}", guid, txg or guid, 0, ivsetguid)


def source(
    *snapshots: int | Snapshot,
    marks: Iterable[int | Bookmark] = (),
    origin: Snapshot | None = None,
    encrypted: bool = False,
    kind: str = "filesystem",
) -> End:
    """Make the end that sends, of snapshots and bookmarks or their guids."""
    return End(
        SOURCE,
        exists=True,
        guid=SOURCE_GUID,
        kind=kind,
        snapshots=tuple(snap(s) if isinstance(s, int) else s for s in snapshots),
        bookmarks=tuple(mark(m) if isinstance(m, int) else m for m in marks),
        origin=origin,
        encrypted=encrypted,
    )


def target(
    *snapshots: int | Snapshot,
    written: int = 0,
    partial: Partial | None = None,
    encrypted: bool = False,
    replica: Replica | None = None,
) -> End:
    """Make the end that receives; it exists."""
    return End(
        TARGET,
        exists=True,
        guid=TARGET_GUID,
        kind="filesystem",
        snapshots=tuple(
            snap(s, dataset=TARGET) if isinstance(s, int) else s for s in snapshots
        ),
        encrypted=encrypted,
        written_bytes=written,
        partial=partial,
        replica=replica,
    )


MISSING = missing_end(TARGET)


def words(decided: Transfer | Refusal) -> list[str]:
    """Give the steps of a transfer as text, without the names of both datasets."""
    assert isinstance(decided, Transfer), decided
    texts = [step.describe() for step in decided.steps]
    return [text.replace(SOURCE, "").replace(TARGET, "") for text in texts]


def there(guid: int, name: str = "", *, txg: int = 0, **properties: int) -> Snapshot:
    """Make a snapshot of the target."""
    return snap(guid, name, dataset=TARGET, txg=txg, **properties)


def broken(toguid: int, fromguid: int = 0, *, raw: bool = False) -> Partial:
    """Make what a receive has left; its name is of a dataset that was renamed since."""
    return Partial("tank/old@then", toguid, fromguid, raw)

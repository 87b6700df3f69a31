"""When snapshots were taken, remembered by guid: to ask ZFS is the dear part of a listing.

A snapshot keeps its guid and its time of creation for life, also where it is sent to,
so what was noted never turns wrong. Notes outlive a run where a folder for them is
given: by ``CACHE_DIRECTORY``, which systemd sets for a unit with ``CacheDirectory=``,
or by ``ZFSTUNE_CACHE``. Notes that cannot be read or written are done without.
"""

from __future__ import annotations

import os

from zfstune.state import NONE, PropertyValue, Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.engine import Engine

__all__ = ["Dates", "cache_folder"]

_NAME = "creation.json"
# All properties of a snapshot take some 20 KiB here: so many are read together.
_AT_ONCE = 1000
# More than so many, and those of datasets that this run did not look at are dropped.
_MOST = 1_000_000


def cache_folder(environ: Mapping[str, str] | None = None) -> str:
    """Give the folder for what may outlive a run; empty: there is none."""
    environ = os.environ if environ is None else environ
    first = environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    return environ.get("ZFSTUNE_CACHE") or first


class Dates:
    """Lists snapshots with their times of creation, and asks for each time once."""

    def __init__(self, folder: str = "") -> None:
        self._path = os.path.join(folder, _NAME) if folder else ""
        self._known = _read(self._path)
        self._met: set[str] = set()
        self._news = False

    def snapshots(self, engine: Engine, dataset: str) -> list[Snapshot]:
        """Give a dataset's snapshots, oldest first by createtxg, with ``creation``."""
        if not self._path:
            listed = engine.snapshots(dataset, properties=True)
            return [_dated(s, s.value("creation")) for s in listed]
        listed = engine.snapshots(dataset)
        before = self._known.get(dataset, {})
        known = {s.guid: before[s.guid] for s in listed if s.guid in before}
        new = [s.name for s in listed if s.guid not in before]
        for at in range(0, len(new), _AT_ONCE):
            read = engine.find_snapshots(new[at : at + _AT_ONCE], properties=True)
            known.update(
                {s.guid: s.creation for s in read.values() if s.creation is not None}
            )
        self._news = self._news or known != before
        self._known[dataset] = known
        self._met.add(dataset)
        return [_dated(s, known.get(s.guid)) for s in listed]

    def save(self) -> None:
        """Keep what is known for the next run."""
        if not self._path or not self._news:
            return
        import json  # noqa: PLC0415 (where there is a folder)

        full = sum(map(len, self._known.values())) > _MOST
        kept = self._met if full else self._known
        text = json.dumps({dataset: self._known[dataset] for dataset in kept})
        new = f"{self._path}.{os.getpid()}"
        try:
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
            with open(os.open(new, flags, 0o600), "w", encoding="ascii") as file:
                file.write(text)
            os.replace(new, self._path)
        except OSError:  # the next run asks again
            return


def _dated(snapshot: Snapshot, creation: str | int | None) -> Snapshot:
    """Give the snapshot with its time alone: of 100,000, the rest would fill the memory."""
    found = {} if creation is None else {"creation": PropertyValue(str(creation), NONE)}
    return Snapshot(
        snapshot.name, snapshot.guid, snapshot.createtxg, snapshot.clones, found
    )


def _read(path: str) -> dict[str, dict[int, int]]:
    """Read notes by dataset; those that another user could have written are none."""
    if not path:
        return {}
    import json  # noqa: PLC0415 (as above)

    try:
        with open(path, encoding="ascii") as file:
            at = os.fstat(file.fileno())
            if at.st_uid != os.geteuid() or at.st_mode & 0o022:
                return {}
            found = json.load(file)
        return {
            dataset: {int(guid): int(seconds) for guid, seconds in notes.items()}
            for dataset, notes in found.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}

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
# So many notes of snapshots that this run did not meet are no reason to drop any.
_SPARE = 10_000


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
        self._met: dict[int, int] = {}
        self._news = False

    def snapshots(self, engine: Engine, dataset: str) -> list[Snapshot]:
        """Give a dataset's snapshots, oldest first by createtxg, with ``creation``."""
        if not self._path:
            listed = engine.snapshots(dataset, properties=True)
            return [_dated(s, s.value("creation")) for s in listed]
        listed = engine.snapshots(dataset)
        new = [s.name for s in listed if s.guid not in self._known]
        for at in range(0, len(new), _AT_ONCE):
            read = engine.find_snapshots(new[at : at + _AT_ONCE], properties=True)
            for found in read.values():
                if found.creation is not None:
                    self._known[found.guid] = found.creation
                    self._news = True
        for each in listed:
            if each.guid in self._known:
                self._met[each.guid] = self._known[each.guid]
        return [_dated(s, self._known.get(s.guid)) for s in listed]

    def save(self) -> None:
        """Keep what is known for the next run."""
        if not self._path or not self._news:
            return
        import json  # noqa: PLC0415 (where there is a folder)

        gone = len(self._known) > 2 * len(self._met) + _SPARE
        text = json.dumps(self._met if gone else self._known)
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


def _read(path: str) -> dict[int, int]:
    """Read notes; those that another user could have written are none."""
    if not path:
        return {}
    import json  # noqa: PLC0415 (as above)

    try:
        with open(path, encoding="ascii") as file:
            at = os.fstat(file.fileno())
            if at.st_uid != os.geteuid() or at.st_mode & 0o022:
                return {}
            found = json.load(file)
        return {int(guid): int(seconds) for guid, seconds in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}

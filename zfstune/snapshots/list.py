"""List snapshots, and note their unchanging facts from one run to the next.

The guid, createtxg and creation of snapshots make a listing slow, since ZFS opens each
snapshot to read them. The directory ``.zfs/snapshot`` of a mounted filesystem names all
snapshots without that, each with the number of the object that stores it. A snapshot
keeps its number when it is renamed. The number of a destroyed snapshot may be given to a
new one, whose createtxg is higher. So a note, which holds for one name and one number in
a dataset of one guid, can be wrong in one way only: it may tell of an older snapshot.
No snapshot is destroyed on the word of a note: a prune reads its victims anew.

Notes are kept in the folder that ``ZFSTUNE_CACHE`` names (empty: nowhere), else in the
folder that systemd gives to a unit with ``CacheDirectory=``, else, for root, in
``/var/cache/zfstune``. Where notes cannot be read or written, ZFS is asked instead.
"""

from __future__ import annotations

import os
from itertools import chain

from zfstune.host.files import make_cache_folder, replace_file
from zfstune.values.state import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset

    # Number of the object, guid, createtxg, creation; 0: not known.
    Note = list[int]
    # Guid of the dataset, and the note of each of its snapshots by short name.
    Notebook = tuple[int, dict[str, Note]]

__all__ = ["READ_AT_ONCE", "Notes"]

# The number of snapshots that are read together: all properties of one take some 20 KiB.
READ_AT_ONCE = 1000

_NAME = "snapshots.json"
_NUMBERS = 4  # in each note
# Beyond this number, notes of datasets that this run did not look at are dropped.
_MOST = 1_000_000


class Notes:
    """Lists snapshots, and asks ZFS only once for their unchanging facts."""

    def __init__(self, folder: str = "") -> None:
        self._folder = folder
        self._unread = bool(folder)
        self._known: dict[str, Notebook] = {}
        self._met: set[str] = set()
        self._news = False

    def listings(
        self,
        engine: Engine,
        datasets: Iterable[str],
        read: Mapping[str, Dataset],
        *,
        dated: Container[str] = (),
        clones: bool = False,
    ) -> dict[str, list[Snapshot]]:
        """List the snapshots of each dataset, oldest first by createtxg.

        Args:
            engine: Reads the facts that are not noted.
            datasets: Full names of the datasets.
            read: Datasets that the caller has read already, by name.
            dated: Names of the datasets whose snapshots are to have their ``creation``.
            clones: Whether snapshots are to have their number of clones, for which ZFS
                opens each of them.
        """
        names = list(datasets)
        if names and self._unread:  # a prune without datasets need not read the file
            self._unread = False
            self._known = _read(os.path.join(self._folder, _NAME))
        noted = self._folder and not clones
        numbers = engine.snapshot_numbers(names) if noted else {}
        for name in numbers:
            dataset = read[name] if name in read else engine.dataset(name)
            if self._known.get(name, (dataset.guid,))[0] != dataset.guid:
                self.forget(name)  # another dataset had that name
            self._known.setdefault(name, (dataset.guid, {}))
        self._renew(engine, numbers, dated)
        return {
            name: _snapshots(name, self._known[name][1])
            if name in numbers
            else self._listed(engine, name, timed=name in dated)
            for name in names
        }

    def _renew(
        self,
        engine: Engine,
        numbers: Mapping[str, Mapping[str, int]],
        dated: Container[str],
    ) -> None:
        """Drop the notes of snapshots that are gone, and read those without a note."""
        new: dict[bool, list[str]] = {False: [], True: []}
        for name, number_by_short_name in numbers.items():
            timed = name in dated
            guid, before = self._known[name]
            notes = {}
            for short, number in number_by_short_name.items():
                note = before.get(short)
                if note is None or note[0] != number or (timed and not note[3]):
                    new[timed].append(f"{name}@{short}")
                else:
                    notes[short] = note
            self._keep(name, (guid, notes), changed=len(notes) != len(before))
        for timed, snapshots in new.items():
            for snapshot in _read_all(engine, snapshots, timed=timed):
                name, short = snapshot.dataset, snapshot.short_name
                self._known[name][1][short] = _note(snapshot, numbers[name][short])
                self._news = True

    def _listed(self, engine: Engine, name: str, *, timed: bool) -> list[Snapshot]:
        """List by ZFS' own call, for a dataset whose numbers cannot be read."""
        if not timed:
            return engine.snapshots(name)
        if not self._folder:
            return [_lean(s, s.creation) for s in engine.snapshots(name, dated=True)]
        listed = engine.snapshots(name)
        if listed and all(s.creation is not None for s in listed):
            return listed  # an image gives the times with the list: notes gain nothing
        guid, before = self._known.get(name, (0, {}))
        known = {note[1]: note for note in before.values() if note[3]}
        new = [s.name for s in listed if s.guid not in known]
        known |= {s.guid: _note(s) for s in _read_all(engine, new, timed=True)}
        notes = {s.short_name: known[s.guid] for s in listed if s.guid in known}
        self._keep(name, (guid, notes), changed=notes != before)
        return [_lean(s, known[s.guid][3]) if s.guid in known else s for s in listed]

    def _keep(self, dataset: str, notes: Notebook, *, changed: bool) -> None:
        self._news = self._news or changed
        self._known[dataset] = notes
        self._met.add(dataset)

    def forget(self, dataset: str) -> None:
        """Drop the notes of a dataset: one of them turned out to be wrong."""
        self._news = self._known.pop(dataset, None) is not None or self._news
        self._met.discard(dataset)

    def save(self) -> None:
        """Write the notes for the next run."""
        if not self._folder or not self._news:
            return
        import json  # noqa: PLC0415 (1.4 ms that a run without notes saves)

        full = sum(len(notes) for _, notes in self._known.values()) > _MOST
        kept = self._met if full else self._known
        text = json.dumps({dataset: self._known[dataset] for dataset in kept})
        path = os.path.join(self._folder, _NAME)
        try:
            make_cache_folder(self._folder)
            replace_file(path, text, mode=0o600, durable=False)
        except OSError:  # the next run asks again
            return


def _read_all(engine: Engine, names: list[str], *, timed: bool) -> Iterable[Snapshot]:
    for start in range(0, len(names), READ_AT_ONCE):
        some = names[start : start + READ_AT_ONCE]
        yield from engine.find_snapshots(some, properties=timed).values()


def _snapshots(dataset: str, notes: Mapping[str, Note]) -> list[Snapshot]:
    """Return the snapshots that notes tell of, oldest first."""
    listed = [
        Snapshot(f"{dataset}@{short}", guid, createtxg, creation=creation or None)
        for short, (_, guid, createtxg, creation) in notes.items()
    ]
    listed.sort(key=lambda snapshot: snapshot.createtxg)
    return listed


def _note(snapshot: Snapshot, number: int = 0) -> Note:
    return [number, snapshot.guid, snapshot.createtxg, snapshot.creation or 0]


def _are_sound(notes: Mapping[str, Note]) -> bool:
    """Tell whether each of the notes that were read is made of four whole numbers."""
    lengths = set(map(len, notes.values()))
    types = set(map(type, chain.from_iterable(notes.values())))
    return lengths <= {_NUMBERS} and types <= {int}


def _lean(snapshot: Snapshot, creation: int | None) -> Snapshot:
    """Copy a snapshot without its properties: those of 100,000 would fill the memory."""
    name, guid, createtxg = snapshot.name, snapshot.guid, snapshot.createtxg
    return Snapshot(name, guid, createtxg, snapshot.clones, creation=creation)


def _read(path: str) -> dict[str, Notebook]:
    """Read the notes of each dataset; one that others could have written does not count."""
    import json  # noqa: PLC0415 (1.4 ms that a run without notes saves)

    try:
        with open(path, encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return {}
            content = json.load(file)
        known: dict[str, Notebook] = {}
        for dataset, (guid, notes) in content.items():
            if type(guid) is not int or not _are_sound(notes):
                return {}
            known[dataset] = guid, notes
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return known

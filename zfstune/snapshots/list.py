"""What snapshots keep for life, noted from one run to the next.

Guid, createtxg and creation are the dear part of a listing: for them ZFS opens each
snapshot. The directory ``.zfs/snapshot`` of a mounted filesystem names all of them
without that, with the number of the object that each is stored as. A snapshot keeps
its number whatever it is renamed to; that of a destroyed one may be given again, to a
snapshot with a higher createtxg. So what is noted of a name and a number, in a dataset
of the guid noted, can be wrong in one way: it takes a snapshot for older than it is.
Nobody destroys by a note: what is to go is read anew, guid and all.

Notes are kept in the folder that ``ZFSTUNE_CACHE`` names (empty: nowhere), else in the
one that systemd gives a unit with ``CacheDirectory=``, else, for root, in
``/var/cache/zfstune``. Notes that cannot be read or written are done without.
"""

from __future__ import annotations

import os

from zfstune.host.files import make_cache_folder, replace_file
from zfstune.values.state import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset

    # number of the object; guid; createtxg; creation. 0: not known.
    Note = list[int]
    # guid of the dataset; what is noted of each snapshot by its short name
    Notebook = tuple[int, dict[str, Note]]

__all__ = ["Notes"]

_NAME = "snapshots.json"
# All properties of a snapshot take some 20 KiB here: so many are read together.
_AT_ONCE = 1000
# More than so many, and those of datasets that this run did not look at are dropped.
_MOST = 1_000_000


class Notes:
    """Lists snapshots, and asks ZFS once for what they keep for life."""

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
            engine: Asked for what is not noted.
            datasets: Which ones.
            read: What the caller has read of datasets already.
            dated: Those of them whose snapshots are to have their ``creation``.
            clones: Snapshots are to say how many clones hang on each, which takes
                opening it.
        """
        names = list(datasets)
        if names and self._unread:  # a prune that finds nothing to look at is quick
            self._unread = False
            self._known = _read(os.path.join(self._folder, _NAME))
        noted = self._folder and not clones
        numbers = engine.snapshot_numbers(names) if noted else {}
        for name in numbers:
            of = (read[name] if name in read else engine.dataset(name)).guid
            if self._known.get(name, (of,))[0] != of:
                self.forget(name)  # of another dataset, which had that name
            self._known.setdefault(name, (of, {}))
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
        """Drop the notes of what is gone, and read what has none."""
        new: dict[bool, list[str]] = {False: [], True: []}
        for name, of_dataset in numbers.items():
            timed = name in dated
            guid, before = self._known[name]
            notes = {}
            for short, number in of_dataset.items():
                note = before.get(short)
                if note is None or note[0] != number or (timed and not note[3]):
                    new[timed].append(f"{name}@{short}")
                else:
                    notes[short] = note
            self._keep(name, (guid, notes), changed=len(notes) != len(before))
        for timed, those in new.items():
            for found in _read_all(engine, those, timed=timed):
                name, short = found.dataset, found.short_name
                self._known[name][1][short] = _note(found, numbers[name][short])
                self._news = True

    def _listed(self, engine: Engine, name: str, *, timed: bool) -> list[Snapshot]:
        """List by ZFS' own call, where nothing gives the numbers."""
        if not timed:
            return engine.snapshots(name)
        if not self._folder:
            return [_lean(s, s.creation) for s in engine.snapshots(name, dated=True)]
        listed = engine.snapshots(name)
        if listed and all(s.creation is not None for s in listed):
            return listed  # of an image: nothing is worth a note
        of, before = self._known.get(name, (0, {}))
        known = {note[1]: note for note in before.values() if note[3]}
        new = [s.name for s in listed if s.guid not in known]
        known |= {s.guid: _note(s) for s in _read_all(engine, new, timed=True)}
        notes = {s.short_name: known[s.guid] for s in listed if s.guid in known}
        self._keep(name, (of, notes), changed=notes != before)
        return [_lean(s, known[s.guid][3]) if s.guid in known else s for s in listed]

    def _keep(self, dataset: str, notes: Notebook, *, changed: bool) -> None:
        self._news = self._news or changed
        self._known[dataset] = notes
        self._met.add(dataset)

    def forget(self, dataset: str) -> None:
        """Drop the notes of a dataset, of which one turned out wrong."""
        self._news = self._known.pop(dataset, None) is not None or self._news
        self._met.discard(dataset)

    def save(self) -> None:
        """Keep what is known for the next run."""
        if not self._folder or not self._news:
            return
        import json  # noqa: PLC0415 (where there is a folder)

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
    for at in range(0, len(names), _AT_ONCE):
        some = names[at : at + _AT_ONCE]
        yield from engine.find_snapshots(some, properties=timed).values()


def _snapshots(dataset: str, notes: Mapping[str, Note]) -> list[Snapshot]:
    """Give what is noted as a listing, oldest first."""
    listed = [
        Snapshot(f"{dataset}@{short}", guid, createtxg, creation=creation or None)
        for short, (_, guid, createtxg, creation) in notes.items()
    ]
    listed.sort(key=lambda snapshot: snapshot.createtxg)
    return listed


def _note(snapshot: Snapshot, number: int = 0) -> Note:
    return [number, snapshot.guid, snapshot.createtxg, snapshot.creation or 0]


def _lean(snapshot: Snapshot, creation: int | None) -> Snapshot:
    """Give it with its time, and no properties: of 100,000 they would fill the memory."""
    name, guid, createtxg = snapshot.name, snapshot.guid, snapshot.createtxg
    return Snapshot(name, guid, createtxg, snapshot.clones, creation=creation)


def _read(path: str) -> dict[str, Notebook]:
    """Read notes by dataset; those that another user could have written are none."""
    import json  # noqa: PLC0415 (as above)

    try:
        with open(path, encoding="utf-8") as file:
            at = os.fstat(file.fileno())
            if at.st_uid != os.geteuid() or at.st_mode & 0o022:
                return {}
            found = json.load(file)
        known: dict[str, Notebook] = {}
        for dataset, (of, notes) in found.items():
            for number, guid, createtxg, creation in notes.values():
                of + number + guid + createtxg + creation  # all are numbers
            known[dataset] = of, notes
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return known

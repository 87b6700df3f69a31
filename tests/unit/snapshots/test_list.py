"""Notes on snapshots: each fact is read once, and notes of others are not believed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_engine import FakeEngine
from zfstune.host import files
from zfstune.host.files import cache_folder
from zfstune.retention.prune import prune
from zfstune.snapshots import list as listing
from zfstune.snapshots.list import Notes
from zfstune.values.frozen import replace
from zfstune.values.marks import SNAPSHOT_PROPERTY
from zfstune.values.state import NONE, PropertyValue, Snapshot

if TYPE_CHECKING:
    from pathlib import Path

ANEW = ["snapshots", "find_snapshots"]
BY_NUMBER = ["snapshot_numbers", "find_snapshots"]


@pytest.fixture
def engine() -> FakeEngine:
    """Make an engine with three snapshots of known times, which records each call."""
    made = FakeEngine("tank/a")
    for number in (1, 2, 3):
        take(made, number)
    return made


def take(engine: FakeEngine, number: int) -> None:
    """Take a snapshot at that time, with more properties than its creation."""
    found = {"used": PropertyValue(str(number), NONE)}
    name = f"tank/a@{number}"
    engine.taken[name] = Snapshot(name, 10 + number, number, 0, found, number)


def numbered(engine: FakeEngine) -> None:
    """Mount the dataset, so that each of its snapshots has a number."""
    engine.numbers["tank/a"] = {
        s.short_name: 100 + s.createtxg for s in engine.taken.values()
    }


def asked(engine: FakeEngine, notes: Notes) -> list[str]:
    """List, check the times, and return the calls that it took."""
    calls: list[str] = []
    engine.before = calls.append
    [listed] = notes.listings(engine.seam, ["tank/a"], {}, dated={"tank/a"}).values()
    assert [s.createtxg for s in listed] == sorted(
        s.createtxg for s in engine.taken.values()
    )
    assert [s.creation for s in listed] == [s.createtxg for s in listed]
    assert [s.guid for s in listed] == [engine.taken[s.name].guid for s in listed]
    assert not any(s.properties for s in listed)
    return [
        call
        for call in calls
        if call != "dataset" and (engine.numbers or call != "snapshot_numbers")
    ]


def test_without_a_folder_all_is_read_each_time(engine: FakeEngine) -> None:
    """One call lists everything, and no file is written."""
    notes = Notes()
    assert asked(engine, notes) == ["snapshots"]
    notes.save()


def test_what_is_known_is_not_asked_again(engine: FakeEngine, tmp_path: Path) -> None:
    """The next run reads only snapshots that were taken since."""
    folder = os.fspath(tmp_path)
    first = Notes(folder)
    assert asked(engine, first) == ANEW
    first.save()
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    second = Notes(folder)
    assert asked(engine, second) == ["snapshots"]
    second.save()
    take(engine, 4)
    assert asked(engine, Notes(folder)) == ANEW


class Dating(FakeEngine):
    """An engine that lists with the time of creation, as an image does."""

    def snapshots(self, dataset: str, **_: bool) -> list[Snapshot]:
        """List everything but the properties."""
        found = super().snapshots(dataset, dated=True)
        return [replace(snapshot, properties={}) for snapshot in found]


@pytest.mark.parametrize("noted", [False, True])
def test_a_listing_that_gives_times_is_all_it_takes(tmp_path: Path, *, noted: bool) -> None:
    """No snapshot is read by itself, and nothing is noted."""
    engine = Dating("tank/a")
    for number in (1, 2, 3):
        take(engine, number)
    for _ in range(2):
        notes = Notes(os.fspath(tmp_path) if noted else "")
        assert asked(engine, notes) == ["snapshots"]
        notes.save()
    assert not any(tmp_path.iterdir())


def test_by_number_nothing_is_listed(engine: FakeEngine, tmp_path: Path) -> None:
    """With numbers, ZFS is asked only for new snapshots."""
    folder = os.fspath(tmp_path)
    numbered(engine)
    for known in (BY_NUMBER, ["snapshot_numbers"]):
        notes = Notes(folder)
        assert asked(engine, notes) == known
        notes.save()
    take(engine, 4)
    numbered(engine)
    assert asked(engine, Notes(folder)) == BY_NUMBER


def test_a_time_that_was_not_noted_is_asked_for(tmp_path: Path) -> None:
    """A rule that counts needs no times; the first rule of time after it reads them."""
    engine = FakeEngine("tank/a")
    engine.taken["tank/a@1"] = Snapshot("tank/a@1", 11, 1)
    numbered(engine)
    notes = Notes(os.fspath(tmp_path))
    assert notes.listings(engine.seam, ["tank/a"], {}) == {
        "tank/a": [*engine.taken.values()]
    }
    notes.save()
    take(engine, 1)
    assert asked(engine, Notes(os.fspath(tmp_path))) == BY_NUMBER


def test_clones_are_not_noted(engine: FakeEngine, tmp_path: Path) -> None:
    """For the number of clones, ZFS opens each snapshot."""
    numbered(engine)
    notes = Notes(os.fspath(tmp_path))
    asked(engine, notes)
    calls: list[str] = []
    engine.before = calls.append
    notes.listings(engine.seam, ["tank/a"], {}, clones=True)
    assert calls == ["snapshots", "dataset"]


def test_times_outlast_a_dataset_that_is_unmounted(
    engine: FakeEngine, tmp_path: Path
) -> None:
    """Notes are found by guid without numbers, and are still known with them."""
    numbered(engine)
    notes = Notes(os.fspath(tmp_path))
    assert asked(engine, notes) == BY_NUMBER
    engine.numbers.clear()
    assert asked(engine, notes) == ["snapshots"]
    numbered(engine)
    assert asked(engine, notes) == ["snapshot_numbers"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "[1]", "{", '{"tank/a": []}', '{"tank/a": {"x": 1}}', "\xff"),
        *('{"tank/a": [1, {"1": [101, 11]}]}', '{"tank/a": [1, {"1": [1, 2, "3", 4]}]}'),
        '{"tank/a": [null, {"1": [101, 11, 1, 1]}]}',
    ],
)
def test_notes_that_make_no_sense_are_none(
    engine: FakeEngine, tmp_path: Path, text: str
) -> None:
    """A damaged file makes ZFS read all again, and is written anew."""
    file = tmp_path / "snapshots.json"
    file.write_text(text, encoding="latin-1")
    file.chmod(0o600)
    notes = Notes(os.fspath(tmp_path))
    assert asked(engine, notes) == ANEW
    notes.save()
    assert len(json.loads(file.read_text())["tank/a"][1]) == 3


def test_notes_of_others_are_not_believed(engine: FakeEngine, tmp_path: Path) -> None:
    """Notes that others may write could make each snapshot look old."""
    file = tmp_path / "snapshots.json"
    note = {str(n): [0, 10 + n, 9, 9] for n in (1, 2, 3)}
    file.write_text(json.dumps({"tank/a": [1, note]}))
    file.chmod(0o666)
    assert asked(engine, Notes(os.fspath(tmp_path))) == ANEW


def test_notes_of_another_dataset_of_that_name_are_none(
    engine: FakeEngine, tmp_path: Path
) -> None:
    """A dataset that was destroyed and made anew gives its objects other numbers."""
    file = tmp_path / "snapshots.json"
    numbered(engine)
    note = {str(n): [100 + n, 50 + n, n, n] for n in (1, 2, 3)}
    file.write_text(json.dumps({"tank/a": [2, note]}))
    file.chmod(0o600)
    assert asked(engine, Notes(os.fspath(tmp_path))) == BY_NUMBER


def test_a_folder_that_is_not_there_is_done_without(engine: FakeEngine) -> None:
    """A folder that was given for the notes is not created."""
    notes = Notes("/does/not/exist")
    assert asked(engine, notes) == ANEW
    notes.save()


def test_a_draft_is_nobody_elses_and_does_not_stay(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that has the draft's name already is not written to, nor a link followed."""
    elsewhere = tmp_path / "elsewhere"
    notes_folder = tmp_path / "notes"
    notes_folder.mkdir()
    draft = notes_folder / f".snapshots.json.{bytes(8).hex()}.new"
    draft.symlink_to(elsewhere)
    monkeypatch.setattr("os.urandom", bytes)
    notes = Notes(str(notes_folder))
    asked(engine, notes)
    notes.save()
    assert not elsewhere.exists()
    assert list(notes_folder.iterdir()) == [draft]
    draft.unlink()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", fail)
        notes.save()
    assert list(notes_folder.iterdir()) == []
    notes.save()
    assert list(notes_folder.iterdir()) == [notes_folder / "snapshots.json"]


def test_the_folder_of_root_is_made(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root has a folder by default, as other commands of the system do."""
    folder = tmp_path / "cache" / "zfstune"
    monkeypatch.setattr(files, "CACHE", os.fspath(folder))
    notes = Notes(cache_folder({}, root=True))
    asked(engine, notes)
    notes.save()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert asked(engine, Notes(os.fspath(folder))) == ["snapshots"]


def test_what_is_gone_is_dropped(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notes of a listed dataset go at once, notes of others when there are too many."""
    file = tmp_path / "snapshots.json"
    notes = {
        "tank/a": [1, {"1": [0, 11, 1, 1], "gone": [0, 99, 1, 1]}],
        "tank/b": [1, {"1": [0, 50, 1, 1]}],
    }
    for most, left in ((100, {"tank/a", "tank/b"}), (3, {"tank/a"})):
        file.write_text(json.dumps(notes))
        file.chmod(0o600)
        monkeypatch.setattr(listing, "_MOST", most)
        kept = Notes(os.fspath(tmp_path))
        asked(engine, kept)
        kept.save()
        found = json.loads(file.read_text())
        assert found["tank/a"] == [1, {str(n): [0, 10 + n, n, n] for n in (1, 2, 3)}]
        assert set(found) == left


class Disk(FakeEngine):
    """A dataset whose snapshots are objects: taken, destroyed, renamed."""

    def __init__(self) -> None:
        super().__init__("tank/a")
        self.programs = 0
        self.objects: dict[str, int] = {}

    def snapshot_numbers(self, datasets: object) -> dict[str, dict[str, int]]:
        """Return the numbers of the objects that exist."""
        del datasets
        there = {name.partition("@")[2] for name in self.taken}
        self.objects = {s: n for s, n in self.objects.items() if s in there}
        return {"tank/a": dict(self.objects)}

    def take(self, short: str, number: int) -> None:
        """Take a snapshot, as the first object at or after a number that is free."""
        self.snapshot_numbers(())
        if short in self.objects:
            return
        while number in self.objects.values():
            number += 1
        self.objects[short] = number
        self.take_snapshots([f"tank/a@{short}"], properties={SNAPSHOT_PROPERTY: "auto"})

    def destroy(self, short: str) -> None:
        """Destroy a snapshot, if it is there."""
        self.taken.pop(f"tank/a@{short}", None)

    def rename(self, short: str, new: str) -> None:
        """Rename a snapshot, which keeps its object."""
        self.snapshot_numbers(())
        if short in self.objects and new not in self.objects:
            self.objects[new] = self.objects.pop(short)
            old = self.taken.pop(f"tank/a@{short}")
            name = f"tank/a@{new}"
            self.taken[name] = Snapshot(name, old.guid, old.createtxg, 0, old.properties)


SHORTS = st.sampled_from("abcdefgh")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), SHORTS, st.integers(0, 12)),
        st.tuples(st.just("destroy"), SHORTS),
        st.tuples(st.just("rename"), SHORTS, SHORTS),
        st.tuples(st.just("prune"), st.integers(1, 4)),
    ),
    max_size=30,
)


@given(STEPS)
def test_notes_never_let_go_what_a_listing_keeps(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[object, ...]]
) -> None:
    """The newest snapshots stay after any change of names and numbers, by a second run."""
    disk = Disk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZFSTUNE_CACHE", os.fspath(tmp_path_factory.mktemp("notes")))
        for verb, *args in [*steps, ("prune", 2), ("prune", 2)]:
            if verb != "prune":
                getattr(disk, str(verb))(*args)
                continue
            [keep] = args
            assert isinstance(keep, int)
            newest = sorted(disk.taken.values(), key=lambda s: s.createtxg)[-keep:]
            prune("tank/a", keep=keep, match="*", engine=disk.seam)
            assert {s.name for s in newest} <= disk.taken.keys()
    assert disk.taken.keys() == {s.name for s in newest}

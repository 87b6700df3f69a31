"""Times of creation, remembered by guid: asked once, and never believed from others."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune import dating
from zfstune.dating import Dates, cache_folder
from zfstune.state import NONE, PropertyValue, Snapshot

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def engine() -> FakeEngine:
    """Give a dataset with three snapshots of known times, which notes what is asked."""
    made = FakeEngine("tank/a")
    for number in (1, 2, 3):
        take(made, number)
    return made


def take(engine: FakeEngine, number: int) -> None:
    """Have a snapshot taken at that time, with more properties than that."""
    found = {n: PropertyValue(str(number), NONE) for n in ("creation", "used")}
    name = f"tank/a@{number}"
    engine.taken[name] = Snapshot(name, 10 + number, number, 0, found)


def asked(engine: FakeEngine, dates: Dates) -> list[str]:
    """List, and give the calls that it took; the times must be right."""
    calls: list[str] = []
    engine.before = calls.append
    listed = dates.snapshots(engine.seam, "tank/a")
    assert [s.creation for s in listed] == [s.createtxg for s in listed]
    assert {name for s in listed for name in s.properties} == {"creation"}
    return [call for call in calls if call != "dataset"]


def test_without_a_folder_all_is_read_each_time(engine: FakeEngine) -> None:
    """One listing that gives all; nothing is written anywhere."""
    dates = Dates()
    assert asked(engine, dates) == ["snapshots"]
    dates.save()


def test_what_is_known_is_not_asked_again(engine: FakeEngine, tmp_path: Path) -> None:
    """The next run reads only what was taken since."""
    folder = os.fspath(tmp_path)
    first = Dates(folder)
    assert asked(engine, first) == ["snapshots", "find_snapshots"]
    first.save()
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    second = Dates(folder)
    assert asked(engine, second) == ["snapshots"]
    second.save()
    take(engine, 4)
    assert asked(engine, Dates(folder)) == ["snapshots", "find_snapshots"]


@pytest.mark.parametrize(
    "text", ["", "[1]", "{", '{"tank/a": []}', '{"tank/a": {"x": 1}}', "\xff"]
)
def test_notes_that_make_no_sense_are_none(
    engine: FakeEngine, tmp_path: Path, text: str
) -> None:
    """A damaged file costs a reading, and is written anew."""
    file = tmp_path / "creation.json"
    file.write_text(text, encoding="latin-1")
    dates = Dates(os.fspath(tmp_path))
    assert asked(engine, dates) == ["snapshots", "find_snapshots"]
    dates.save()
    assert len(json.loads(file.read_text())["tank/a"]) == 3


def test_notes_of_others_are_not_believed(engine: FakeEngine, tmp_path: Path) -> None:
    """What others may write could say that all is old."""
    file = tmp_path / "creation.json"
    file.write_text('{"tank/a": {"11": 9, "12": 9, "13": 9}}')
    file.chmod(0o666)
    assert asked(engine, Dates(os.fspath(tmp_path))) == ["snapshots", "find_snapshots"]


def test_a_folder_that_is_not_there_is_done_without(engine: FakeEngine) -> None:
    """Nothing is made for the notes: whoever wants them gives a folder."""
    dates = Dates("/does/not/exist")
    assert asked(engine, dates) == ["snapshots", "find_snapshots"]
    dates.save()


def test_what_is_gone_is_dropped(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a dataset that is listed at once; of others, once there are too many notes."""
    file = tmp_path / "creation.json"
    notes = {"tank/a": {"11": 1, "99": 1}, "tank/b": {"50": 1}}
    for most, left in ((100, {"tank/a", "tank/b"}), (3, {"tank/a"})):
        file.write_text(json.dumps(notes))
        file.chmod(0o600)
        monkeypatch.setattr(dating, "_MOST", most)
        dates = Dates(os.fspath(tmp_path))
        asked(engine, dates)
        dates.save()
        found = json.loads(file.read_text())
        assert found["tank/a"] == {"11": 1, "12": 2, "13": 3}
        assert set(found) == left


def test_where_the_folder_comes_from() -> None:
    """Where systemd gives several, the first is meant; the user's word wins."""
    assert cache_folder({}) == ""
    assert cache_folder({"CACHE_DIRECTORY": "/a:/b"}) == "/a"
    assert cache_folder({"CACHE_DIRECTORY": "/a", "ZFSTUNE_CACHE": "/c"}) == "/c"

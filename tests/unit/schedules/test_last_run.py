"""The outcome of a run as JSON, which is read back or found to be none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.schedules.last_run import LastRun
from zfstune.values.frozen import replace

GUID = 2**64 - 1
RUN = LastRun("tank/a", "prune", 1, 2, "", 0, 3, 1, GUID)
LATEST = 253_402_300_799
times = st.integers(0, LATEST)


@given(st.text(), st.text(), times, times, st.text(), times, st.integers(0, GUID))
def test_json_goes_round(  # noqa: PLR0917 (one for each kind of field)
    dataset: str, job: str, began: int, ended: int, error: str, taken: int, guid: int
) -> None:
    """A run is read back from its JSON, which is one line."""
    run = LastRun(dataset, job, began, ended, error, taken, dataset_guid=guid)
    text = run.to_json()
    assert LastRun.from_json(text) == run
    assert text.index("\n") == len(text) - 1
    assert json.loads(text) == {
        "dataset": dataset,
        "job": job,
        "began": began,
        "ended": ended,
        "error": error,
        "taken": taken,
        "destroyed": 0,
        "spared": 0,
        "dataset_guid": str(guid),
        "sent": 0,
    }


@pytest.mark.parametrize(
    "field", ["began", "ended", "taken", "destroyed", "spared", "sent"]
)
def test_a_number_has_bounds(field: str) -> None:
    """A number below zero, or beyond the end of Python's calendar, makes no run."""
    document = json.loads(RUN.to_json())
    for number in (0, LATEST):
        assert LastRun.from_json(json.dumps({**document, field: number})) is not None
    for number in (-1, LATEST + 1):
        assert LastRun.from_json(json.dumps({**document, field: number})) is None


def test_notes_of_earlier_versions_are_read() -> None:
    """A note without the number of its dataset is one with the number zero."""
    document = json.loads(RUN.to_json())
    del document["dataset_guid"]
    assert LastRun.from_json(json.dumps(document)) == replace(RUN, dataset_guid=0)


@pytest.mark.parametrize(
    ("guid", "is_read"),
    [("0", True), ("9" * 20, True), ("1" * 21, False), ("", False), (" 1", False)],
)
def test_a_guid_has_twenty_digits_at_most(guid: str, *, is_read: bool) -> None:
    """A number of 64 bits has no more digits."""
    text = json.dumps({**json.loads(RUN.to_json()), "dataset_guid": guid})
    assert (LastRun.from_json(text) is not None) == is_read


@given(st.text(max_size=60))
def test_what_is_no_note_is_none(text: str) -> None:
    """Any text that is no note is read as None."""
    assert LastRun.from_json(text) is None


def test_a_note_with_wrong_types_is_none() -> None:
    """A note with a wrong type, a missing key or a number out of bounds is read as None."""
    good = RUN.to_json()
    assert LastRun.from_json(good) == RUN
    bad_ones = [
        good.replace('"began": 1', '"began": "1"'),
        good.replace('"began": 1', '"began": true'),
        good.replace('"ended": 2', '"ended": -2'),
        good.replace('"ended": 2', f'"ended": {10**18}'),
        good.replace('"ended": 2', f'"ended": {"9" * 5000}'),
        good.replace(f'"{GUID}"', str(GUID)),
        good.replace(f'"{GUID}"', '"-1"'),
        good.replace(f'"{GUID}"', '"\u0661"'),
        good.replace(f'"{GUID}"', f'"{"1" * 5000}"'),
        '{"dataset": "x"}',
        "[]",
        "3",
    ]
    for bad in bad_ones:
        assert bad != good
        assert LastRun.from_json(bad) is None


def test_a_note_of_an_earlier_version_is_read() -> None:
    """It sent nothing."""
    document = json.loads(RUN.to_json())
    del document["sent"]
    assert LastRun.from_json(json.dumps(document)) == RUN

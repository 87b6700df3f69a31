"""TrueNAS' periodic snapshot tasks, as its middleware prints them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reading_oracle import in_force
from zfstune.retention.imports.convert import convert
from zfstune.values.errors import PolicyError

TREE = ("tank", "tank/a", "tank/a/b", "tank/c")
TASK: dict[str, Any] = {
    "id": 3,
    "dataset": "tank/a",
    "recursive": True,
    "lifetime_value": 2,
    "lifetime_unit": "WEEK",
    "enabled": True,
    "exclude": [],
    "naming_schema": "auto-%Y-%m-%d_%H-%M",
    "allow_empty": True,
    "schedule": {
        "minute": "00",
        "hour": "*",
        "dom": "*",
        "month": "*",
        "dow": "*",
        "begin": "00:00",
        "end": "23:59",
    },
    "vmware_sync": False,
    "state": {"state": "FINISHED", "datetime": {"$date": 1764374400000}},
}
HOURLY = (
    r"regex=auto\-[0-9]{4}\-(?:0[1-9]|1[0-2])\-(?:0[1-9]|[12][0-9]|3[01])_"
    r"(?:[01][0-9]|2[0-3])\-00"
)


def printed(*tasks: dict[str, Any]) -> str:
    """Write a list of tasks, each with some keys changed."""
    return json.dumps([{**TASK, **each} for each in tasks])


def only(**fields: str) -> dict[str, Any]:
    """Return the task's schedule with some fields changed."""
    return {"schedule": {**TASK["schedule"], **fields}}


def test_a_task_is_read() -> None:
    """A task gives its dataset and those below a policy, with notes."""
    reading = convert("truenas", printed({}), TREE)
    assert [(each.dataset, each.text) for each in reading.policies] == [
        ("tank/a", f"{HOURLY} within=14d")
    ]
    assert reading.left_out == ()
    notes = reading.policies[0].notes
    assert len(notes) == 4
    assert "removal date" in notes[2]
    assert "replication tasks are not read" in notes[3]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (36, "HOUR", "36h"),
        (3, "DAY", "3d"),
        (6, "WEEK", "6w"),
        (2, "MONTH", "60d"),
        (1, "YEAR", "365d"),
    ],
)
def test_lifetimes(value: int, unit: str, text: str) -> None:
    """Months have 30 days and years 365, as in lifetime_timedelta() of middlewared."""
    task = {"lifetime_value": value, "lifetime_unit": unit}
    [imported] = convert("truenas", printed(task), TREE).policies
    assert imported.text == f"{HOURLY} within={text}"


def test_hourly_and_daily_of_one_schema() -> None:
    """A snapshot of two tasks stays for the longer of their lifetimes."""
    daily = {**only(hour="0"), "lifetime_value": 2, "lifetime_unit": "MONTH", "id": 4}
    [imported] = convert("truenas", printed({}, daily), TREE).policies
    midnight = HOURLY.replace("(?:[01][0-9]|2[0-3])", "00")
    assert imported.text == f"{HOURLY} within=14d; {midnight} within=60d"


def test_those_that_are_off() -> None:
    """A disabled task is not handed to zettarepl, so that its snapshots stay."""
    off = {"enabled": False, "dataset": "tank/c"}
    reading = convert("truenas", printed({}, off), TREE)
    assert [name for name in TREE if in_force(reading, name)] == ["tank/a", "tank/a/b"]
    with pytest.raises(PolicyError, match="nothing in it prunes"):
        convert("truenas", printed(off), TREE)


def test_a_task_that_does_not_say_whether_it_is_recursive() -> None:
    """Such a task is for its own dataset alone."""
    task = {key: value for key, value in TASK.items() if key != "recursive"}
    reading = convert("truenas", json.dumps([task]), TREE)
    assert [name for name in TREE if in_force(reading, name)] == ["tank/a"]


def test_weekly() -> None:
    """A task by days of the week is left out, with a policy that may do."""
    [left_out] = convert("truenas", printed(only(dow="7", hour="0")), TREE).left_out
    assert left_out.name == "tank/a"
    assert left_out.reason.startswith("task 3: its schedule goes by the day of the week")
    assert left_out.hint.endswith("00\\-00 within=14d'")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"lifetime_value": 0}, "its lifetime is no number"),
        ({"lifetime_value": True}, "its lifetime is no number"),
        ({"lifetime_value": 10**6}, "its lifetime is no number"),
        ({"lifetime_unit": "days"}, "its lifetime is no number"),
        ({"lifetime_unit": []}, "its lifetime is no number"),
        ({"recursive": "yes"}, "should be true or false"),
        ({"enabled": "yes"}, "should be true or false"),
        ({"exclude": "a"}, "its 'exclude' is no list"),
        ({"exclude": [1]}, "its 'exclude' is no list"),
        ({"naming_schema": None}, "no 'naming_schema'"),
        ({"naming_schema": "auto-%s"}, "%s does not tell"),
        ({"schedule": None}, "or no 'schedule'"),
        ({"schedule": {"dom": "*", "day-of-month": "1"}}, "has one field under two keys"),
        (only(minute="61"), "minute: cannot read '61'"),
        ({"keep": 3}, "unknown key 'keep'"),
    ],
)
def test_what_is_left_out(fields: dict[str, Any], reason: str) -> None:
    """A task that is left out is named, and its datasets get no policy."""
    reading = convert("truenas", printed(fields, {"dataset": "tank/c"}), TREE)
    [left_out] = reading.left_out
    assert left_out.name == "tank/a"
    assert left_out.reason.startswith("task 3: ")
    assert reason in left_out.reason
    assert [name for name in TREE if in_force(reading, name)] == ["tank/c"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("{}", "no list of tasks"),
        ("[3]", "no list of tasks"),
        ('[{"a": 1, "a": 2}]', "a key is given twice"),
        ("[" * 100_000, ""),
        (printed({"dataset": None}), "task 3: it has no 'dataset'"),
        (printed({"dataset": "tank@a"}), "task 3: cannot use"),
        ("[{}]", "task 1: it has no 'dataset'"),
        ("[]", "nothing in it prunes"),
    ],
)
def test_what_is_no_list_of_tasks(text: str, reason: str) -> None:
    """A text that is no list of tasks is refused as a whole."""
    with pytest.raises(PolicyError, match=r"^cannot import from truenas") as no:
        convert("truenas", text, TREE)
    assert reason in no.value.message


def test_how_far_a_task_that_is_left_out_reaches() -> None:
    """A recursive task that no policy reproduces may prune what other tasks are for."""
    below = {"dataset": "tank/a/b"}
    for recursive, ruled in ((True, []), (False, ["tank/a/b"]), (None, ["tank/a/b"])):
        tasks = json.loads(printed(only(dow="7", hour="0"), below))
        tasks[0]["recursive"] = recursive
        if recursive is None:
            del tasks[0]["recursive"]
        reading = convert("truenas", json.dumps(tasks), TREE)
        assert [name for name in TREE if in_force(reading, name)] == ruled
        assert [each.name for each in reading.left_out] == ["tank/a"]


def test_notes_call_the_tool_by_its_name() -> None:
    """An excluded dataset is left alone by TrueNAS, as people write it."""
    reading = convert("truenas", printed({"exclude": ["tank/a/b"]}), TREE)
    [below, above] = reading.policies
    assert (below.dataset, below.text) == ("tank/a/b", "match=* never")
    assert below.notes[-1] == (
        "tank/a/b: TrueNAS leaves it alone, and so does its own policy"
    )
    assert (above.dataset, above.text) == ("tank/a", f"{HOURLY} within=14d")


def test_two_schemas_that_may_read_one_name() -> None:
    """TrueNAS destroys nothing whose name two of its schemas read differently."""
    other = {"naming_schema": "auto-%Y-%d-%m_%H-%M"}
    [left_out] = convert("truenas", printed({}, other), TREE).left_out
    assert left_out.name == "tank/a"
    assert "'auto-%Y-%d-%m_%H-%M' and 'auto-%Y-%m-%d_%H-%M'" in left_out.reason

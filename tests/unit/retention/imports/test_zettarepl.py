"""zettarepl's definition: its tasks become policies, unless its replication decides."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from reading_oracle import in_force, reasons_of
from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.reading import UNKNOWN_TREE
from zfstune.values.errors import PolicyError

TREE = ("data", "data/dst", "data/dst/a", "data/src", "data/src/a", "data/src/garbage")
# This has the form of zettarepl's own examples/push/local-replication.yaml.
SAMPLE = """\
timezone: "Europe/Moscow"

periodic-snapshot-tasks:
  src:
    dataset: data/src
    recursive: true
    exclude:
    - data/src/garbage
    lifetime: P365D
    naming-schema: snap-%Y-%m-%d-%H-%M
    schedule:
      minute: "0"
      hour: "*/6"
"""
NAMES = (
    r"snap\-[0-9]{4}\-(?:0[1-9]|1[0-2])\-(?:0[1-9]|[12][0-9]|3[01])\-(?:00|06|12|18)\-00"
)
REPLICATION = """\
replication-tasks:
  copy:
    direction: push
    transport:
      type: local
    source-dataset: data/src
    target-dataset: data/dst
    recursive: true
    periodic-snapshot-tasks: [src]
    auto: true
    retention-policy: source
"""


def refused(text: str, datasets: tuple[str, ...] | None = TREE) -> dict[str, str]:
    """Return the reasons, by the name of each part that is left out."""
    return reasons_of(convert("zettarepl", text, datasets))


def changed(old: str, new: str) -> str:
    """Return the sample with one text replaced."""
    assert old in SAMPLE
    return SAMPLE.replace(old, new)


def test_the_sample_is_read() -> None:
    """The expression holds the schedule, and excluded datasets are left alone."""
    for datasets in (None, TREE):
        reading = convert("zettarepl", SAMPLE, datasets)
        assert [(each.dataset, each.text) for each in reading.policies] == [
            ("data/src/garbage", "match=* never"),
            ("data/src", f"regex={NAMES} within=365d"),
        ]
        assert reading.left_out == ()
        notes = reading.policies[1].notes
        assert len(notes) == 2
        assert "from its name, by the wall clock" in notes[0]
        assert "always keeps the newest snapshot of each schedule" in notes[1]


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [
        ("P14D", 14 * 86400),
        ("P2W", 14 * 86400),
        ("PT36H", 36 * 3600),
        ("P1DT1H1M1S", 86400 + 3661),
        ("P1M", 31 * 86400),
        ("P1Y2M", (366 + 62) * 86400),
        ("P1Y", 366 * 86400),
    ],
)
def test_lifetimes(lifetime: str, seconds: int) -> None:
    """Lifetimes are those of ISO 8601; months and years are as long as they can be."""
    [*_, imported] = convert("zettarepl", changed("P365D", lifetime), TREE).policies
    [rule] = imported.policy.rules
    assert getattr(rule, "seconds", 0) == seconds
    said = any("counts months of 31 days" in note for note in imported.notes)
    assert said == (lifetime in ("P1M", "P1Y2M", "P1Y"))


def test_without_a_lifetime() -> None:
    """A task without a lifetime keeps for a hundred years, as with zettarepl."""
    text = changed("    lifetime: P365D\n", "")
    imported = convert("zettarepl", text, TREE).policies[1]
    assert imported.text.endswith("within=36500d")
    assert not any("months" in note for note in imported.notes)


def test_several_tasks_for_one_dataset() -> None:
    """Two tasks give two rules: a snapshot of both stays for the longer lifetime."""
    second = SAMPLE.partition("tasks:\n")[2].replace("  src:", "  daily:")
    daily = second.replace("*/6", "0").replace("P365D", "P9W")
    text = SAMPLE + daily
    [*_, imported] = convert("zettarepl", text, TREE).policies
    midnight = NAMES.replace("(?:00|06|12|18)", "00")
    assert imported.text == f"regex={NAMES} within=365d; regex={midnight} within=9w"
    [*_, imported] = convert(
        "zettarepl", SAMPLE + second.replace("P365D", "P400D"), TREE
    ).policies
    assert imported.text == f"regex={NAMES} within=400d"
    [*_, imported] = convert(
        "zettarepl", SAMPLE + second.replace("P365D", "P40D"), TREE
    ).policies
    assert imported.text == f"regex={NAMES} within=365d"


@pytest.mark.parametrize(
    ("schema", "ambiguous"),
    [
        ("snap-%Y-%d-%m-%H-%M", True),
        ("snap-%Y-%m-%d-%M-%H", True),
        ("SNAP-%Y-%d-%m-%H-%M", True),
        ("snap-%Y-%m%d-%H-%M", False),
        ("snap-%Y-%m-%d-%H-%M-%S", False),
        ("snap-%Y-%m-%d-%H-%M-1", False),
        ("x%Y-%d-%m-%H-%M", False),
        ("snap-%Y-%m-%d-%H-%M%z", True),
        ("hour-%Y-%m-%d-%H-%M%z", False),
        ("snap%Y-%m-%d-%H-%M", False),
    ],
)
def test_schemas_that_may_read_a_name_in_two_ways(*, schema: str, ambiguous: bool) -> None:
    """Schemas that may both read a name are refused, as zettarepl destroys nothing then."""
    second = SAMPLE.partition("tasks:\n")[2].replace("  src:", "  other:")
    text = SAMPLE + second.replace("snap-%Y-%m-%d-%H-%M", schema)
    reading = convert("zettarepl", text, TREE)
    assert (in_force(reading, "data/src") is None) == ambiguous
    assert ("in two ways" in refused(text).get("data/src", "")) == ambiguous


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("%Y-%m-%d_%H-%M", "2026-01-31_06-00"),
        ("a.b %Y%m%d%H%M%S", "a.b 20260131060059"),
        ("a.b %Y%m%d%H%M%S", "a.b  20260131060061"),
        ("%H:%M_%d.%m.%Y", "06:00_31.01.2026"),
        ("%Y-%m-%d_%H-%M%z", "2026-01-31_06-00--0300"),
        ("%Y-%m-%d_%H-%M%z", "2026-01-31_06-00-0300"),
        ("%Y-%m-%d_%H-%M%z", "2026-01-31_06-00:0300"),
    ],
)
def test_names_of_a_schema(schema: str, name: str) -> None:
    """Directives may stand in any order, and a zone's plus is two dashes."""
    text = changed("snap-%Y-%m-%d-%H-%M", f"'{schema}'")
    [*_, imported] = convert("zettarepl", text, TREE).policies
    regex = imported.policy.groups[0].regex or ""
    assert re.fullmatch(regex, name)
    for other in (
        f"x{name}",
        f"{name}x",
        name.replace("06", "07"),
        name.replace("31", "32"),
    ):
        assert not re.fullmatch(regex, other)


def test_names_that_no_clock_shows() -> None:
    """An expression matches only hours, days and months that exist."""
    text = changed('"*/6"', '"*"').replace('"0"', '"*"')
    [*_, imported] = convert("zettarepl", text, TREE).policies
    regex = re.compile(imported.policy.groups[0].regex or "")
    for month in range(14):
        for day in (0, 1, 9, 10, 28, 29, 30, 31, 32):
            for hour, minute in ((0, 0), (9, 59), (19, 60), (20, 5), (23, 59), (24, 0)):
                name = f"snap-2026-{month:02}-{day:02}-{hour:02}-{minute:02}"
                there = 0 < month < 13 and 0 < day < 32 and hour < 24 and minute < 60
                assert (regex.fullmatch(name) is not None) == there


@pytest.mark.parametrize(
    ("minute", "hour", "begin", "end", "times"),
    [
        ("*/15", "9,17", "09:30", "17:15", "09:30 09:45 17:00 17:15"),
        ("0", "*/8", "22:00", "08:00", "00:00 08:00"),
        ("0", "*/8", "08:00", "08:00", "00:00 08:00 16:00"),
        ("5-20/10", "1", "00:00", "23:59", "01:05 01:15"),
        ("59", "22-23", "00:00", "23:00", "22:59"),
    ],
)
def test_schedules(minute: str, hour: str, begin: str, end: str, times: str) -> None:
    """Hours whose minutes a window cuts off are told apart."""
    fields = f"minute: '{minute}'\n      hour: '{hour}'\n      begin: '{begin}'\n"
    text = changed('minute: "0"\n      hour: "*/6"\n', f"{fields}      end: '{end}'\n")
    [*_, imported] = convert("zettarepl", text, TREE).policies
    regex = re.compile(imported.policy.groups[0].regex or "")
    every = [datetime(2026, 1, 31, h, m) for h in range(24) for m in range(60)]  # noqa: DTZ001 (as names tell it)
    found = [f"{t:%H:%M}" for t in every if regex.fullmatch(f"{t:snap-%Y-%m-%d-%H-%M}")]
    assert " ".join(found) == times


def test_days_and_months() -> None:
    """Days of the month and months are in the expression; days of the week are refused."""
    more = '*/6"\n      day-of-month: "1,15-17/2"\n      month: "*/6"'
    [*_, imported] = convert("zettarepl", changed('*/6"', more), TREE).policies
    assert r"\-(?:01|07)\-(?:01|15|17)\-" in imported.text
    for day in ("*", "0-6", "1-7", "*/1"):
        text = changed('*/6"', f'*/6"\n      day-of-week: "{day}"')
        assert convert("zettarepl", text, TREE).left_out == ()
    for fields in ('day-of-week: "1-5"', 'day-of-week: "0-6"\n      day-of-month: "1"'):
        text = changed('*/6"', f'*/6"\n      {fields}')
        [left_out] = convert("zettarepl", text, TREE).left_out
        assert left_out.reason == (
            "task src: its schedule goes by the day of the week, which no snapshot's name "
            "tells"
        )
        assert (
            "if no other snapshots there have such names, this policy does the same: 'reg"
            in left_out.hint
        )
        assert "within=365d" in left_out.hint


def test_recursion_and_what_is_excluded() -> None:
    """Datasets are excluded by name with all below, or by a glob if they are known."""
    text = changed("- data/src/garbage", '- "*/gar*"')
    assert in_force(convert("zettarepl", text, TREE), "data/src/garbage") is None
    assert in_force(convert("zettarepl", text, TREE), "data/src/a") is not None
    assert refused(text, None) == {"data/src": UNKNOWN_TREE}
    alone = changed("recursive: true", "recursive: no").replace(
        "dataset: data/src", "dataset: data"
    )
    reading = convert("zettarepl", alone, TREE)
    assert [name for name in TREE if in_force(reading, name)] == ["data"]
    assert "created later below data inherits" in reading.policies[-1].notes[0]
    assert refused(alone, None) == {"data": UNKNOWN_TREE}
    outside = changed("- data/src/garbage", "- data/dst")
    reading = convert("zettarepl", outside, TREE)
    assert [each.dataset for each in reading.policies] == ["data/src"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("recursive: true", "recursive: 1", "neither true nor false"),
        ("    recursive: true\n", "", "neither true nor false"),
        ("exclude:\n    - data/src/garbage", "exclude: a", "'exclude' is no list"),
        ("naming-schema: snap-%Y-%m-%d-%H-%M", "naming-schema: [a]", "no 'naming-schema'"),
        ("snap-%Y-%m-%d-%H-%M", "snap-%Y-%m-%d-%H", "%M is missing"),
        ("snap-%Y-%m-%d-%H-%M", "snap-%s", "%s does not tell"),
        ("snap-%Y-%m-%d-%H-%M", "snap-%Y-%b-%m-%d-%H-%M", "%b does not tell"),
        ("snap-%Y-%m-%d-%H-%M", "snap-%Y-%Y-%m-%d-%H-%M", "part of the time twice"),
        ("snap-%Y-%m-%d-%H-%M", "snap%%-%Y-%m-%d-%H-%M", "no snapshot can have such"),
        ("snap-%Y-%m-%d-%H-%M", "snap+%Y-%m-%d-%H-%M", "no snapshot can have such"),
        ("snap-%Y-%m-%d-%H-%M", "snap-%Y-%m-%d-%H:%M%z", "%z cannot be told"),
        ("snap-%Y-%m-%d-%H-%M", "snap--%Y-%m-%d-%H-%M%z", "%z cannot be told"),
        ("snap-%Y-%m-%d-%H-%M", "snap-%Y-%m-%d-%H-%M-%z", "%z cannot be told"),
        ("P365D", "365", "should read like P14D"),
        ("P365D", "P", "should read like P14D"),
        ("P365D", "PT", "should read like P14D"),
        ("P365D", "P1DT", "should read like P14D"),
        ("P365D", "P1.5D", "should read like P14D"),
        ("P365D", "-P1D", "should read like P14D"),
        ("P365D", "P0D", "is zero"),
        ('minute: "0"', 'minute: "60"', "minute: cannot read '60'"),
        ('minute: "0"', 'minute: "5/10"', "minute: cannot read '5/10'"),
        ('minute: "0"', 'minute: "*/0"', "minute: cannot read '*/0'"),
        ('minute: "0"', 'minute: "9-3"', "minute: cannot read '9-3'"),
        ('minute: "0"', 'minute: ""', "minute: cannot read ''"),
        ('minute: "0"', 'minute: "1,"', "minute: cannot read '1,'"),
        ('minute: "0"', "minute: [1]", "cannot read"),
        ('minute: "0"', 'month: "0"', "month: cannot read '0'"),
        ('minute: "0"', 'month: "jan"', "month: cannot read 'jan'"),
        ('minute: "0"', 'day-of-month: "32"', "day-of-month: cannot read '32'"),
        ('minute: "0"', 'day-of-week: "8"', "day-of-week: cannot read '8'"),
        ('minute: "0"', 'second: "0"', "unknown key 'second'"),
        ('minute: "0"', 'begin: "9:00"', "begin and end should read like 09:00"),
        ('minute: "0"', 'end: "24:00"', "begin and end should read like 09:00"),
        ('minute: "0"', 'begin: "01:01"\n      end: "01:02"', "its schedule never runs"),
        ("    lifetime", "    keep: 1\n    lifetime", "unknown key 'keep'"),
    ],
)
def test_a_task_that_is_left_out(old: str, new: str, reason: str) -> None:
    """A task that is left out is named, and its dataset gets no policy."""
    text = changed(old, new)
    found = refused(text)
    assert reason in found["data/src"]
    assert found["data/src"].startswith("task src: ")
    assert convert("zettarepl", text, TREE).policies == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no definition"),
        ("- a", "no definition"),
        ("a: [", "cannot read line 2"),
        ("tasks: {}", "unknown key 'tasks'"),
        ("periodic-snapshot-tasks: []", "periodic-snapshot-tasks is no mapping"),
        ("periodic-snapshot-tasks: {a: b}", "'a' is no mapping"),
        ("periodic-snapshot-tasks: {a: {dataset: 'a@b'}}", "task a: cannot use 'a@b'"),
        ("periodic-snapshot-tasks: {a: {}}", "task a: it has no 'dataset'"),
        ("periodic-snapshot-tasks: ~", "nothing in it prunes"),
        ("timezone: UTC", "nothing in it prunes"),
    ],
)
def test_what_is_no_definition(text: str, reason: str) -> None:
    """A text that is no definition is refused as a whole."""
    with pytest.raises(PolicyError, match=r"^cannot import from zettarepl") as no:
        convert("zettarepl", text, TREE)
    assert reason in no.value.message


def test_what_replication_decides() -> None:
    """The target of a replication is left out, and its source if snapshots wait for it."""
    target = SAMPLE.replace("dataset: data/src\n", "dataset: data\n")
    reading = convert("zettarepl", target + REPLICATION, TREE)
    assert [n for n in TREE if in_force(reading, n)] == ["data", "data/src", "data/src/a"]
    found = {each.name: each.reason for each in reading.left_out}
    assert (
        found["data/dst"]
        == "the replication task 'copy' also decides which of its snapshots stay"
    )
    assert found["replication task copy"] == "its retention on the target is not read"
    assert any("has still to send" in note for note in reading.policies[-1].notes)
    away = REPLICATION.replace("type: local", "type: ssh").replace(": source\n", ": none\n")
    reading = convert("zettarepl", target + away, TREE)
    assert in_force(reading, "data/dst/a") is not None
    assert reading.left_out == ()
    held = away + "    hold-pending-snapshots: true\n"
    reading = convert("zettarepl", target + held, TREE)
    assert [n for n in TREE if in_force(reading, n)] == ["data", "data/dst", "data/dst/a"]
    listed = held.replace(
        "source-dataset: data/src", "source-dataset: [data/dst, data/src]"
    )
    assert in_force(convert("zettarepl", target + listed, TREE), "data/dst") is None
    pull = away.replace("push", "pull")
    reading = convert("zettarepl", target + pull, TREE)
    assert in_force(reading, "data/dst") is None
    assert not any("has still to send" in note for note in reading.policies[-1].notes)
    by_name = away.replace("\n      type: ssh", " other")
    assert in_force(convert("zettarepl", target + by_name, TREE), "data/dst") is None


def test_removal_dates() -> None:
    """A note tells of removal dates where they are used."""
    for word, says in (("true", True), ("no", False)):
        reading = convert("zettarepl", f"use-removal-dates: {word}\n{SAMPLE}", TREE)
        assert any("removal date" in n for n in reading.policies[-1].notes) == says


def test_notes_name_the_tool() -> None:
    """A dataset that is kept from inheriting, and one made later, name zettarepl."""
    reading = convert("zettarepl", SAMPLE, TREE)
    said = "\n".join(note for each in reading.policies for note in each.notes)
    assert "data/src/garbage: zettarepl leaves it alone, and so does its own" in said

"""Random tasks of zettarepl over random snapshots, beside a model of its retention.

The model is written from zettarepl/retention/calculate.py, snapshot/task/snapshot_owner.py
and snapshot/name.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reading_oracle import cases, gone, in_force, taken
from zfstune.retention.imports.convert import convert
from zfstune.values.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

TREE = ("tank", "tank/a", "tank/a/b", "tank/ab", "tank/x1", "pool")
NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)

# A field as text, and the values that it means.
MINUTES: dict[str, Callable[[int], bool]] = {
    "0": lambda n: n == 0,
    "00": lambda n: n == 0,
    "*/30": lambda n: n in (0, 30),
    "15,45": lambda n: n in (15, 45),
    "0-30/15": lambda n: n in (0, 15, 30),
    "*": lambda _: True,
}
HOURS: dict[str, Callable[[int], bool]] = {
    "0": lambda n: n == 0,
    "*": lambda _: True,
    "*/6": lambda n: n % 6 == 0,
    "8-18": lambda n: 8 <= n <= 18,
    "22,23": lambda n: n > 21,
}
DAYS: dict[str, Callable[[int], bool]] = {
    "*": lambda _: True,
    "1": lambda n: n == 1,
    "1-7,20": lambda n: n < 8 or n == 20,
}
MONTHS: dict[str, Callable[[int], bool]] = {"*": lambda _: True, "4": lambda n: n == 4}
LIFETIMES = {
    "P2D": timedelta(days=2),
    "P1W": timedelta(weeks=1),
    "PT36H": timedelta(hours=36),
    "P1DT12H30M": timedelta(days=1, hours=12, minutes=30),
    "PT90000S": timedelta(seconds=90000),
}
SCHEMAS = (
    *("auto-%Y-%m-%d_%H-%M", "day %Y%m%d.%H%M", "auto-%Y-%m-%d_%H-%M-%S"),
    *("x%Y-%d-%m_%H-%M", "auto-%Y-%d-%m_%H-%M", "%Y-%m-%d %H:%M"),
)
WINDOWS: dict[tuple[str, str], Callable[[tuple[int, int]], bool]] = {
    ("00:00", "23:59"): lambda _: True,
    ("09:15", "18:00"): lambda clock: (9, 15) <= clock <= (18, 0),
    ("22:00", "06:00"): lambda clock: clock >= (22, 0) or clock <= (6, 0),
}

some_tasks = st.lists(
    st.fixed_dictionaries(
        {
            "dataset": st.sampled_from(TREE),
            "recursive": st.booleans(),
            "exclude": st.lists(
                st.sampled_from(["tank/a", "tank/a*", "tank/x?", "*/b", "pool"]), max_size=1
            ),
            "lifetime": st.sampled_from(sorted(LIFETIMES)),
            "schema": st.sampled_from(SCHEMAS[:2]) | st.sampled_from(SCHEMAS),
            "minute": st.sampled_from(sorted(MINUTES)),
            "hour": st.sampled_from(sorted(HOURS)),
            "day": st.sampled_from(sorted(DAYS)),
            "month": st.sampled_from(sorted(MONTHS)),
            "window": st.sampled_from(sorted(WINDOWS)),
        }
    ),
    min_size=1,
    max_size=3,
)


# Quarters of an hour before now; each 96 from the fiftieth on is a midnight.
quarters = st.integers(1, 1200) | st.integers(0, 12).map(lambda day: 50 + 96 * day)


def written(tasks: Any) -> str:
    """Write a definition as people do."""
    lines = ["timezone: UTC", "periodic-snapshot-tasks:"]
    for number, task in enumerate(tasks):
        begin, end = task["window"]
        lines += [
            f"  task-{number}:",
            f"    dataset: {task['dataset']}",
            f"    recursive: {'yes' if task['recursive'] else 'false'}",
            *(["    exclude:", f"    - '{task['exclude'][0]}'"] if task["exclude"] else []),
            f"    lifetime: {task['lifetime']}",
            f'    naming-schema: "{task["schema"]}"',
            "    schedule:",
            f'      minute: "{task["minute"]}"  # of each hour',
            f"      hour: '{task['hour']}'",
            f"      day-of-month: '{task['day']}'",
            f"      month: '{task['month']}'",
            f"      begin: '{begin}'",
            f"      end: '{end}'",
        ]
    return "\n".join(lines) + "\n"


def owns_dataset(task: Any, dataset: str) -> bool:
    """Tell whether a task is for a dataset."""
    if not task["recursive"]:
        return bool(dataset == task["dataset"])
    below = (dataset + "/").startswith(task["dataset"] + "/")
    return below and not any(
        (dataset + "/").startswith(each + "/") or fnmatch(dataset, each)
        for each in task["exclude"]
    )


def runs_at(task: Any, when: datetime) -> bool:
    """Tell whether a schedule runs at a minute."""
    return bool(
        MINUTES[task["minute"]](when.minute)
        and HOURS[task["hour"]](when.hour)
        and DAYS[task["day"]](when.day)
        and MONTHS[task["month"]](when.month)
        and WINDOWS[task["window"]]((when.hour, when.minute))
    )


def zettarepl_removes(tasks: Any, dataset: str, names: list[str]) -> set[str]:
    """Return the names that zettarepl's retention removes from a dataset."""
    owners = [task for task in tasks if owns_dataset(task, dataset)]
    read: dict[str, tuple[str, datetime]] = {}
    for schema in {task["schema"] for task in owners}:
        for name in names:
            try:
                when = datetime.strptime(name, schema)  # noqa: DTZ007 (as zettarepl does)
            except ValueError:
                continue
            if name in read and read[name][1] != when:
                return set()  # Two schemas read this name as different times.
            read.setdefault(name, (schema, when))
    now = NOW.replace(tzinfo=None, second=0)
    removed = set()
    for name, (schema, when) in read.items():
        minute = when.replace(second=0)
        own = [t for t in owners if t["schema"] == schema and runs_at(t, minute)]
        if own and not any(minute > now - LIFETIMES[t["lifetime"]] for t in own):
            removed.add(name)
    for schema in {schema for schema, _ in read.values()}:
        of_schema = {name: when for name, (own, when) in read.items() if own == schema}
        if set(of_schema) <= removed:
            removed.discard(max(of_schema, key=lambda name: of_schema[name]))
    return removed


def schema_names(
    tasks: Any, dataset: str, minutes: list[int]
) -> list[tuple[str, datetime]]:
    """Return names of a dataset's tasks, the oldest first, each with its time.

    A name from elsewhere that a schema reads as another day has another time to
    zettarepl than to ZFS; no task makes such names.
    """
    tasks = [task for task in tasks if owns_dataset(task, dataset)]
    found = {}
    if not tasks:
        return []
    for number, minutes_ago in enumerate(sorted(minutes, reverse=True)):
        when = NOW.replace(second=5) - timedelta(minutes=15 * minutes_ago)
        schema = tasks[number % len(tasks)]["schema"]
        found[when.strftime(schema)] = when
    return sorted(found.items(), key=lambda each: each[1])


@settings(max_examples=cases(80))
@given(some_tasks, st.sets(quarters, min_size=1, max_size=25))
def test_a_model_of_zettarepl(tasks: Any, minutes: set[int]) -> None:
    """No snapshot goes that zettarepl keeps, and the notes cover any that stay longer."""
    try:
        reading = convert("zettarepl", written(tasks), TREE)
    except PolicyError as error:
        assert "nothing in it prunes" in error.message  # noqa: PT017 (one of two results)
        assert not any(owns_dataset(task, name) for task in tasks for name in TREE)
        return
    left_out = {each.dataset for each in reading.left_out}
    for dataset in TREE:
        made = schema_names(tasks, dataset, sorted(minutes))
        names = [*[name for name, _ in made], "manual"]
        listing = [("manual", 1)] + [(name, int(when.timestamp())) for name, when in made]
        policy = in_force(reading, dataset)
        by_policy = gone(policy, taken(dataset, listing), int(NOW.timestamp()))
        by_model = zettarepl_removes(tasks, dataset, names)
        assert by_policy <= by_model
        if any(f"{dataset}/".startswith(f"{each}/") for each in left_out) and not by_policy:
            continue
        spared = by_model - by_policy
        times = dict(listing)
        newest = {
            max(
                (n for n, _ in listing if group.scope()(n)),
                key=lambda n: times[n],
                default="",
            )
            for group in (policy.groups if policy else ())
        }
        lifetimes = {length.total_seconds() for length in LIFETIMES.values()}
        edge = {
            name
            for name, time in listing
            if any(0 <= NOW.timestamp() - time - each <= 60 for each in lifetimes)
            or any(-60 < NOW.timestamp() - time - each <= 0 for each in lifetimes)
        }
        assert spared <= newest | edge


def test_the_edge_of_a_lifetime() -> None:
    """A snapshot as old as its lifetime goes with zettarepl, and a minute later here."""
    task = {
        "dataset": "pool",
        "recursive": False,
        "exclude": [],
        "lifetime": "P2D",
        "schema": SCHEMAS[0],
        "minute": "*",
        "hour": "*",
        "day": "*",
        "month": "*",
        "window": ("00:00", "23:59"),
    }
    policy = in_force(convert("zettarepl", written([task]), TREE), "pool")
    for seconds, goes in ((-60, False), (0, False), (1, True), (60, True)):
        when = NOW - timedelta(days=2, seconds=seconds)
        listing = [(when.strftime(SCHEMAS[0]), int(when.timestamp()))]
        listing.append((NOW.strftime(SCHEMAS[0]), int(NOW.timestamp())))
        found = gone(policy, taken("pool", listing), int(NOW.timestamp()))
        assert bool(found) == goes

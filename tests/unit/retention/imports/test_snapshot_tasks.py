"""Periodic snapshot tasks: the datasets and names of each, and the rules of several."""

from __future__ import annotations

import re
from functools import partial

import pytest

from reading_oracle import policies_of, reasons_of
from zfstune.retention.imports.reading import UNKNOWN_TREE, NotKeptError
from zfstune.retention.imports.snapshot_tasks import (
    Task,
    excluded,
    own_names,
    read_task,
    read_tasks,
)
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import replace

TREE = ("tank", "tank/a", "tank/a/b", "tank/ab", "tank/z")
HOURLY = Task("task 1", "tank/a", recursive=True, schema="h-%Y", names="h-.*", lifetime=60)
DAILY = Task("task 2", "tank/a", recursive=False, schema="d-%Y", names="d-.*", lifetime=90)
read = partial(read_tasks, tool="mole")


@pytest.mark.parametrize(
    ("recursive", "exclude", "owned"),
    [
        (False, (), ["tank/a"]),
        (True, (), ["tank/a", "tank/a/b"]),
        (True, ("tank/a/b",), ["tank/a"]),
        (True, ("tank/a/*",), ["tank/a"]),
        (True, ("tank/z", "*/ab"), ["tank/a", "tank/a/b"]),
        (True, ("tank/a",), []),
        # A task that is not recursive is for its own dataset, whatever it excludes.
        (False, ("tank/a",), ["tank/a"]),
    ],
)
def test_the_datasets_of_a_task(
    recursive: bool,  # noqa: FBT001 (a column of the table)
    exclude: tuple[str, ...],
    owned: list[str],
) -> None:
    """A recursive task is for all below its dataset, except for excluded ones."""
    task = replace(HOURLY, recursive=recursive, exclude=exclude)
    assert [name for name in TREE if task.owns(name)] == owned
    assert task.by_glob == any("*" in each for each in exclude)


def test_tasks_of_a_dataset_are_rules_beside_each_other() -> None:
    """Each task's names stay for its lifetime; equal names stay for the longest."""
    assert policies_of(read((HOURLY, DAILY), TREE)) == {
        "tank/a": "regex=h-.* within=1m; regex=d-.* within=90s",
        "tank/a/b": "regex=h-.* within=1m",
    }
    longer = replace(HOURLY, name="task 3", lifetime=120)
    assert policies_of(read((HOURLY, longer), TREE)) == {"tank/a": "regex=h-.* within=2m"}


def test_schemas_that_may_read_one_name_are_refused() -> None:
    """A dataset whose schemas may both read a name is left out."""
    other = replace(DAILY, schema="h-%m")
    [left_out] = read((HOURLY, other), TREE).left_out
    assert (left_out.name, left_out.dataset, left_out.hint) == ("tank/a", "tank/a", "")
    assert "may read one name in two ways" in left_out.reason
    assert "'h-%Y'" in left_out.reason
    assert "'h-%m'" in left_out.reason


def test_a_refused_task_leaves_its_datasets_out() -> None:
    """A task that no policy reproduces leaves out its datasets, other tasks or not."""
    refused = replace(DAILY, refused=NotKeptError("why", "do that"))
    [left_out] = read((HOURLY, refused), TREE).left_out
    assert (left_out.dataset, left_out.reason) == ("tank/a", "task 2: why")
    assert left_out.hint == "do that"


def test_a_reason_that_prevents_a_policy_comes_first() -> None:
    """A dataset that has such a reason is left out, whether a task owns it or not."""
    reading = read_tasks(
        (HOURLY,), TREE, "mole", lambda name: "replicated" if name == "tank/a" else ""
    )
    assert reasons_of(reading) == {"tank/a": "replicated"}
    assert policies_of(reading) == {"tank/a/b": "regex=h-.* within=1m"}


def test_a_glob_needs_the_datasets() -> None:
    """A glob is left out if the datasets are not known; a name is not."""
    by_glob = replace(HOURLY, exclude=("*/b",))
    assert reasons_of(read((by_glob,), None)) == {"tank/a": UNKNOWN_TREE}
    by_name = replace(HOURLY, exclude=("tank/a/b",))
    assert policies_of(read((by_name,), None)) == {
        "tank/a": "regex=h-.* within=1m",
        "tank/a/b": "match=* never",
    }


def test_a_task_is_read_or_refused() -> None:
    """A task without a valid dataset is an error; another refusal is kept in the task."""

    def refuse(dataset: str) -> Task:
        raise NotKeptError(f"no {dataset}")

    table = {"dataset": "tank/a"}
    assert read_task("mole", "t", table, lambda _: HOURLY, recursive=True) is HOURLY
    task = read_task("mole", "t", table, refuse, recursive=True)
    assert (task.name, task.dataset, task.recursive) == ("t", "tank/a", True)
    assert task.refused is not None
    assert task.refused.reason == "no tank/a"
    for bad, reason in (({}, "it has no 'dataset'"), ({"dataset": "/x"}, "slash")):
        with pytest.raises(PolicyError, match=f"^cannot import from mole: t: .*{reason}"):
            read_task("mole", "t", bad, refuse, recursive=True)


def test_what_is_excluded_is_a_list_of_names() -> None:
    """Only a list of texts is read."""
    assert excluded(["a", "b*"]) == ("a", "b*")
    for value in (None, "a", [1], {"a": 1}):
        with pytest.raises(NotKeptError, match="'exclude' is no list"):
            excluded(value)


def test_names_of_a_weekly_schedule_are_refused_with_a_policy() -> None:
    """Names tell no day of the week, so the hint has the policy for all days."""
    names = own_names("a-%Y-%m-%d-%H-%M", {"hour": "3"}, 60)
    assert re.fullmatch(names, "a-2026-01-31-03-59")
    assert not re.fullmatch(names, "a-2026-01-31-04-00")
    with pytest.raises(NotKeptError, match="day of the week") as refused:
        own_names("a-%Y-%m-%d-%H-%M", {"day-of-week": "1"}, 60)
    assert "within=1m" in refused.value.hint

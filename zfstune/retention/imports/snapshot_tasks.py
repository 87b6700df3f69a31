"""Read the periodic snapshot tasks of zettarepl, the program that prunes on TrueNAS.

The rules are those of zettarepl/retention/calculate.py,
zettarepl/snapshot/task/snapshot_owner.py and zettarepl/dataset/exclude.py
(github.com/truenas/zettarepl). A task owns the snapshots that it could have taken: their
names fit its naming schema, and its schedule runs at the minute in the name. A snapshot
is destroyed once it has outlived the lifetimes of all tasks that own it. So each task of
a dataset becomes a rule, and a snapshot that no task owns stays.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import combinations

from zfstune.retention.imports.name_schema import are_apart, expression, read_schedule
from zfstune.retention.imports.reading import (
    Imported,
    LeftOut,
    NotKeptError,
    dataset_named,
)
from zfstune.retention.imports.tree import work_out_by_name
from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import format_policy
from zfstune.retention.rule_kinds import Within
from zfstune.values.errors import InvalidName, PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.names import check_dataset
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from zfstune.retention.imports.reading import Reading

__all__ = ["Task", "excluded", "own_names", "read_task", "read_tasks"]

_BY_NAME = (
    "zettarepl reads the age of a snapshot from its name, by the wall clock; this policy "
    "goes by its creation, so they differ by an hour for a while after clocks were changed"
)
_LONGER = (
    "zfstune always keeps the newest snapshot of each schedule and the snapshots dated "
    "after now; any other snapshot may stay a minute longer than with zettarepl"
)
_AMBIGUOUS = (
    "its tasks' naming schemas '{}' and '{}' may read one name in two ways, and then "
    "zettarepl destroys nothing"
)


@frozen
class Task:
    """One periodic snapshot task.

    Attributes:
        name: The task's name in messages.
        dataset: The dataset that it takes snapshots of.
        recursive: Whether it takes snapshots of the datasets below as well.
        exclude: Datasets that are excluded with all below them, and globs of such names.
        schema: The naming schema of its snapshots, as for strftime.
        names: An expression for the names of its own snapshots.
        lifetime: Seconds.
        refused: The reason why no policy reproduces the task; `schema`, `names` and
            `lifetime` are empty then.
        notes: Differences between the task and its policy.
    """

    name: str
    dataset: str
    recursive: bool
    exclude: tuple[str, ...] = ()
    schema: str = ""
    names: str = ""
    lifetime: int = 0
    refused: NotKeptError | None = None
    notes: tuple[str, ...] = ()

    def owns(self, dataset: str) -> bool:
        """Tell whether it takes snapshots of a dataset."""
        if not self.recursive:
            return dataset == self.dataset
        return _is_below(dataset, self.dataset) and not any(
            _is_below(dataset, each) or fnmatchcase(dataset, each) for each in self.exclude
        )

    @property
    def by_glob(self) -> bool:
        """Whether it excludes datasets by a glob."""
        return any(set("*?[") & set(each) for each in self.exclude)


def read_tasks(
    tasks: Sequence[Task],
    datasets: Collection[str] | None,
    tool: str,
    prevents: Callable[[str], str] = lambda _: "",
) -> Reading:
    """Find policies that keep the snapshots which the tasks together keep.

    Args:
        tasks: All tasks.
        datasets: The existing datasets; None if they are not known.
        tool: The tool's name, for the notes.
        prevents: Takes a dataset; returns the reason why no policy can do the same
            there; empty: there is none.
    """

    def answer(dataset: str) -> Imported | LeftOut | None:
        owners = [task for task in tasks if task.owns(dataset)]
        reason = prevents(dataset)
        if reason:
            return LeftOut(dataset, reason, dataset)
        if not owners:
            return None
        if datasets is None and any(task.by_glob for task in owners):
            return LeftOut.unknown_tree(dataset, dataset)
        return _together(dataset, owners)

    named = {task.dataset for task in tasks}
    named |= {
        each for task in tasks for each in task.exclude
        if _is_dataset(each) and _is_below(each, task.dataset)
        and (datasets is None or each in datasets)
    }  # fmt: skip
    return work_out_by_name(tool, answer, named, datasets)


def own_names(schema: str, fields: Mapping[str, object], lifetime: int) -> str:
    """Build an expression for the names of a task's own snapshots.

    Args:
        schema: The naming schema.
        fields: The schedule, by field.
        lifetime: Seconds, for a hint if names do not tell which snapshots are its own.

    Raises:
        NotKeptError: Names do not tell which snapshots are its own.
    """
    schedule = read_schedule(fields)
    names = expression(schema, schedule)
    if not schedule.weekly:
        return names
    text = format_policy(Policy((Group((Within(lifetime),), regex=names),)))
    raise NotKeptError(
        "its schedule goes by the day of the week, which no snapshot's name tells",
        f"if no other snapshots there have such names, this policy does the same: '{text}'",
    )


def read_task(
    tool: str,
    name: str,
    table: Mapping[str, object],
    read: Callable[[str], Task],
    *,
    recursive: bool,
) -> Task:
    """Read one task, or mark it as refused if no policy reproduces it.

    Args:
        tool: The tool's name, for messages.
        name: The task's name, for messages.
        table: The task's settings.
        read: Reads the task, given its dataset.
        recursive: Whether a task that is refused takes the datasets below with it.

    Raises:
        PolicyError: The task has no valid dataset.
    """
    dataset = table.get("dataset")
    try:
        if not isinstance(dataset, str):
            raise NotKeptError("it has no 'dataset'")  # noqa: TRY301 (one place words it)
        dataset_named(dataset)
    except NotKeptError as error:
        message = f"cannot import from {tool}: {name}: {error.reason}"
        raise PolicyError(message) from None
    try:
        return read(dataset)
    except NotKeptError as error:
        return Task(name, dataset, recursive, refused=error)


def excluded(value: object) -> tuple[str, ...]:
    """Check a task's list of excluded datasets.

    Raises:
        NotKeptError: It is no list of names.
    """
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise NotKeptError("its 'exclude' is no list of names")
    return tuple(value)


def _together(dataset: str, owners: Sequence[Task]) -> Imported | LeftOut:
    lifetimes: dict[str, int] = {}
    for task in owners:
        if task.refused is not None:
            reason = f"{task.name}: {task.refused.reason}"
            return LeftOut(dataset, reason, dataset, task.refused.hint)
        lifetimes[task.names] = max(task.lifetime, lifetimes.get(task.names, 0))
    schemas = sorted({task.schema for task in owners})
    for schema, other in combinations(schemas, 2):
        if not are_apart(schema, other):
            reason = _AMBIGUOUS.format(shown(schema), shown(other))
            return LeftOut(dataset, reason, dataset)
    groups = [Group((Within(each),), regex=names) for names, each in lifetimes.items()]
    notes = [note for task in owners for note in task.notes]
    return Imported(
        dataset, Policy(tuple(groups)), (_BY_NAME, _LONGER, *dict.fromkeys(notes))
    )


def _is_below(dataset: str, root: str) -> bool:
    return f"{dataset}/".startswith(f"{root}/")


def _is_dataset(name: str) -> bool:
    try:
        check_dataset(name)
    except InvalidName:
        return False
    return True

"""Periodic snapshot tasks of zettarepl, which is what prunes on TrueNAS.

A snapshot goes when its name is one that a task gives, and it has outlived each task
that could have taken it: the schedule of the task would have run at the minute in the
name. So all tasks of a dataset are rules beside each other, and what none of them could
have taken stays.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from zfstune.retention.imports.name_schema import are_apart, expression, read_schedule
from zfstune.retention.imports.reading import Imported, LeftOut, NotKeptError
from zfstune.retention.imports.tree import work_out_by_name
from zfstune.retention.policy import Group, Policy, Within
from zfstune.retention.policy_text import format_policy
from zfstune.values.errors import InvalidName
from zfstune.values.frozen import frozen
from zfstune.values.names import check_dataset
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from zfstune.retention.imports.reading import Reading

__all__ = ["Task", "own_names", "plain_dataset", "read_tasks"]

_BY_NAME = (
    "zettarepl reads the age of a snapshot from its name, by the wall clock; this goes by "
    "its creation, so they differ by an hour for a while after clocks were changed"
)
_LONGER = (
    "the newest snapshot of each schedule always stays here, and so do those dated after "
    "now; any other may stay a minute longer than with zettarepl"
)
_AMBIGUOUS = (
    "its tasks' naming schemas '{}' and '{}' may read one name in two ways, and then "
    "zettarepl destroys nothing"
)


@frozen
class Task:
    """One periodic snapshot task.

    Attributes:
        name: As messages call it.
        dataset: What it takes snapshots of.
        recursive: And of what lies below.
        exclude: Datasets, with all below them, and globs of what is not meant.
        schema: How it names snapshots, as for strftime.
        names: An expression for those that it takes for its own.
        lifetime: Seconds.
        refused: Why no policy keeps what it says; the last three are empty then.
        notes: What differs.
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
        """Whether what it excludes depends on how datasets are called."""
        return any(set("*?[") & set(each) for each in self.exclude)


def read_tasks(
    tasks: Sequence[Task],
    datasets: Collection[str] | None,
    tool: str,
    prevents: Callable[[str], str] = lambda _: "",
) -> Reading:
    """Give policies that keep what the tasks together keep.

    Args:
        tasks: All of them.
        datasets: The datasets that are there; None: nobody knows.
        tool: Its name, for the notes.
        prevents: Gives why nobody can keep the same of a dataset; empty: nothing does.
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
    """Give an expression for the names that a task takes for its own.

    Args:
        schema: How it names snapshots.
        fields: Its schedule.
        lifetime: Seconds; to say what would keep the same, where that is not sure.

    Raises:
        NotKeptError: Names do not tell which are its own.
    """
    schedule = read_schedule(fields)
    names = expression(schema, schedule)
    if not schedule.weekly:
        return names
    text = format_policy(Policy((Group((Within(lifetime),), regex=names),)))
    raise NotKeptError(
        "its schedule goes by the day of the week, and names do not tell that",
        f"if nothing else there has such names, this keeps the same: '{text}'",
    )


def plain_dataset(name: object) -> str:
    """Give the name of a dataset, if it is one."""
    if not isinstance(name, str):
        raise NotKeptError("it has no 'dataset'")
    try:
        check_dataset(name)
    except InvalidName as error:
        raise NotKeptError(error.message) from None
    return name


def _together(dataset: str, owners: Sequence[Task]) -> Imported | LeftOut:
    lifetimes: dict[str, int] = {}
    for task in owners:
        if task.refused is not None:
            reason = f"{task.name}: {task.refused.reason}"
            return LeftOut(dataset, reason, dataset, task.refused.hint)
        lifetimes[task.names] = max(task.lifetime, lifetimes.get(task.names, 0))
    schemas = sorted({task.schema for task in owners})
    for at, one in enumerate(schemas):
        for other in schemas[:at]:
            if not are_apart(one, other):
                reason = _AMBIGUOUS.format(shown(other), shown(one))
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

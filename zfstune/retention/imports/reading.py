"""What is read from another tool's settings: policies, and what had to be left out.

A policy is inherited by the datasets below, and most tools' settings are not. So what
a reader gives is completed here, once for all tools: a dataset has one policy, and one
whose own settings were left out does not inherit the policy of a dataset above it.
"""

from __future__ import annotations

from zfstune.retention.policy import Group, Never, Policy
from zfstune.retention.policy_text import format_policy, parse_policy
from zfstune.values.errors import InvalidName, PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.names import ancestors_of, check_dataset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = [
    "LEAVE_ALONE",
    "UNKNOWN_TREE",
    "Imported",
    "LeftOut",
    "NotKeptError",
    "Reading",
    "complete",
    "cover",
    "in_force",
    "left_alone",
]

# The policy of a dataset whose snapshots are none of the tool's business.
LEAVE_ALONE = Policy((Group((Never(),), match="*"),))

# Why something is left out where nobody knows which datasets there are.
UNKNOWN_TREE = "it depends on the datasets that are there"
_UNKNOWN_TREE_HINT = "run this where the pool is, or name an image with --image"


@frozen
class Imported:
    """One policy that was found.

    Attributes:
        dataset: The dataset it is for; empty where the settings do not say, or say
            that it is on another host. Only then may a reading hold several.
        policy: What keeps the same.
        notes: What differs, or what the reader should know.
        replaces: The text of the dataset's own policy that this one replaces; None
            where there is none, or it is the same.
    """

    dataset: str
    policy: Policy
    notes: tuple[str, ...] = ()
    replaces: str | None = None

    @property
    def text(self) -> str:
        """The policy as text, but for the consent that it may need."""
        return format_policy(self.policy)

    @property
    def is_writable(self) -> bool:
        """Whether there is a text of it."""
        try:
            return bool(self.text)
        except PolicyError:
            return False


@frozen
class LeftOut:
    """A part of the settings of which no policy keeps the same.

    Attributes:
        name: The dataset, section or job, as the settings call it.
        reason: Why, as it goes behind ``cannot import 'NAME': ``.
        dataset: The dataset that gets no policy because of it; empty: none on this
            host, or nobody knows which.
        hint: What helps; empty where nothing does.
    """

    name: str
    reason: str
    dataset: str = ""
    hint: str = ""

    @classmethod
    def unknown_tree(cls, name: str, dataset: str = "") -> LeftOut:
        """Leave out what only the real datasets decide."""
        return cls(name, UNKNOWN_TREE, dataset, _UNKNOWN_TREE_HINT)


@frozen
class Reading:
    """All that was read from one tool's settings.

    Attributes:
        policies: Those to store.
        left_out: What none of them keeps.
        notes: What the reader should know beside the notes of each policy.
    """

    policies: tuple[Imported, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


class NotKeptError(Exception):
    """No policy keeps what a section says; its reader catches it and leaves that out.

    Args:
        reason: Why, as in :class:`LeftOut`.
        hint: What helps; empty where nothing does.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def cover(
    wanted: Mapping[str, Imported | LeftOut], datasets: Collection[str], tool: str
) -> Reading:
    """Give the fewest policies by which each dataset keeps what is wanted of it.

    A dataset that inherits what is wanted gets no policy of its own. One that is not
    wanted at all is left alone, even if a dataset above it has a policy.

    Args:
        wanted: By dataset what the tool does there, or why nobody can keep that.
        datasets: The datasets that are there.
        tool: The tool's name, for the notes.
    """
    policies: list[Imported] = []
    in_force: dict[str, Policy] = {}
    for dataset in sorted(datasets, key=lambda name: name.split("/")):
        inherited = _nearest(dataset, in_force)
        mine = wanted.get(dataset)
        if isinstance(mine, Imported):
            if mine.policy != inherited:
                policies.append(mine)
            in_force[dataset] = mine.policy
        elif inherited not in (None, LEAVE_ALONE):
            in_force[dataset] = LEAVE_ALONE
            if mine is None:
                policies.append(left_alone(dataset, tool))
    left_out = []
    for name, each in sorted(wanted.items()):
        if isinstance(each, LeftOut):
            left_out.append(each)
        elif fault := _name_fault(name, datasets):
            left_out.append(LeftOut(name, fault))
    return Reading(tuple(policies), tuple(left_out))


def left_alone(dataset: str, tool: str) -> Imported:
    """Give the policy of a dataset that would inherit one, and that a tool leaves alone."""
    note = f"{dataset}: {tool} leaves it alone, and so does its own policy"
    return Imported(dataset, LEAVE_ALONE, (note,))


def complete(reading: Reading, datasets: Collection[str] | None) -> Reading:
    """Make one policy a dataset of it, and let none be inherited that should not be.

    Args:
        reading: As a tool's reader gives it.
        datasets: The datasets that are there; None: nobody knows.

    Returns:
        Policies that can be stored in the order given: of two, that of the dataset
        below comes first, so that it never follows the other one, not for a moment.
    """
    unnamed: list[Imported] = []
    named: dict[str, Imported] = {}
    left_out = list(reading.left_out)
    twice: set[str] = set()
    for each in reading.policies:
        fault = _fault(each, datasets)
        same = named.get(each.dataset)
        if fault:
            text = each.text if each.is_writable else _NO_TEXT
            left_out.append(LeftOut(each.dataset or text, fault, each.dataset))
        elif not each.dataset:
            unnamed.append(each)
        elif same is None:
            named[each.dataset] = each
        elif same.policy == each.policy:
            notes = tuple(dict.fromkeys(same.notes + each.notes))
            named[each.dataset] = Imported(each.dataset, each.policy, notes)
        else:
            twice.add(each.dataset)
    for dataset in sorted(twice):
        del named[dataset]
        left_out.append(LeftOut(dataset, _TWICE, dataset))
    kept = {name: each.policy for name, each in named.items()}
    for dataset in sorted({each.dataset for each in left_out} - named.keys() - {""}):
        if _name_fault(dataset, datasets):
            continue
        above = _nearest(dataset, kept) or (unnamed[0].policy if unnamed else None)
        if above not in (None, LEAVE_ALONE):
            kept[dataset] = LEAVE_ALONE
            note = f"{dataset}: its settings are left out, so this leaves it alone; it "
            note += "would inherit a policy that is not meant for it"
            named[dataset] = Imported(dataset, LEAVE_ALONE, (note,))
    ordered = sorted(named.values(), key=lambda each: -each.dataset.count("/"))
    return Reading((*ordered, *unnamed), tuple(left_out), reading.notes)


def in_force(reading: Reading, datasets: Collection[str]) -> dict[str, Policy | None]:
    """Give the policy that each dataset has once all of a reading is stored."""
    stored = {each.dataset: each.policy for each in reading.policies}
    return {name: stored.get(name) or _nearest(name, stored) for name in datasets}


_NO_TEXT = "a policy for no named dataset"
_TWICE = "its settings give it two policies, and a dataset has one"
_ABSENT = "there is no such dataset here"


def _nearest(dataset: str, policies: Mapping[str, Policy]) -> Policy | None:
    """Give the policy that a dataset inherits."""
    above: Sequence[str] = ancestors_of(dataset)
    return next((policies[name] for name in reversed(above) if name in policies), None)


def _fault(each: Imported, datasets: Collection[str] | None) -> str:
    """Tell why a policy cannot be stored, or is not what it says once it is."""
    try:
        read_back = parse_policy(each.text, allow_zero=each.policy.allow_zero)
    except PolicyError as error:
        return error.message
    if not each.text.isprintable():
        return "its policy holds what cannot be printed"
    if read_back != each.policy:
        return "its policy cannot be written as it is meant"
    return _name_fault(each.dataset, datasets) if each.dataset else ""


def _name_fault(dataset: str, datasets: Collection[str] | None) -> str:
    """Tell why nothing can be stored on a dataset."""
    try:
        check_dataset(dataset)
    except InvalidName as error:
        return error.message
    return _ABSENT if datasets is not None and dataset not in datasets else ""

"""The result of reading another tool's settings: policies and the parts left out.

Datasets inherit the policy of a dataset above them, but most tools' settings are not
inherited. So a reader's result is completed here, once for all tools: each dataset has
one policy, and a dataset whose settings were left out does not inherit a policy.
"""

from __future__ import annotations

from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import format_policy, parse_policy
from zfstune.retention.rule_kinds import Never
from zfstune.values.errors import InvalidName, PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.names import ancestors_of, check_dataset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "LEAVE_ALONE",
    "UNKNOWN_TREE",
    "Imported",
    "LeftOut",
    "NotKeptError",
    "Reading",
    "complete",
    "cover",
    "dataset_named",
    "in_force",
    "left_alone",
]

# The policy of a dataset whose snapshots the tool leaves alone.
LEAVE_ALONE = Policy((Group((Never(),), match="*"),))

# The reason for a part that is left out because the existing datasets are not known.
UNKNOWN_TREE = "it depends on which datasets exist, and that is not known"
_UNKNOWN_TREE_HINT = (
    "run this command on the host of the pool, or name an image with --image"
)


@frozen
class Imported:
    """One policy that was read from the settings.

    Attributes:
        dataset: The dataset it is for; empty if the settings name none, or one on
            another host. Only with an empty name may a reading hold several policies.
        policy: The policy that keeps the same snapshots as the tool.
        notes: Differences and other facts for the user.
        replaces: The text of the dataset's stored policy that this one replaces; None
            if the dataset has no policy of its own, or has the same one.
    """

    dataset: str
    policy: Policy
    notes: tuple[str, ...] = ()
    replaces: str | None = None

    @property
    def text(self) -> str:
        """The policy as text, without the consent that it may need.

        Raises:
            PolicyError: The policy has no text form.
        """
        return format_policy(self.policy)

    @property
    def is_writable(self) -> bool:
        """Whether the policy has a text form."""
        try:
            return bool(self.text)
        except PolicyError:
            return False


@frozen
class LeftOut:
    """A part of the settings that no policy can reproduce.

    Attributes:
        name: The dataset, section or job, as the settings call it.
        reason: The reason, worded to follow ``cannot import 'NAME': ``.
        dataset: The dataset that gets no policy because of it; empty if none on this
            host does, or it is not known which.
        hint: Advice for the user; empty if there is none.
    """

    name: str
    reason: str
    dataset: str = ""
    hint: str = ""

    @classmethod
    def unknown_tree(cls, name: str, dataset: str = "") -> LeftOut:
        """Leave out a part that depends on datasets which are not known."""
        return cls(name, UNKNOWN_TREE, dataset, _UNKNOWN_TREE_HINT)


@frozen
class Reading:
    """The result of reading one tool's settings.

    Attributes:
        policies: The policies to store.
        left_out: The parts of the settings that none of them reproduces.
        notes: Facts for the user beside the notes of each policy.
    """

    policies: tuple[Imported, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


class NotKeptError(Exception):
    """No policy reproduces a section; the tool's reader catches this and leaves it out.

    Args:
        reason: The reason, as in :class:`LeftOut`.
        hint: Advice for the user; empty if there is none.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def dataset_named(name: str) -> str:
    """Check the name of a dataset in the settings, and return it.

    Raises:
        NotKeptError: No dataset can have that name.
    """
    try:
        check_dataset(name)
    except InvalidName as error:
        raise NotKeptError(error.message) from None
    return name


def cover(
    wanted: Mapping[str, Imported | LeftOut], datasets: Collection[str], tool: str
) -> Reading:
    """Find the fewest policies by which each dataset gets the policy that it should have.

    A dataset that inherits the right policy gets none of its own. A dataset that the
    tool leaves alone is kept from inheriting one.

    Args:
        wanted: By dataset the policy it should have, or why no policy will do; datasets
            that the tool leaves alone are missing.
        datasets: The existing datasets.
        tool: The tool's name, for the notes.
    """
    policies: list[Imported] = []
    in_force: dict[str, Policy] = {}
    for dataset in sorted(datasets, key=lambda name: name.split("/")):
        inherited = _nearest(dataset, in_force)
        own = wanted.get(dataset)
        if isinstance(own, Imported):
            if own.policy != inherited:
                policies.append(own)
            in_force[dataset] = own.policy
        elif inherited not in (None, LEAVE_ALONE):
            in_force[dataset] = LEAVE_ALONE
            if own is None:
                policies.append(left_alone(dataset, tool))
    left_out = []
    for name, result in sorted(wanted.items()):
        if isinstance(result, LeftOut):
            left_out.append(result)
        elif fault := _name_fault(name, datasets):
            left_out.append(LeftOut(name, fault))
    return Reading(tuple(policies), tuple(left_out))


def left_alone(dataset: str, tool: str) -> Imported:
    """Make the policy of a dataset that a tool leaves alone and that would inherit one."""
    note = f"{dataset}: {tool} leaves it alone, and so does its own policy"
    return Imported(dataset, LEAVE_ALONE, (note,))


def complete(reading: Reading, datasets: Collection[str] | None) -> Reading:
    """Leave each dataset one policy, and keep it from inheriting a wrong one.

    Args:
        reading: The result of a tool's reader.
        datasets: The existing datasets; None if they are not known.

    Returns:
        Policies to be stored in this order: the policy of a dataset below another comes
        first, so that the dataset never follows the other policy, not for a moment.
    """
    unnamed: list[Imported] = []
    named: dict[str, Imported] = {}
    left_out = list(reading.left_out)
    twice: set[str] = set()
    for imported in reading.policies:
        dataset, policy = imported.dataset, imported.policy
        fault = _fault(imported, datasets)
        known = named.get(dataset)
        if fault:
            text = imported.text if imported.is_writable else _NO_TEXT
            left_out.append(LeftOut(dataset or text, fault, dataset))
        elif not dataset:
            unnamed.append(imported)
        elif known is None:
            named[dataset] = imported
        elif known.policy == policy:
            notes = tuple(dict.fromkeys(known.notes + imported.notes))
            named[dataset] = Imported(dataset, policy, notes)
        else:
            twice.add(dataset)
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
            note = f"{dataset}: its settings are left out, so it gets a policy that keeps "
            note += "all; else it would inherit a policy that is not meant for it"
            named[dataset] = Imported(dataset, LEAVE_ALONE, (note,))
    ordered = sorted(named.values(), key=lambda each: -each.dataset.count("/"))
    return Reading((*ordered, *unnamed), tuple(left_out), reading.notes)


def in_force(reading: Reading, datasets: Collection[str]) -> dict[str, Policy | None]:
    """Look up the policy that each dataset has once all of a reading is stored."""
    stored = {each.dataset: each.policy for each in reading.policies}
    return {name: stored.get(name) or _nearest(name, stored) for name in datasets}


_NO_TEXT = "a policy without a dataset"
_TWICE = "its settings give it two policies, and a dataset has one"
_ABSENT = "there is no such dataset here"


def _nearest(dataset: str, policies: Mapping[str, Policy]) -> Policy | None:
    """Look up the policy that a dataset inherits."""
    above = reversed(ancestors_of(dataset))
    return next((policies[name] for name in above if name in policies), None)


def _fault(each: Imported, datasets: Collection[str] | None) -> str:
    """Find the reason why a policy cannot be stored, or would be read back as another."""
    try:
        read_back = parse_policy(each.text, allow_zero=each.policy.allow_zero)
    except PolicyError as error:
        return error.message
    if not each.text.isprintable():
        return "its policy holds a character that cannot be printed"
    if read_back != each.policy:
        return "its policy cannot be written as text without a change of meaning"
    return _name_fault(each.dataset, datasets) if each.dataset else ""


def _name_fault(dataset: str, datasets: Collection[str] | None) -> str:
    """Find the reason why nothing can be stored on a dataset; empty: there is none."""
    try:
        check_dataset(dataset)
    except InvalidName as error:
        return error.message
    return _ABSENT if datasets is not None and dataset not in datasets else ""

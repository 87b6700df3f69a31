"""Apply a reading to datasets that have a stored policy of their own.

A policy that is stored on a dataset stays in force there, whatever is stored above it.
So such a dataset gets its policy on itself: the policy that it would inherit, or a policy
that leaves its snapshots alone. The rules of a stored policy for zfstune's own snapshots
do not concern the other tool, and are kept if one policy can hold both.
"""

from __future__ import annotations

from zfstune.retention.imports.reading import LEAVE_ALONE, Imported, in_force
from zfstune.retention.imports.tree import listed
from zfstune.retention.policy import Policy
from zfstune.retention.policy_text import parse_policy, stored_form
from zfstune.retention.rule_kinds import Every, Last, Never
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen, replace
from zfstune.values.names import ancestors_of
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from zfstune.retention.imports.reading import Reading
    from zfstune.retention.policy import Group

__all__ = ["out_of_reach", "with_stored"]

_MAY_BE_STORED = (
    "a dataset that has a policy of its own keeps following it, whatever policy is stored "
    "above: `zfstune policy show` lists all policies"
)
_OUT_OF_REACH = (
    "datasets with a policy of their own do not follow a policy stored above them: {}; "
    "store this policy there as well where it is meant to be in force"
)
_STAYS = "{}: its stored policy '{}' stays: it lets go only snapshots that zfstune made"
_REPLACES = "{}: this replaces its stored policy '{}'"
_RECEIVED = (
    "{}: it received a policy, which has no effect but keeps it from inheriting one; so "
    "this policy is stored on the dataset itself"
)
_IN_ITS_PLACE = ", which would be in force instead of the policy above it"
_NOT_THE_TOOLS = "; {} leaves the dataset alone"
_BOTH = "{}: the stored rules for zfstune's own snapshots stay part of its policy"
_NOT_BOTH = (
    "{}: '{}' no longer decides on zfstune's own snapshots there, and they stay: a single "
    "policy cannot hold these rules and the imported rules"
)


@frozen
class _Stored:
    """A dataset's own stored policy.

    Attributes:
        text: The text that is stored; None: it was received.
        policy: The policy; None if zfstune does not follow it.
        is_harmless: Whether it lets go only snapshots that zfstune made.
    """

    text: str | None
    policy: Policy | None
    is_harmless: bool

    @classmethod
    def read(cls, text: str | None) -> _Stored:
        """Read a stored text, be it a policy that can be followed or not."""
        if text is None:
            return cls(None, None, is_harmless=True)
        # A prune with --all-of-them follows even a policy that lacks the consent.
        lenient = _parsed(text, allow_zero=True)
        return cls(
            text,
            _parsed(text),
            lenient is not None
            and all(group.own or Never() in group.rules for group in lenient.groups),
        )


def with_stored(
    reading: Reading,
    stored: Mapping[str, str | None],
    datasets: Collection[str],
    tool: str,
) -> Reading:
    """Extend a reading to the datasets that have a stored policy of their own.

    Args:
        reading: A reading with one policy a dataset, as returned by
            :func:`zfstune.retention.imports.reading.complete`, of a tool whose settings
            name datasets.
        stored: By dataset the text of its own policy; None: it was received.
        datasets: The existing datasets.
        tool: The tool's name, for the notes.
    """
    own = {name: _Stored.read(text) for name, text in stored.items() if name in datasets}
    wanted = in_force(reading, datasets)
    named = {each.dataset: each for each in reading.policies if each.dataset}
    policies: list[Imported] = []
    notes = list(reading.notes)
    for dataset in (*named, *sorted(own.keys() - named.keys())):
        want, imported = wanted.get(dataset), named.get(dataset)
        old = own.get(dataset)
        if old is None:
            above = [own[name] for name in ancestors_of(dataset) if name in own]
            if imported is not None:
                policies.append(_beside(imported, above[-1] if above else None))
        elif want in (None, LEAVE_ALONE) and old.is_harmless:
            if old.text is not None:
                notes.append(_STAYS.format(dataset, shown(old.text)))
            elif imported is not None:
                policies.append(imported)  # the next stream may come without a policy
        else:
            policies += _replacing(dataset, want, imported, old, tool)
    policies.sort(key=lambda each: -each.dataset.count("/"))
    unnamed = [each for each in reading.policies if not each.dataset]
    return replace(reading, policies=(*policies, *unnamed), notes=tuple(notes))


def out_of_reach(reading: Reading, stored: Collection[str] | None) -> Reading:
    """Note the datasets that a policy for no named dataset would not reach.

    Args:
        reading: A reading of settings that name no datasets, or of unknown datasets.
        stored: The datasets that have a policy of their own; None: they are not known.
    """
    if not reading.policies or (stored is not None and not stored):
        return reading
    note = _MAY_BE_STORED if stored is None else _OUT_OF_REACH.format(listed(stored))
    return replace(reading, notes=(*reading.notes, note))


def _replacing(
    dataset: str, want: Policy | None, imported: Imported | None, old: _Stored, tool: str
) -> list[Imported]:
    """Return the policy, if one is needed, that replaces a dataset's stored policy."""
    made = _beside(imported or Imported(dataset, want or LEAVE_ALONE), old)
    if old.policy is not None and stored_form(old.policy) == stored_form(made.policy):
        return [] if imported is None else [made]
    if old.text is None:
        return [made] if imported else [replace(made, notes=(_RECEIVED.format(dataset),))]
    note = _REPLACES.format(dataset, shown(old.text))
    if want in (None, LEAVE_ALONE):
        note += _NOT_THE_TOOLS.format(tool)
    elif imported is None:
        note += _IN_ITS_PLACE
    return [replace(made, notes=(note, *made.notes), replaces=old.text)]


def _beside(imported: Imported, old: _Stored | None) -> Imported:
    """Add to a policy the rules that were in force for zfstune's own snapshots."""
    if old is None or old.policy is None or old.text is None:
        return imported
    groups = tuple(group for group in old.policy.groups if group.own)
    if not groups:
        return imported
    both = _both(imported.policy, old.policy, groups)
    if both is None or not _is_storable(both):
        note = _NOT_BOTH.format(imported.dataset, shown(old.text))
        return replace(imported, notes=(*imported.notes, note))
    note = _BOTH.format(imported.dataset)
    return replace(imported, policy=both, notes=(*imported.notes, note))


def _both(policy: Policy, old: Policy, own: tuple[Group, ...]) -> Policy | None:
    """Combine a policy with groups of an old one; None if one policy cannot hold both."""
    consent = any(Last(0) in group.rules for group in own)
    if policy.free_target != old.free_target:
        return None  # a policy has one free-target for all of its rules
    if policy == LEAVE_ALONE:
        # The own groups are for zfstune's snapshots alone, and no rule is for the others.
        return Policy(own, old.tz, consent)
    by_calendar = {
        tz
        for tz, groups in ((policy.tz, policy.groups), (old.tz, own))
        if any(isinstance(rule, Every) for group in groups for rule in group.rules)
    }
    if len(by_calendar) > 1:
        return None  # a policy has one zone for all of its rules
    return Policy(
        tuple(dict.fromkeys((*own, *policy.groups))),
        next(iter(by_calendar), policy.tz),
        policy.allow_zero or consent,
        policy.free_target,
    )


def _is_storable(policy: Policy) -> bool:
    try:
        return parse_policy(stored_form(policy), allow_zero=policy.allow_zero) == policy
    except PolicyError:
        return False


def _parsed(text: str, *, allow_zero: bool = False) -> Policy | None:
    try:
        return parse_policy(text, allow_zero=allow_zero)
    except PolicyError:
        return None

"""Find properties whose values have drifted from those that zfstune set.

Two sources say which values a dataset should have: the note of the values that zfstune
set there, and the profile as it is today. The note wins, since it knows the values given
with ``-o`` and what the pool supported then. A profile that says otherwise by now is
reported as ``overridden``, which is no drift.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.datasets.applied import passes_on, read_given, read_record
from zfstune.health.findings import Finding
from zfstune.values import properties as props
from zfstune.values.frozen import frozen
from zfstune.values.marks import APPLIED_PROPERTY, OWN_PREFIX, PROFILE_PROPERTY
from zfstune.values.names import ancestors_of
from zfstune.values.property_rules import UNSAFE, display
from zfstune.values.state import DEFAULT, INHERITED, LOCAL, NONE, RECEIVED, PropertyValue
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.datasets.wanted import Wanted
    from zfstune.values.state import Dataset

__all__ = ["Asked", "drift", "set_above"]

_NOTHING: Mapping[str, PropertyValue] = MappingProxyType({})
_UNSET = PropertyValue("", DEFAULT)


@frozen
class Asked:
    """The values that profiles ask for on one dataset, without those of its own note.

    Attributes:
        values: The canonical values that the profiles ask for on this pool, by property;
            None where no profile has the dataset.
        inherited: Values by property that the dataset should inherit from one above.
        command: The command that applies those profiles again, with the values given
            with ``-o``; empty: no one command does.
        plain: The same command without the values given with ``-o``.
    """

    values: Mapping[str, str] | None
    inherited: Mapping[str, PropertyValue] = _NOTHING
    command: str = ""
    plain: str = ""


def set_above(
    dataset: Dataset, wanted: Wanted | None, datasets: Mapping[str, Dataset]
) -> dict[str, PropertyValue]:
    """Collect the values that a dataset should inherit, by property, with their origin.

    The notes of datasets above it that share a profile win over the profile, as they do
    for the dataset itself.

    Args:
        dataset: The dataset.
        wanted: The values that its profiles ask for; None: they are not known.
        datasets: All datasets of the pool by name.
    """
    own = _profiles(dataset)
    above: dict[str, PropertyValue] = {}
    for name in reversed(ancestors_of(dataset.name)):
        holder = datasets.get(name)
        if holder is None or not own & _profiles(holder):
            continue
        for prop, value in _record(holder).items():
            if passes_on(prop):
                above.setdefault(prop, PropertyValue(value, INHERITED, name))
    if wanted is None:
        return above
    both = {**wanted.inherited, **above}
    return {name: value for name, value in both.items() if name not in wanted.values}


def drift(dataset: Dataset, asked: Asked) -> Iterator[Finding]:
    """Report each property whose value is not the one that was set, or should be set."""
    record = _record(dataset)
    given = read_given(dataset.local(APPLIED_PROPERTY))
    # A dataset that only holds others belongs to the administrator once it exists.
    own_choice = dataset.local(PROFILE_PROPERTY) is None and asked.values is None
    profile = asked.values or {}
    if profile and "canmount" in record:  # it once only held others, and mounts now
        profile = {"canmount": "on", **profile}
    for name in sorted({*record, *profile}):
        known = props.find(name)
        asked_value = profile.get(name)
        if known is not None and known.create_only:
            if asked_value is not None and dataset.value(name) != asked_value:
                yield _fixed(dataset, name, asked_value)
            continue
        own = dataset.own(name)
        noted = record.get(name)
        if own is not None and (own in (noted, asked_value) or own_choice):
            if own != asked_value and asked.values is not None:
                command = asked.plain if name in given else asked.command
                yield _overridden(name, own, asked_value, command)
            continue
        expected = asked_value if noted is None else noted
        if expected is not None:
            repeats = expected == asked_value or name in given
            command = asked.command if repeats else ""
            yield _drifted(dataset, name, expected, noted=noted is not None, hint=command)
    for name, above in sorted(asked.inherited.items()):
        if name not in record and name not in profile:
            yield from _shadowed(dataset, name, above, asked.command)
    yield from _unsafe(dataset, {**profile, **record})


def _shadowed(
    dataset: Dataset, name: str, above: PropertyValue, command: str
) -> Iterator[Finding]:
    """Report a value that is set on a dataset which should inherit it."""
    standing = dataset.properties.get(name, _UNSET)
    if standing.source not in (LOCAL, RECEIVED):
        return
    how = "set by hand" if standing.source == LOCAL else "received"
    have, should = display(name, standing.value), display(name, above.value)
    note = f"{name} is {have}, {how}, and should follow {above.origin}, which has {should}"
    yield Finding(
        "drift-local",
        note,
        command or f"zfs inherit {name} {for_shell(dataset.name)}",
        name,
        above.value,
        standing.value,
        standing.source,
    )


def _profiles(dataset: Dataset) -> set[str]:
    """Return the names, without variants, of the profiles that manage a dataset."""
    managed = dataset.local(PROFILE_PROPERTY) or ""
    return {name.partition(":")[0] for name in managed.split(",") if name}


def _record(dataset: Dataset) -> dict[str, str]:
    """Read the noted values of properties that can be set."""
    noted = read_record(dataset.local(APPLIED_PROPERTY))
    usable = {}
    for name, value in noted.items():
        known = props.find(name)
        sound = props.is_user(name) if known is None else not known.readonly
        if sound and not name.startswith(OWN_PREFIX):
            usable[name] = value
    return usable


def _drifted(
    dataset: Dataset, name: str, expected: str, *, noted: bool, hint: str
) -> Finding:
    """Report a value that differs, or that is not set on the dataset itself."""
    standing = dataset.properties.get(name, _UNSET)
    have = dataset.value(name)
    shown = "unset" if have is None else display(name, have)
    should = display(name, expected)
    was = "was set to" if noted else "should be"
    if standing.source in (LOCAL, NONE, RECEIVED):
        state = "drift-local"
        how = "received" if standing.source == RECEIVED else "set by hand"
        note = f"{name} is {shown}, {how}, and {was} {should}"
    else:
        state = "drift-inherited"
        origin = f" from {standing.origin}" if standing.origin else ""
        how = "inherited" if standing.origin else "the default"
        note = f"{name} is {shown}, {how}{origin}, and {was} {should} here"
    return Finding(
        state,
        note,
        hint
        or f"zfs set {for_shell(f'{name}={props.settable({name: expected})[name]}')} "
        f"{for_shell(dataset.name)}",
        name,
        expected,
        have,
        standing.source,
        standing.origin,
    )


def _overridden(name: str, own: str, asked: str | None, command: str) -> Finding:
    """Report a value that was applied and that the profile does not ask for."""
    says = "does not ask for it" if asked is None else f"says {display(name, asked)}"
    note = f"{name} was set to {display(name, own)}, and the profile {says}"
    hint = f"if the profile is right: {command}" if command else ""
    return Finding("overridden", note, hint, name, asked, own, LOCAL)


def _fixed(dataset: Dataset, name: str, asked: str) -> Finding:
    """Report a property that was fixed at creation, and differs."""
    have = dataset.value(name)
    standing = dataset.properties.get(name, _UNSET)
    shown = "unset" if have is None else have
    note = f"{name} is {shown} and should be {asked}: it is fixed at creation"
    hint = "create a new dataset and copy the data over: nothing else changes the value"
    source, origin = standing.source, standing.origin
    return Finding("unsupported", note, hint, name, asked, have, source, origin)


def _unsafe(dataset: Dataset, wanted: Mapping[str, str]) -> Iterator[Finding]:
    """Report an unsafe value that neither a profile nor a note asks for."""
    for name, unsafe in UNSAFE.items():
        standing = dataset.properties.get(name, _UNSET)
        if standing.value != unsafe.value or name in wanted:
            continue
        local = standing.source in (LOCAL, RECEIVED)
        yield Finding(
            "drift-local" if local else "drift-inherited",
            f"{name} is {unsafe.value}: {unsafe.loss}",
            f"zfs set {name}={unsafe.safe} {for_shell(standing.origin or dataset.name)}",
            name,
            unsafe.safe,
            unsafe.value,
            standing.source,
            standing.origin,
        )

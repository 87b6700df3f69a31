"""How far a dataset has drifted from what was set on it, property by property.

Two things say what a dataset should be: the note of what zfstune set there, and the
profile as it reads today. The note wins, for it knows the values given with ``-o``
and what the pool could take then; where the profile says otherwise by now, that is
told and is no drift.
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
    """What a dataset is asked to be, beside its own note.

    Attributes:
        values: Property to canonical value as the profiles ask for it on this pool;
            None where no profile speaks of it.
        inherited: Property to what a dataset above it gets from the same profiles.
        command: What applies those profiles again, with the values that were given
            with ``-o``; empty where nothing does.
        plain: The same without the values that were given.
    """

    values: Mapping[str, str] | None
    inherited: Mapping[str, PropertyValue] = _NOTHING
    command: str = ""
    plain: str = ""


def set_above(
    found: Dataset, wanted: Wanted | None, datasets: Mapping[str, Dataset]
) -> dict[str, PropertyValue]:
    """Give what a dataset is to inherit: property to value and who sets it.

    The notes of those above it that share a profile win over what the profile says,
    as they do for the dataset itself.

    Args:
        found: The dataset.
        wanted: What its profiles ask of it, None: that is not known.
        datasets: Those of the pool by name.
    """
    own = _profiles(found)
    above: dict[str, PropertyValue] = {}
    for name in reversed(ancestors_of(found.name)):
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


def drift(found: Dataset, asked: Asked) -> Iterator[Finding]:
    """Give what differs from what was set, or is to be set."""
    record = _record(found)
    given = read_given(found.local(APPLIED_PROPERTY))
    # what only holds other datasets is its administrator's once it stands
    own_choice = found.local(PROFILE_PROPERTY) is None and asked.values is None
    profile = asked.values or {}
    if profile and "canmount" in record:  # it only held others once, and mounts now
        profile = {"canmount": "on", **profile}
    for name in sorted({*record, *profile}):
        known = props.find(name)
        says = profile.get(name)
        if known is not None and known.create_only:
            if says is not None and found.value(name) != says:
                yield _fixed(found, name, says)
            continue
        own = found.own(name)
        noted = record.get(name)
        if own is not None and (own in (noted, says) or own_choice):
            if own != says and asked.values is not None:
                again = asked.plain if name in given else asked.command
                yield _overridden(name, own, says, again)
            continue
        expected = says if noted is None else noted
        if expected is not None:
            again = asked.command if expected == says or name in given else ""
            yield _drifted(found, name, expected, noted=noted is not None, hint=again)
    for name, above in sorted(asked.inherited.items()):
        if name not in record and name not in profile:
            yield from _shadowed(found, name, above, asked.command)
    yield from _unsafe(found, {**profile, **record})


def _shadowed(
    found: Dataset, name: str, above: PropertyValue, command: str
) -> Iterator[Finding]:
    """Say that a value is set where it is to follow the dataset above."""
    standing = found.properties.get(name, _UNSET)
    if standing.source not in (LOCAL, RECEIVED):
        return
    how = "set by hand" if standing.source == LOCAL else "received"
    have, should = display(name, standing.value), display(name, above.value)
    note = f"{name} is {have}, {how}, and should follow {above.origin}, which has {should}"
    yield Finding(
        "drift-local",
        note,
        command or f"zfs inherit {name} {for_shell(found.name)}",
        name,
        above.value,
        standing.value,
        standing.source,
    )


def _profiles(found: Dataset) -> set[str]:
    """Give the profiles that a dataset is managed by, whichever variant of them."""
    managed = found.local(PROFILE_PROPERTY) or ""
    return {name.partition(":")[0] for name in managed.split(",") if name}


def _record(found: Dataset) -> dict[str, str]:
    """Give what the note says of properties that one can set."""
    noted = read_record(found.local(APPLIED_PROPERTY))
    usable = {}
    for name, value in noted.items():
        known = props.find(name)
        sound = props.is_user(name) if known is None else not known.readonly
        if sound and not name.startswith(OWN_PREFIX):
            usable[name] = value
    return usable


def _drifted(
    found: Dataset, name: str, expected: str, *, noted: bool, hint: str
) -> Finding:
    """Say that a value is another, or that it is not set on the dataset itself."""
    standing = found.properties.get(name, _UNSET)
    have = found.value(name)
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
        f"{for_shell(found.name)}",
        name,
        expected,
        have,
        standing.source,
        standing.origin,
    )


def _overridden(name: str, own: str, asked: str | None, command: str) -> Finding:
    """Say that what was applied is not what the profile asks for."""
    says = "does not ask for it" if asked is None else f"says {display(name, asked)}"
    note = f"{name} was set to {display(name, own)}, and the profile {says}"
    hint = f"if the profile is right: {command}" if command else ""
    return Finding("overridden", note, hint, name, asked, own, LOCAL)


def _fixed(found: Dataset, name: str, asked: str) -> Finding:
    """Say that a property is fixed at creation, and differs."""
    have = found.value(name)
    standing = found.properties.get(name, _UNSET)
    note = f"{name} is {have} and should be {asked}: it was fixed at creation"
    hint = "make a new dataset and copy the data over; nothing else changes it"
    source, origin = standing.source, standing.origin
    return Finding("unsupported", note, hint, name, asked, have, source, origin)


def _unsafe(found: Dataset, told: Mapping[str, str]) -> Iterator[Finding]:
    """Say that safety was given up where nobody asked for that."""
    for name, unsafe in UNSAFE.items():
        standing = found.properties.get(name, _UNSET)
        if standing.value != unsafe.value or name in told:
            continue
        local = standing.source in (LOCAL, RECEIVED)
        yield Finding(
            "drift-local" if local else "drift-inherited",
            f"{name} is {unsafe.value}: {unsafe.loss}",
            f"zfs set {name}={unsafe.safe} {for_shell(standing.origin or found.name)}",
            name,
            unsafe.safe,
            unsafe.value,
            standing.source,
            standing.origin,
        )

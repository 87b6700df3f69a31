"""How far a dataset has drifted from what was set on it, property by property.

Two things say what a dataset should be: the note of what zfstune set there, and the
profile as it reads today. The note wins, for it knows the values given with ``-o``
and what the pool could take then; where the profile says otherwise by now, that is
told and is no drift.
"""

from __future__ import annotations

from zfstune import properties as props
from zfstune.actions import display
from zfstune.names import APPLIED_PROPERTY, PROFILE_PROPERTY
from zfstune.property_rules import UNSAFE
from zfstune.record import OWN_PREFIX, read_record
from zfstune.state import DEFAULT, LOCAL, NONE, RECEIVED, PropertyValue
from zfstune.verdict import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.state import Dataset

__all__ = ["drift"]

_UNSET = PropertyValue("", DEFAULT)


def drift(
    found: Dataset, wanted: Mapping[str, str] | None, *, command: str
) -> Iterator[Finding]:
    """Give what differs from what was set, or is to be set.

    Args:
        found: The dataset, with its properties and their sources.
        wanted: Property to canonical value as the profiles ask for it on this pool;
            None where no profile speaks of it.
        command: What applies those profiles again; empty where nothing does.
    """
    record = _record(found)
    # what only holds other datasets is its administrator's once it stands
    own_choice = found.local(PROFILE_PROPERTY) is None and wanted is None
    profile = wanted or {}
    if profile and "canmount" in record:  # it only held others once, and mounts now
        profile = {"canmount": "on", **profile}
    for name in sorted({*record, *profile}):
        known = props.find(name)
        asked = profile.get(name)
        if known is not None and known.create_only:
            if asked is not None and found.value(name) != asked:
                yield _fixed(found, name, asked)
            continue
        own = found.own(name)
        noted = record.get(name)
        if own is not None and (own in (noted, asked) or own_choice):
            if own != asked and wanted is not None:
                yield _overridden(name, own, asked, command)
            continue
        expected = asked if noted is None else noted
        if expected is not None:
            hint = command if expected == asked else ""
            yield _drifted(found, name, expected, noted=noted is not None, hint=hint)
    yield from _unsafe(found, {**profile, **record})


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
        hint or f"zfs set {name}={props.settable({name: expected})[name]} {found.name}",
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
            f"zfs set {name}={unsafe.safe} {standing.origin or found.name}",
            name,
            unsafe.safe,
            unsafe.value,
            standing.source,
            standing.origin,
        )

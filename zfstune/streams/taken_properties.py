"""The properties that a copy takes from its source, on request, and how it follows them.

A replication reads what was set on its source and sets it on the copy: a plain stream has
no properties, and the zfs command of another host could not tell a received value from
one that was set there. So the copy has a note, ``org.zfstune:replica-properties``, of the
names that came from the source, each with a digest of its value. Any other value that was
set on the copy is its administrator's, and stays. A value that was changed there since is
no longer the noted one, and stays likewise.

What travels is decided where a stream's properties are (:mod:`zfstune.streams.arrival`).
"""

from __future__ import annotations

import re
from hashlib import blake2b

from zfstune.streams.arrival import may_travel, travels
from zfstune.streams.ends import missing_end
from zfstune.streams.steps import PropertyChanges
from zfstune.values.errors import InvalidProperty, PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import TAKEN_PROPERTY
from zfstune.values.properties import DEFAULT_LIMITS, canonical
from zfstune.values.state import LOCAL, RECEIVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from zfstune.streams.ends import End
    from zfstune.streams.replication_plan import Choices, DatasetPlan
    from zfstune.values.properties import Limits
    from zfstune.values.state import PropertyValue

__all__ = ["counts", "is_note", "noted", "own_values", "taken_properties", "with_taken"]

_DIGEST_BYTES = 4
_ENTRY = re.compile(r"([a-z0-9_.:-]+)=([0-9a-f]{8})")
_MOST_BYTES = 8191  # the longest value of a user property: ZAP_MAXVALUELEN, less the NUL


def counts(name: str) -> bool:
    """Tell whether a property of either side matters to what a copy takes."""
    return name == TAKEN_PROPERTY or may_travel(name)


def own_values(
    properties: Mapping[str, PropertyValue], also: Collection[str] = ()
) -> dict[str, PropertyValue]:
    """Return the properties that count, as far as a dataset has values of its own.

    A received value is its own, as for ``zfs send -p``.

    Args:
        properties: All properties of a dataset.
        also: Names of others that count.
    """
    return {
        name: value
        for name, value in properties.items()
        if value.source in (LOCAL, RECEIVED) and (counts(name) or name in also)
    }


def noted(text: str) -> dict[str, str]:
    """Read a note: the digest of each value by the name of its property."""
    entries = (_ENTRY.fullmatch(entry) for entry in text.split(","))
    return {entry[1]: entry[2] for entry in entries if entry is not None}


def is_note(text: str) -> bool:
    """Tell whether a text is a note, and names nothing that may not be taken."""
    entries = text.split(",")
    names = [entry[1] for entry in map(_ENTRY.fullmatch, entries) if entry is not None]
    return len(names) == len(entries) and all(map(may_travel, names))


def taken_properties(
    source: End,
    target: End,
    *,
    chosen: Collection[str] = (),
    dropped: Collection[str] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> PropertyChanges:
    """Decide what a target takes from its source.

    Args:
        source: The source with its properties.
        target: The target, likewise; what it has of its own stays.
        chosen: Names of properties that the caller has values for: neither is touched.
        dropped: Names of properties that are not taken, and given up if they were.
        limits: The limits of the target's release.

    Raises:
        PlanError: There are more names than a note has room for.
    """
    wanted = _wanted(source, {*chosen, *dropped}, limits)
    note = target.own.get(TAKEN_PROPERTY)
    before = noted(note.value) if note is not None and note.source == LOCAL else {}
    local = {n: v.value for n, v in target.own.items() if v.source == LOCAL}
    local.pop(TAKEN_PROPERTY, None)
    followed = {n for n, v in local.items() if before.get(n) == _digest(v)}
    kept = {n: v for n, v in local.items() if n in wanted and n not in followed}
    taken = {n: v for n, v in wanted.items() if n not in kept}
    values = {n: v for n, v in taken.items() if local.get(n) != v}
    inherited = tuple(sorted(followed - wanted.keys() - {*chosen}))
    entries = {n: before[n] for n in followed & {*chosen}}
    entries |= {name: _digest(value) for name, value in taken.items()}
    if values or (inherited and entries):
        values[TAKEN_PROPERTY] = _note(source.name, entries)
    elif inherited:
        inherited = (*inherited, TAKEN_PROPERTY)
    others = {n: v for n, v in kept.items() if v != wanted[n]}
    return PropertyChanges(source.name, target.name, values, inherited, others)


def with_taken(plan: DatasetPlan, choices: Choices, limits: Limits) -> DatasetPlan:
    """Return the plan of a dataset with the properties that its target takes.

    A new target gets them with its first stream, so that this one is stored by them. A
    placeholder exists, and is given them by itself.
    """
    arrival, target = plan.arrival, plan.target
    new = arrival is not None and not (plan.placeholder or target.placeholder)
    changes = taken_properties(
        plan.source,
        missing_end(target.name) if new else target,
        chosen=choices.properties,
        dropped=choices.without,
        limits=limits,
    )
    if arrival is None or not new:
        return replace(plan, changes=changes)
    reasons = dict.fromkeys(changes.values, f"as on {changes.source}")
    properties = {**arrival.properties, **changes.values}
    reasons = {**arrival.reasons, **reasons}
    return replace(plan, arrival=replace(arrival, properties=properties, reasons=reasons))


def _wanted(source: End, without: Collection[str], limits: Limits) -> dict[str, str]:
    """Return the source's properties that may travel, as the target will print them."""
    found = {}
    for name, prop in sorted(source.own.items()):
        if name in without or not travels(name, prop.value, source.kind, limits):
            continue
        try:
            found[name] = canonical(name, prop.value, limits=limits)
        except InvalidProperty:
            continue  # a release from which the target's is too far away
    return found


def _digest(value: str) -> str:
    data = value.encode("utf-8", "surrogateescape")
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def _note(source: str, entries: Mapping[str, str]) -> str:
    text = ",".join(f"{name}={digest}" for name, digest in sorted(entries.items()))
    if len(text) > _MOST_BYTES:
        raise PlanError(
            f"cannot take the properties of '{source}': {len(entries)} are too many to be "
            "noted on the target",
            hint="leave some behind: -x NAME",
        )
    return text

"""The difference between a dataset and the values wanted of it, by property."""

from __future__ import annotations

from zfstune.datasets.actions import Change
from zfstune.datasets.applied import ADMINISTRATORS, read_given, read_record, write_record
from zfstune.datasets.cautions import Caution
from zfstune.values import properties as props
from zfstune.values.marks import (
    APPLIED_PROPERTY,
    OWN_PREFIX,
    PROFILE_PROPERTY,
    STANDS_FOR_PROPERTY,
)
from zfstune.values.property_rules import display
from zfstune.values.state import LOCAL, NONE, RECEIVED, PropertyValue
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.datasets.wanted import Wanted
    from zfstune.values.state import Dataset


__all__ = ["Difference", "compare_container", "compare_dataset", "values_for_new"]

_OWN_NOTE = "zfstune's own note"
# Properties whose change only takes effect for data that is written afterwards.
_NEW_DATA_ONLY = (
    "checksum",
    "compression",
    "copies",
    "dedup",
    "dnodesize",
    "recordsize",
    "redundant_metadata",
    "special_small_blocks",
    "xattr",
)
_SOME_DATA_BYTES = 1 << 20
_CONTAINER = "it only held other datasets until now, and will be mounted"
_WITHDRAWN = "an earlier call gave it with -o, and this call does not"
_UNSET = PropertyValue("")


class Difference:
    """Changes that a dataset needs, in the order :class:`Adjust` asks for."""

    __slots__ = ("cautions", "changes")

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.cautions: list[Caution] = []


def values_for_new(wanted: Wanted) -> dict[str, str]:
    """Return all properties for a dataset that is yet to be made, notes included."""
    return {**wanted.values, **_notes(wanted, {}, {})}


def compare_container(dataset: Dataset, missing: Mapping[str, str]) -> Difference:
    """Return the changes that finish a container."""
    difference = Difference()
    for name, value in missing.items():
        own = name.startswith(OWN_PREFIX)
        why = _OWN_NOTE if own else "it is there only to hold the datasets below it"
        difference.changes.append(Change(name, dataset.value(name), value, why))
    return difference


def compare_dataset(
    dataset: Dataset, wanted: Wanted, snapshot_properties: Mapping[str, str]
) -> Difference:
    """Compare a dataset that exists with the values that are wanted of it.

    A value is right only where it is set on the dataset itself: an inherited one
    would follow each change of a dataset above.

    Args:
        dataset: The dataset.
        wanted: The values that are wanted of it.
        snapshot_properties: Its schedule and its policy, where they are still to be
            stored.
    """
    difference = Difference()
    managed = dataset.local(PROFILE_PROPERTY)
    record = read_record(dataset.local(APPLIED_PROPERTY))
    if managed is None:
        message = "it existed before and is adopted: its files stay as they are"
        difference.cautions.append(Caution(dataset.name, message))
    elif managed != ",".join(wanted.profiles):
        message = (
            f"it was managed by profile {display(PROFILE_PROPERTY, managed)} until now"
        )
        difference.cautions.append(Caution(dataset.name, message))
    _give_back(dataset, wanted, record, difference)
    _inherit(dataset, wanted, record if managed else None, difference)
    kept: dict[str, str] = {}
    for name, value in _values(wanted, record).items():
        known = props.find(name)
        have = dataset.value(name)
        if known is not None and known.create_only:
            if have != value:
                _warn_fixed(dataset.name, name, have, value, difference)
            continue
        kept[name] = value
        if dataset.own(name) == value:
            continue
        setting = wanted.settings.get(name)
        drift, note = _cause(dataset, wanted, name, value, record if managed else None)
        why, source = (setting.why, setting.source) if setting else (_CONTAINER, "")
        difference.changes.append(Change(name, have, value, why, source, drift, note))
    _warn_data(dataset, difference)
    if wanted.snapshots is not None:
        why, source = wanted.snapshots.why, wanted.snapshots.source
        for name, value in snapshot_properties.items():
            change = Change(
                name, dataset.value(name), value, why, source, note="not stored yet"
            )
            difference.changes.append(change)
    for name, value in _notes(wanted, record, kept).items():
        if dataset.local(name) != value:
            difference.changes.append(Change(name, dataset.local(name), value, _OWN_NOTE))
    return difference


def _values(wanted: Wanted, record: Mapping[str, str]) -> dict[str, str]:
    """Return the values to compare; a container of zfstune's becomes mountable again.

    The note keeps ``canmount`` from then on, so that a kill between the two halves
    of the change does not leave the dataset unmountable for good.
    """
    if "canmount" in record:
        return {"canmount": "on", **wanted.values}
    return wanted.values


def _notes(
    wanted: Wanted, record: Mapping[str, str], kept: Mapping[str, str]
) -> dict[str, str]:
    """Return zfstune's own notes for a dataset; with no `kept`, for a new one."""
    noted = {}
    for name, value in (kept or wanted.values).items():
        known = props.find(name)
        if known is not None and known.create_only:
            continue
        was_container = name == "canmount" and name in record and name not in wanted.values
        if name not in ADMINISTRATORS or was_container:
            noted[name] = value
    place = {STANDS_FOR_PROPERTY: wanted.stands_for} if wanted.stands_for else {}
    return {
        PROFILE_PROPERTY: ",".join(wanted.profiles),
        APPLIED_PROPERTY: write_record(noted, filter(wanted.asked, noted)),
        **place,
    }


def _give_back(
    dataset: Dataset, wanted: Wanted, record: Mapping[str, str], difference: Difference
) -> None:
    """Inherit properties again that no profile asks for, unless somebody changed them."""
    given = read_given(dataset.local(APPLIED_PROPERTY))
    for name, noted in record.items():
        have = dataset.own(name)
        if (
            have is None
            or name in wanted.values
            or name in wanted.inherited
            or name in ADMINISTRATORS
            or name.startswith(OWN_PREFIX)
        ):
            continue
        known = props.find(name)
        if known is None and not props.is_user(name):
            continue
        if known is not None and (known.readonly or known.create_only):
            continue
        if have == noted and (known is None or known.inheritable):
            why = _WITHDRAWN if name in given else "the profile no longer asks for it"
            difference.changes.append(Change(name, have, None, why, note=why))
            continue
        reason = "was set by hand" if have != noted else "cannot be inherited"
        message = (
            f"{name}={display(name, have)} stays: the profile no longer asks for it, "
            f"but it {reason}"
        )
        hint = (
            f"to drop it: `zfs inherit {name} {for_shell(dataset.name)}`"
            if have != noted
            else ""
        )
        difference.cautions.append(Caution(dataset.name, message, hint))


def _inherit(
    dataset: Dataset,
    wanted: Wanted,
    record: Mapping[str, str] | None,
    difference: Difference,
) -> None:
    """Drop local values of properties that the profile sets on a dataset above."""
    for name, above in wanted.inherited.items():
        current = dataset.properties.get(name, _UNSET)
        if current.source not in (LOCAL, RECEIVED):
            continue
        value = display(name, current.value)
        how = "set by hand to" if current.source == LOCAL else "received as"
        drift, note = True, f"drift: {how} {value}"
        if record is None:
            drift, note = False, "adopted"
        elif record.get(name) == current.value:
            drift, note = False, "the profile no longer asks for it here"
        why = f"the profile sets it on {above.origin}"
        difference.changes.append(
            Change(name, current.value, None, why, drift=drift, note=note)
        )


def _cause(
    dataset: Dataset,
    wanted: Wanted,
    name: str,
    value: str,
    record: Mapping[str, str] | None,
) -> tuple[bool, str]:
    """Tell whether a difference is drift, and say what caused it."""
    have = dataset.value(name)
    current = dataset.properties.get(name, _UNSET)
    source = current.source
    shown = "unset" if have is None else display(name, have)
    if record is None:
        return (
            False,
            "adopted" if have != value else "adopted: set on this dataset from now on",
        )
    local = source in (LOCAL, NONE)
    if name in record and (record[name] != have or not local):
        if local:
            return True, f"drift: set by hand to {shown}"
        if source == RECEIVED:
            return True, f"drift: received as {shown}"
        origin = f" from {current.origin}" if current.origin else ""
        return True, f"drift: no longer set here, now {shown}{origin}"
    if name in read_given(dataset.local(APPLIED_PROPERTY)) and not wanted.asked(name):
        return False, _WITHDRAWN
    if wanted.asked(name):
        return False, "asked for in this call"
    if have == value:
        return False, "the value was right, but not set here"
    return False, f"the profile now says {display(name, value)}"


def _warn_fixed(
    dataset: str, name: str, have: str | None, value: str, difference: Difference
) -> None:
    """Say that a property differs and cannot be changed after creation."""
    shown = "unset" if have is None else have
    message = f"{name} is {shown} and should be {value}: it is fixed at creation"
    hint = "create a new dataset and copy the data over: nothing else changes the value"
    difference.cautions.append(Caution(dataset, message, hint))


def _warn_data(dataset: Dataset, difference: Difference) -> None:
    """Say that existing data keeps the properties that it was written with."""
    if int(dataset.value("referenced") or 0) <= _SOME_DATA_BYTES:
        return
    changed = [
        change.property
        for change in difference.changes
        if change.property in _NEW_DATA_ONLY and change.old != change.new
    ]
    if not changed:
        return
    # A cloned file keeps the block size of its source (zfs_clone_range() in
    # module/zfs/zfs_vnops.c), a received file the stream's (module/zfs/dmu_recv.c).
    hint = (
        "to rewrite old data: dump and restore it with the application, or stop that and "
        f"run `zfstune retune {for_shell(dataset.name)}` afterwards; plain cp may clone "
        "blocks, and send and receive keep them as they are"
    )
    names = " and ".join(changed)
    message = f"only data written from now on gets the new {names}"
    difference.cautions.append(Caution(dataset.name, message, hint))

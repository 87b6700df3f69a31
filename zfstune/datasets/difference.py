"""What sets one dataset apart from what is wanted of it, property by property."""

from __future__ import annotations

from zfstune.datasets.actions import Change
from zfstune.datasets.applied import ADMINISTRATORS, read_given, read_record, write_record
from zfstune.datasets.cautions import Caution
from zfstune.values import properties as props
from zfstune.values.marks import APPLIED_PROPERTY, OWN_PREFIX, PROFILE_PROPERTY
from zfstune.values.property_rules import display
from zfstune.values.state import LOCAL, NONE, RECEIVED, PropertyValue
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.datasets.wanted import Wanted
    from zfstune.values.state import Dataset


__all__ = ["Difference", "compare", "compare_container", "values_for_new"]

_OWN_NOTE = "zfstune's own note"
# Only what is written from now on follows a change of these.
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
_CONTAINER = "it only held other datasets until now, and is to be mounted"
_WITHDRAWN = "given with -o before, and not in this call"
_UNSET = PropertyValue("")


class Difference:
    """Changes that a dataset needs, in the order :class:`Adjust` asks for."""

    __slots__ = ("cautions", "changes")

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.cautions: list[Caution] = []


def values_for_new(wanted: Wanted) -> dict[str, str]:
    """Give all properties for a dataset that is yet to be made, notes included."""
    return {**wanted.values, **_notes(wanted, {}, {})}


def compare_container(found: Dataset, missing: Mapping[str, str]) -> Difference:
    """Give the changes that finish a container."""
    difference = Difference()
    for name, value in missing.items():
        own = name.startswith(OWN_PREFIX)
        why = _OWN_NOTE if own else "it is there only to hold the datasets below it"
        difference.changes.append(Change(name, found.value(name), value, why))
    return difference


def compare(found: Dataset, wanted: Wanted, unsaid: Mapping[str, str]) -> Difference:
    """Hold a dataset that exists against what is wanted of it.

    A value is right only where it is set on the dataset itself: one that is
    merely inherited follows whatever happens above.

    Args:
        found: The dataset.
        wanted: What is wanted of it.
        unsaid: What it is to say of its snapshots and does not.
    """
    difference = Difference()
    managed = found.local(PROFILE_PROPERTY)
    record = read_record(found.local(APPLIED_PROPERTY))
    if managed is None:
        message = "it existed before and is adopted: what it holds stays as it is"
        difference.cautions.append(Caution(found.name, message))
    elif managed != ",".join(wanted.profiles):
        message = (
            f"it was managed by profile {display(PROFILE_PROPERTY, managed)} until now"
        )
        difference.cautions.append(Caution(found.name, message))
    _give_back(found, wanted, record, difference)
    _inherit(found, wanted, record if managed else None, difference)
    kept: dict[str, str] = {}
    for name, value in _values(wanted, record).items():
        known = props.find(name)
        have = found.value(name)
        if known is not None and known.create_only:
            if have != value:
                _warn_fixed(found.name, name, have, value, difference)
            continue
        kept[name] = value
        if found.own(name) == value:
            continue
        setting = wanted.settings.get(name)
        drift, note = _cause(found, wanted, name, value, record if managed else None)
        why, source = (setting.why, setting.source) if setting else (_CONTAINER, "")
        difference.changes.append(Change(name, have, value, why, source, drift, note))
    _warn_data(found, difference)
    if wanted.snapshots is not None:
        why, source = wanted.snapshots.why, wanted.snapshots.source
        for name, value in unsaid.items():
            change = Change(
                name, found.value(name), value, why, source, note="not said yet"
            )
            difference.changes.append(change)
    for name, value in _notes(wanted, record, kept).items():
        if found.local(name) != value:
            difference.changes.append(Change(name, found.local(name), value, _OWN_NOTE))
    return difference


def _values(wanted: Wanted, record: Mapping[str, str]) -> dict[str, str]:
    """Give what to compare: a container of zfstune's becomes mountable again.

    The note keeps ``canmount`` from then on, so that a kill between the two halves
    of the change does not leave the dataset unmountable for good.
    """
    if "canmount" in record:
        return {"canmount": "on", **wanted.values}
    return wanted.values


def _notes(
    wanted: Wanted, record: Mapping[str, str], kept: Mapping[str, str]
) -> dict[str, str]:
    """Give zfstune's own notes for a dataset; with no `kept`, for a new one."""
    noted = {}
    for name, value in (kept or wanted.values).items():
        known = props.find(name)
        if known is not None and known.create_only:
            continue
        was_container = name == "canmount" and name in record and name not in wanted.values
        if name not in ADMINISTRATORS or was_container:
            noted[name] = value
    return {
        PROFILE_PROPERTY: ",".join(wanted.profiles),
        APPLIED_PROPERTY: write_record(noted, filter(wanted.asked, noted)),
    }


def _give_back(
    found: Dataset, wanted: Wanted, record: Mapping[str, str], difference: Difference
) -> None:
    """Inherit again what the profile no longer asks for, unless changed by hand."""
    given = read_given(found.local(APPLIED_PROPERTY))
    for name, noted in record.items():
        have = found.own(name)
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
            f"to drop it: `zfs inherit {name} {for_shell(found.name)}`"
            if have != noted
            else ""
        )
        difference.cautions.append(Caution(found.name, message, hint))


def _inherit(
    found: Dataset,
    wanted: Wanted,
    record: Mapping[str, str] | None,
    difference: Difference,
) -> None:
    """Drop what is set here of that which the profile sets above, for here too."""
    for name, above in wanted.inherited.items():
        standing = found.properties.get(name, _UNSET)
        if standing.source not in (LOCAL, RECEIVED):
            continue
        value = display(name, standing.value)
        how = "set by hand to" if standing.source == LOCAL else "received as"
        drift, note = True, f"drift: {how} {value}"
        if record is None:
            drift, note = False, "adopted"
        elif record.get(name) == standing.value:
            drift, note = False, "the profile no longer asks for it here"
        why = f"the profile sets it on {above.origin}"
        difference.changes.append(
            Change(name, standing.value, None, why, drift=drift, note=note)
        )


def _cause(
    found: Dataset,
    wanted: Wanted,
    name: str,
    value: str,
    record: Mapping[str, str] | None,
) -> tuple[bool, str]:
    """Tell drift from a profile that changed its mind, and say which it is."""
    have = found.value(name)
    standing = found.properties.get(name, _UNSET)
    source = standing.source
    shown = "unset" if have is None else display(name, have)
    if record is None:
        return False, "adopted" if have != value else "adopted: now set here"
    local = source in (LOCAL, NONE)
    if name in record and (record[name] != have or not local):
        if local:
            return True, f"drift: set by hand to {shown}"
        if source == RECEIVED:
            return True, f"drift: received as {shown}"
        origin = f" from {standing.origin}" if standing.origin else ""
        return True, f"drift: no longer set here, {shown}{origin}"
    if name in read_given(found.local(APPLIED_PROPERTY)) and not wanted.asked(name):
        return False, _WITHDRAWN
    if wanted.asked(name):
        return False, "asked for in this call"
    if have == value:
        return False, "was right, but not set here"
    return False, f"the profile now says {display(name, value)}"


def _warn_fixed(
    dataset: str, name: str, have: str | None, value: str, difference: Difference
) -> None:
    """Say that a property is fixed at creation, and differs."""
    message = f"{name} is {have} and should be {value}: it was fixed at creation"
    hint = "make a new dataset and copy the data over; nothing else changes it"
    difference.cautions.append(Caution(dataset, message, hint))


def _warn_data(found: Dataset, difference: Difference) -> None:
    """Say that the data which is there keeps the shape it was written in."""
    if int(found.value("referenced") or 0) <= _SOME_DATA_BYTES:
        return
    changed = [
        change.property
        for change in difference.changes
        if change.property in _NEW_DATA_ONLY and change.old != change.new
    ]
    if not changed:
        return
    # A clone keeps the source's block size (zfs_clone_range(), module/zfs/zfs_vnops.c),
    # and a received file that of the stream (module/zfs/dmu_recv.c).
    hint = (
        "to rewrite it: dump and restore with the application, or `cp --reflink=never`; "
        "plain cp may clone blocks, and send and receive keep them as they are"
    )
    what = " and ".join(changed)
    message = f"only what is written from now on gets the new {what}"
    difference.cautions.append(Caution(found.name, message, hint))

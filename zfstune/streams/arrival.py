"""The properties of a dataset that arrives: inert, whatever its stream says.

A stream comes from elsewhere, and nothing in it decides what happens on this machine:
neither where something is mounted, shared or run, nor how often snapshots are taken. A
new dataset gets the values below, set here; a dataset that exists keeps its own. Quotas
and reservations do not travel, since they were made for another pool.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.errors import InvalidProperty
from zfstune.values.frozen import frozen
from zfstune.values.inert import INERT, opened_note
from zfstune.values.marks import OPENED_PROPERTY, OWN_PREFIX, REPLICA_PROPERTY
from zfstune.values.properties import DEFAULT_LIMITS, check, is_user, known
from zfstune.values.property_rules import cannot_set, is_unsafe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.streams.ends import Replica
    from zfstune.values.properties import Limits

__all__ = [
    "TRAVELLING",
    "Arrival",
    "decide_arrival",
    "is_harmless",
    "may_travel",
    "travels",
]

_NOTHING: Mapping[str, str] = MappingProxyType({})

# The native properties that are taken from a stream, or from the source of a replication,
# where the caller wants that: they say how blocks and attributes are stored, and nothing
# else.
TRAVELLING = frozenset(
    {
        *("aclinherit", "aclmode", "acltype", "atime", "checksum", "compression"),
        *("copies", "dnodesize", "logbias", "primarycache", "recordsize"),
        *("redundant_metadata", "relatime", "secondarycache", "special_small_blocks"),
        "xattr",
    }
)
# zfs-auto-snapshot takes snapshots wherever this or a property below it says so; a copy
# with snapshots of its own takes no further stream.
_AUTO_SNAPSHOT = "com.sun:auto-snapshot"
# zfs-mount-generator(8) makes units of the properties below this name: `required-by` has a
# copy mounted at boot, although its canmount is noauto.
_UNITS = "org.openzfs.systemd:"

# zfs-receive(8): these come with the data and cannot be set at a receive.
_WITH_THE_DATA = frozenset(
    {"casesensitivity", "normalization", "utf8only", "version", "volblocksize", "volsize"}
)
_ENCRYPTION = frozenset({"encryption", "keyformat", "keylocation", "pbkdf2iters"})


@frozen
class Arrival:
    """The properties of one receive.

    Attributes:
        properties: The values that are set here, as `zfs receive -o` does.
        received: The values that are taken from the stream.
        excluded: Names of the properties whose values in the stream count for nothing,
            as with `zfs receive -x`.
        reasons: Property to half a sentence, for values that the caller did not choose.
    """

    properties: Mapping[str, str]
    received: Mapping[str, str]
    excluded: tuple[str, ...]
    reasons: Mapping[str, str]

    def to_dict(self) -> dict[str, object]:
        """Return the properties in JSON's types."""
        return {
            "properties": dict(self.properties),
            "received": dict(self.received),
            "excluded": list(self.excluded),
            "reasons": dict(self.reasons),
        }


def decide_arrival(
    kind: str,
    *,
    new: bool,
    sealed: bool = False,
    opened: bool = False,
    sent: Mapping[str, str] = _NOTHING,
    chosen: Mapping[str, str] = _NOTHING,
    dropped: Iterable[str] = (),
    replica: Replica | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Arrival:
    """Decide which properties a dataset has after a receive.

    Args:
        kind: ``filesystem`` or ``volume``.
        new: Whether the receive makes the dataset.
        sealed: Whether a new dataset has its encryption already, for the stream is raw
            or the dataset becomes a clone.
        opened: Whether a new dataset is not to be encrypted although its parent, which
            came raw, is: so it was on its source, and that key may not be here.
        sent: Properties of the stream that the caller wants, canonical; most streams
            have none.
        chosen: The caller's own values, as for `zfs receive -o`. They come first.
        dropped: Names of properties that are left to be inherited, as for
            `zfs receive -x`, those that would make the dataset inert among them.
        replica: The mark for a new dataset.
        limits: The limits of the receiving release.

    Raises:
        InvalidProperty: A choice is unknown, not for this kind of dataset, cannot be
            made at a receive, or contradicts another one.
    """
    unwanted = frozenset(dropped)
    _check_choices(kind, chosen, limits, creating=new and not sealed)
    for name in sorted(unwanted):
        _check_name(name)
        if name in chosen:
            raise InvalidProperty(f"cannot set '{name}' and leave it out as well")
    fixed = _fixed(kind, opened=opened and not sealed) if new else {}
    fixed = {n: pair for n, pair in fixed.items() if n not in unwanted | chosen.keys()}
    properties = {name: value for name, (value, _) in fixed.items()} | dict(chosen)
    if new and replica is not None:
        properties |= _marks(kind, replica, unwanted)
    received = {
        name: value
        for name, value in sent.items()
        if name not in properties
        and name not in unwanted
        and travels(name, value, kind, limits)
    }
    return Arrival(
        properties=properties,
        received=received,
        excluded=tuple(
            sorted((unwanted | sent.keys()) - properties.keys() - received.keys())
        ),
        reasons={name: why for name, (_, why) in fixed.items()},
    )


def _marks(kind: str, replica: Replica, unwanted: frozenset[str]) -> dict[str, str]:
    """Return zfstune's own properties of a new copy."""
    note = opened_note(kind, unwanted)
    return {REPLICA_PROPERTY: replica.text} | ({OPENED_PROPERTY: note} if note else {})


def _fixed(kind: str, *, opened: bool) -> dict[str, tuple[str, str]]:
    """Return what a new dataset gets unless the caller chooses, each with the reason."""
    if not opened:
        return dict(INERT[kind])
    why = "its source is not encrypted, below one that is"
    return {**INERT[kind], "encryption": ("off", why)}


def travels(name: str, value: str, kind: str, limits: Limits) -> bool:
    """Tell whether a property may be taken from a stream, or from a source."""
    if not (may_travel(name) if is_user(name) else is_harmless(name, value)):
        return False
    try:
        check({name: value}, kind=kind, creating=False, limits=limits)
    except InvalidProperty:
        return False
    return True


def may_travel(name: str) -> bool:
    """Tell whether there is a value with which a property may be taken from elsewhere."""
    if not is_user(name):
        return name in TRAVELLING
    auto = name == _AUTO_SNAPSHOT or name.startswith(f"{_AUTO_SNAPSHOT}:")
    # A zfs command of another host would take a name with a dash in front for an option.
    return not (auto or name.startswith((OWN_PREFIX, _UNITS, "-")))


def is_harmless(name: str, value: str) -> bool:
    """Tell whether a value says how blocks and attributes are stored, and no more."""
    return name in TRAVELLING and not is_unsafe(name, value)


def _check_choices(
    kind: str, chosen: Mapping[str, str], limits: Limits, *, creating: bool
) -> None:
    """Check the caller's values, as `zfs receive -o` would."""
    for name in chosen:
        _check_name(name)
        if name.startswith(OWN_PREFIX):
            raise cannot_set(name, None, "zfstune alone writes it")
    encryption = {n: text for n, text in chosen.items() if n in _ENCRYPTION}
    if creating:
        # Whether a volume has a size is for its stream to say. All releases that zfstune
        # knows have the same encryption.
        check(encryption, kind="filesystem", creating=True)
    elif encryption:
        reason = "the dataset has its encryption by its stream, its origin or already"
        raise cannot_set(min(encryption), None, reason)
    others = {n: text for n, text in chosen.items() if n not in _ENCRYPTION}
    check(others, kind=kind, creating=False, limits=limits)


def _check_name(name: str) -> None:
    """Refuse the name of a property that no receive can set or leave out."""
    if name in _WITH_THE_DATA:
        raise cannot_set(name, None, "it comes with the data of a stream")
    if is_user(name):
        return
    prop = known(name)
    if prop.readonly or prop.hidden:
        raise cannot_set(name, None, "ZFS alone sets it")

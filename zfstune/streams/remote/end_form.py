"""An end of a replication with all that it has, in JSON's types and read from them."""

from __future__ import annotations

from zfstune.streams.ends import MAX_GUID, end_of, missing_end, placeholder_mark
from zfstune.streams.remote.fields import (
    BadMessageError,
    list_in,
    object_in,
    row_in,
    text_in,
    whole_in,
)
from zfstune.values.frozen import replace
from zfstune.values.inert import INERT
from zfstune.values.marks import BEGUN, REPLICA_PROPERTY, REPLICATE_PROPERTY
from zfstune.values.names import check_bookmark, check_dataset, check_snapshot
from zfstune.values.replication_marks import ASIDE, UNSENT, noted_target, target_property
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Bookmark,
    Dataset,
    Partial,
    PropertyValue,
    Snapshot,
)
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.ends import End

__all__ = [
    "end_from",
    "read_bookmark",
    "read_guid",
    "read_snapshot",
    "write_bookmark",
    "write_end",
    "write_snapshot",
]

_SOURCES = frozenset({LOCAL, INHERITED, RECEIVED, DEFAULT, NONE})
_KINDS = ("filesystem", "volume", BEGUN)


def write_end(end: End) -> dict[str, object]:
    """Return an end in JSON's types."""
    return {
        "name": end.name,
        "guid": end.guid,
        "kind": end.kind,
        "snapshots": [write_snapshot(snapshot) for snapshot in end.snapshots],
        "bookmarks": [write_bookmark(bookmark) for bookmark in end.bookmarks],
        "origin": None if end.origin is None else write_snapshot(end.origin),
        "encrypted": end.encrypted,
        "written_bytes": end.written_bytes,
        "partial": None if end.partial is None else _write_partial(end.partial),
        "replica": _mark_of(end),
        "unsent": end.unsent,
        "available_bytes": end.available_bytes,
        "createtxg": end.createtxg,
        "places": {target_property(n): place for n, place in end.places.items()},
        "key_root": end.key_root,
        "key_salt": end.key_salt,
        "lacking": list(end.lacking),
        "damaged": end.damaged,
    }


def _mark_of(end: End) -> str:
    """Return the value of the property which the mark, or what it stands for, is from."""
    if end.replica is not None:
        return end.replica.text
    if end.aside:
        return ASIDE
    return placeholder_mark(end.stands_for) if end.stands_for else ""


_END = frozenset(
    {
        *("name", "guid", "kind", "snapshots", "bookmarks", "origin", "encrypted"),
        *("written_bytes", "partial", "replica", "available_bytes", "createtxg"),
        *("places", "unsent", "key_root", "key_salt", "lacking", "damaged"),
    }
)


def end_from(value: object) -> End:
    """Read an end; a damaged one has its name and the reason alone."""
    fields = object_in(value, _END)
    damaged = shown(text_in(fields["damaged"]))
    if damaged:
        name = check_dataset(text_in(fields["name"]))
        return replace(missing_end(name), exists=True, damaged=damaged)
    if fields["kind"] not in _KINDS:
        raise BadMessageError("an end is of no known kind")
    properties = {
        "encryption": PropertyValue("on" if fields["encrypted"] is True else "off"),
        "written": PropertyValue(str(whole_in(fields["written_bytes"]))),
        "available": PropertyValue(str(whole_in(fields["available_bytes"]))),
        "encryptionroot": PropertyValue(text_in(fields["key_root"])),
        "pbkdf2salt": PropertyValue(str(whole_in(fields["key_salt"], MAX_GUID))),
    }
    # A mark of a placeholder that somebody can have written to is left out there.
    local = {REPLICA_PROPERTY: fields["replica"], "readonly": "on"}
    local |= {REPLICATE_PROPERTY: UNSENT} if fields["unsent"] is True else {}
    local |= _read_places(fields["places"])
    properties |= {n: PropertyValue(text_in(text), LOCAL) for n, text in local.items()}
    origin, partial = fields["origin"], fields["partial"]
    dataset = Dataset(
        check_dataset(text_in(fields["name"])),
        str(fields["kind"]),
        whole_in(fields["guid"]),
        whole_in(fields["createtxg"]),
        properties,
    )
    end = end_of(
        dataset,
        [read_snapshot(snapshot) for snapshot in list_in(fields["snapshots"])],
        [read_bookmark(bookmark) for bookmark in list_in(fields["bookmarks"])],
        origin=None if origin is None else read_snapshot(origin),
        partial=None if partial is None else _read_partial(partial),
    )
    return replace(end, lacking=_read_lacking(fields["lacking"], end.kind))


def _read_lacking(value: object, kind: str) -> tuple[str, ...]:
    names = tuple(map(text_in, list_in(value)))
    if not INERT.get(kind, {}).keys() >= {*names} or len({*names}) < len(names):
        raise BadMessageError("a copy lacks what makes none inert")
    return names


def _read_places(value: object) -> dict[str, object]:
    if not isinstance(value, dict) or not all(map(noted_target, value)):
        raise BadMessageError("no places of targets stand where they belong")
    return value


def write_snapshot(snapshot: Snapshot) -> list[object]:
    """Return a snapshot as a row."""
    properties = {
        name: [prop.value, prop.source, prop.origin]
        for name, prop in snapshot.properties.items()
    }
    return [
        snapshot.name,
        snapshot.guid,
        snapshot.createtxg,
        snapshot.clones,
        properties,
        snapshot.creation,
    ]


def read_snapshot(value: object) -> Snapshot:
    """Read the row of a snapshot."""
    name, guid, createtxg, clones, properties, creation = row_in(value, 6)
    if not isinstance(properties, dict):
        raise BadMessageError("no object stands where properties belong")
    return Snapshot(
        name=check_snapshot(text_in(name)),
        guid=read_guid(guid),
        createtxg=whole_in(createtxg),
        clones=whole_in(clones),
        properties={prop: _read_property(given) for prop, given in properties.items()},
        creation=None if creation is None else whole_in(creation),
    )


def _read_property(value: object) -> PropertyValue:
    text, source, origin = map(text_in, row_in(value, 3))
    if source not in _SOURCES:
        raise BadMessageError("a property has a source that there is not")
    return PropertyValue(text, source, origin)


def write_bookmark(bookmark: Bookmark) -> list[object]:
    """Return a bookmark as a row."""
    return [
        *(bookmark.name, bookmark.guid, bookmark.createtxg, bookmark.creation),
        bookmark.ivsetguid,
    ]


def read_bookmark(value: object) -> Bookmark:
    """Read the row of a bookmark."""
    name, *numbers = row_in(value, 5)
    guid, createtxg, creation, ivsetguid = map(whole_in, numbers)
    name = check_bookmark(text_in(name))
    return Bookmark(name, read_guid(guid), createtxg, creation, ivsetguid)


def _write_partial(partial: Partial) -> list[object]:
    return [partial.toname, partial.toguid, partial.fromguid, partial.raw]


def _read_partial(value: object) -> Partial:
    toname, toguid, fromguid, raw = row_in(value, 4)
    return Partial(
        check_snapshot(text_in(toname)), read_guid(toguid), whole_in(fromguid), raw is True
    )


def read_guid(value: object) -> int:
    """Read a guid, which is never 0."""
    guid = whole_in(value, MAX_GUID)
    if not guid:
        raise BadMessageError("a guid is 0")
    return guid

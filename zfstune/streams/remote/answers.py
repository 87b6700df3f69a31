"""What a side returns, as a message of its host, and checked by the host that asked.

A value is believed as far as its form goes: a name is one that OpenZFS allows and lies
where the question was about, a number is in range. Whether it is true shows at the
receive, where the kernel compares guids.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.streams.ends import MAX_GUID, end_of, missing_end, placeholder_mark
from zfstune.streams.remote.fields import (
    BadMessageError,
    list_in,
    object_in,
    text_in,
    whole_in,
)
from zfstune.streams.remote.requests import check_token
from zfstune.streams.taken_properties import own_values
from zfstune.values.frozen import replace
from zfstune.values.inert import INERT
from zfstune.values.marks import REPLICA_PROPERTY, REPLICATE_PROPERTY
from zfstune.values.names import check_bookmark, check_dataset, check_snapshot, pool_of
from zfstune.values.replication_marks import ASIDE, UNSENT, noted_target, target_property
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Bookmark,
    Dataset,
    Limits,
    Partial,
    PropertyValue,
    Snapshot,
)
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from zfstune.streams.ends import End
    from zfstune.streams.remote.requests import SideCall

__all__ = ["check_within", "lies_within", "read_answer", "write_answer"]

_SOURCES = frozenset({LOCAL, INHERITED, RECEIVED, DEFAULT, NONE})
_KINDS = ("filesystem", "volume")
_MOST_RECORDSIZE_BYTES = 16 << 20
_MOST_RELEASE = 9999


def lies_within(name: str, root: str) -> bool:
    """Tell whether a dataset, snapshot or bookmark is `root`'s or lies below it."""
    dataset = name.partition("@")[0].partition("#")[0]
    return dataset == root or dataset.startswith(f"{root}/")


def check_within(name: str, root: str) -> str:
    """Refuse a name that lies elsewhere than the question was about."""
    if not lies_within(name, root):
        raise BadMessageError(f"'{name}' is named in an answer about '{root}'")
    return name


def write_answer(call: str, value: Any) -> object:
    """Return what a call returned in JSON's types."""
    write = _WRITERS.get(call)
    return value if write is None else write(value)


def read_answer(request: SideCall, value: object) -> Any:
    """Read what a call returned.

    Raises:
        BadMessageError: It is no answer to that request.
        InvalidValue: A name or a guid in it cannot be right.
    """
    return _READERS[request.call](value, **request.arguments)


def _write_end(end: End) -> dict[str, object]:
    return {
        "name": end.name,
        "guid": end.guid,
        "kind": end.kind,
        "snapshots": [_write_snapshot(snapshot) for snapshot in end.snapshots],
        "bookmarks": [_write_bookmark(bookmark) for bookmark in end.bookmarks],
        "origin": None if end.origin is None else _write_snapshot(end.origin),
        "encrypted": end.encrypted,
        "written_bytes": end.written_bytes,
        "partial": None if end.partial is None else _write_partial(end.partial),
        "replica": _mark_of(end),
        "unsent": end.unsent,
        "available_bytes": end.available_bytes,
        "createtxg": end.createtxg,
        "places": {target_property(n): place for n, place in end.places.items()},
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
        *("places", "unsent", "lacking", "damaged"),
    }
)


def _read_end(value: object) -> End:
    fields = object_in(value, _END)
    damaged = shown(text_in(fields["damaged"]))
    if damaged:
        name = check_dataset(text_in(fields["name"]))
        return replace(missing_end(name), exists=True, damaged=damaged)
    if fields["kind"] not in _KINDS:
        raise BadMessageError("an end is neither a filesystem nor a volume")
    properties = {
        "encryption": PropertyValue("on" if fields["encrypted"] is True else "off"),
        "written": PropertyValue(str(whole_in(fields["written_bytes"]))),
        "available": PropertyValue(str(whole_in(fields["available_bytes"]))),
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
        [_read_snapshot(snapshot) for snapshot in list_in(fields["snapshots"])],
        [_read_bookmark(bookmark) for bookmark in list_in(fields["bookmarks"])],
        origin=None if origin is None else _read_snapshot(origin),
        partial=None if partial is None else _read_partial(partial),
    )
    return replace(end, lacking=_read_lacking(fields["lacking"], end.kind))


def _read_lacking(value: object, kind: str) -> tuple[str, ...]:
    names = tuple(map(text_in, list_in(value)))
    if not INERT[kind].keys() >= {*names} or len({*names}) < len(names):
        raise BadMessageError("a copy lacks what makes none inert")
    return names


def _read_places(value: object) -> dict[str, object]:
    if not isinstance(value, dict) or not all(map(noted_target, value)):
        raise BadMessageError("no places of targets stand where they belong")
    return value


def _write_snapshot(snapshot: Snapshot) -> list[object]:
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


def _read_snapshot(value: object) -> Snapshot:
    name, guid, createtxg, clones, properties, creation = _row(value, 6)
    if not isinstance(properties, dict):
        raise BadMessageError("no object stands where properties belong")
    return Snapshot(
        name=check_snapshot(text_in(name)),
        guid=_read_guid(guid),
        createtxg=whole_in(createtxg),
        clones=whole_in(clones),
        properties={prop: _read_property(given) for prop, given in properties.items()},
        creation=None if creation is None else whole_in(creation),
    )


def _read_property(value: object) -> PropertyValue:
    text, source, origin = map(text_in, _row(value, 3))
    if source not in _SOURCES:
        raise BadMessageError("a property has a source that there is not")
    return PropertyValue(text, source, origin)


def _write_bookmark(bookmark: Bookmark) -> list[object]:
    return [
        *(bookmark.name, bookmark.guid, bookmark.createtxg, bookmark.creation),
        bookmark.ivsetguid,
    ]


def _read_bookmark(value: object) -> Bookmark:
    name, *numbers = _row(value, 5)
    guid, createtxg, creation, ivsetguid = map(whole_in, numbers)
    name = check_bookmark(text_in(name))
    return Bookmark(name, _read_guid(guid), createtxg, creation, ivsetguid)


def _write_partial(partial: Partial) -> list[object]:
    return [partial.toname, partial.toguid, partial.fromguid, partial.raw]


def _read_partial(value: object) -> Partial:
    toname, toguid, fromguid, raw = _row(value, 4)
    return Partial(
        check_snapshot(text_in(toname)), _read_guid(toguid), whole_in(fromguid), raw is True
    )


def _row(value: object, length: int) -> list[object]:
    row = list_in(value)
    if len(row) != length:
        raise BadMessageError(f"a row has {len(row)} fields, not {length}")
    return row


def _read_guid(value: object) -> int:
    guid = whole_in(value, MAX_GUID)
    if not guid:
        raise BadMessageError("a guid is 0")
    return guid


def _read_ends(value: object, root: str, *, recursive: bool) -> list[End]:
    ends = [_read_end(end) for end in list_in(value)]
    for end in ends:
        check_within(end.name, root)
    names = [end.name for end in ends]
    if len(set(names)) != len(names) or (names and names[0] != root):
        raise BadMessageError(f"the list of '{root}' is not one of different datasets")
    if len(names) > 1 and not recursive:
        raise BadMessageError(f"the answer about '{root}' is about others as well")
    return ends


def _read_snapshots(value: object, name: str) -> list[Snapshot]:
    snapshots = [_read_snapshot(snapshot) for snapshot in list_in(value)]
    for snapshot in snapshots:
        _check_of(snapshot.dataset, name)
    return snapshots


def _read_bookmarks(value: object, name: str) -> list[Bookmark]:
    bookmarks = [_read_bookmark(bookmark) for bookmark in list_in(value)]
    for bookmark in bookmarks:
        _check_of(bookmark.name.partition("#")[0], name)
    return bookmarks


def _check_of(dataset: str, asked: str) -> None:
    if dataset != asked:
        raise BadMessageError(f"'{dataset}' is named in an answer about '{asked}'")


def _read_taken(value: object, datasets: Collection[str], name: str) -> list[Snapshot]:
    snapshots = [_read_snapshot(snapshot) for snapshot in list_in(value)]
    found = sorted(snapshot.dataset for snapshot in snapshots)
    if found != sorted(datasets) or any(name not in ("", s.short_name) for s in snapshots):
        raise BadMessageError("the snapshots that were taken are others than those asked")
    return snapshots


def _read_digest(value: object, **_: object) -> str:
    return shown(text_in(value))


def _write_own(found: Mapping[str, Mapping[str, PropertyValue]]) -> object:
    return {
        name: {prop: [value.value, value.source] for prop, value in own.items()}
        for name, own in found.items()
    }


def _read_own(
    value: object, root: str, *, recursive: bool, also: Collection[str]
) -> dict[str, dict[str, PropertyValue]]:
    found = {}
    for name, own in _mapping(value).items():
        if check_within(check_dataset(name), root) != root and not recursive:
            raise BadMessageError(f"the answer about '{root}' is about others as well")
        rows = {prop: map(text_in, _row(row, 2)) for prop, row in _mapping(own).items()}
        values = {prop: PropertyValue(*row) for prop, row in rows.items()}
        found[name] = own_values(values, also)
    return found


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BadMessageError("no object stands where properties belong")
    return value


def _read_copies(value: object, pool: str, guids: Collection[int]) -> dict[int, Snapshot]:
    found = {}
    for row in list_in(value):
        snapshot = _read_snapshot(row)
        if pool_of(snapshot.name) != pool or snapshot.guid not in guids:
            raise BadMessageError(f"'{snapshot.name}' is named, and was not asked for")
        found[snapshot.guid] = snapshot
    return found


def _write_limits(limits: Limits) -> dict[str, object]:
    return {
        "max_recordsize_bytes": limits.max_recordsize_bytes,
        "max_volblocksize_bytes": limits.max_volblocksize_bytes,
        "release": list(limits.release),
    }


def _read_limits(value: object) -> Limits:
    keys = ("max_recordsize_bytes", "max_volblocksize_bytes", "release")
    fields = object_in(value, keys)
    release = tuple(whole_in(n, _MOST_RELEASE) for n in list_in(fields["release"]))
    if not 1 < len(release) <= len(Limits().release) + 1:
        raise BadMessageError("its release is no release of OpenZFS")
    return Limits(
        whole_in(fields["max_recordsize_bytes"], _MOST_RECORDSIZE_BYTES),
        whole_in(fields["max_volblocksize_bytes"], _MOST_RECORDSIZE_BYTES),
        release,
    )


def _read_token(value: object, name: str) -> str:  # noqa: ARG001 (the question)
    text = text_in(value)
    return check_token(text) if text else ""


def _read_number(value: object, **_: object) -> int:
    return whole_in(value)


def _read_guid_of(value: object, **_: object) -> int:
    return _read_guid(value)


def _read_nothing(value: object, **_: object) -> None:
    if value is not None:
        raise BadMessageError("a call that returns nothing has returned something")


_WRITERS: Mapping[str, Callable[[Any], object]] = MappingProxyType(
    {
        "limits": _write_limits,
        "ends": lambda ends: [_write_end(end) for end in ends],
        "own_properties": _write_own,
        "with_properties": lambda found: [_write_snapshot(s) for s in found],
        "take_snapshots": lambda found: [_write_snapshot(s) for s in found],
        "copies": lambda found: [_write_snapshot(s) for s in found.values()],
        "bookmarks": lambda found: [_write_bookmark(b) for b in found],
    }
)
_READERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "limits": _read_limits,
        "ends": _read_ends,
        "with_properties": _read_snapshots,
        "own_properties": _read_own,
        "copies": _read_copies,
        "pool_guid": _read_guid_of,
        "available_bytes": _read_number,
        "bookmarks": _read_bookmarks,
        "guid": _read_guid_of,
        "send_size": _read_number,
        "send": _read_nothing,
        "send_resumed": _read_nothing,
        "token": _read_token,
        "receive": _read_nothing,
        "take_snapshots": _read_taken,
        "digest": _read_digest,
        "note_target": _read_nothing,
        "rename": _read_nothing,
        "change_properties": _read_nothing,
        "make_placeholder": _read_nothing,
        "abort_receive": _read_nothing,
        "change_bookmarks": _read_nothing,
        "put_aside": _read_nothing,
        "take_over": _read_nothing,
    }
)

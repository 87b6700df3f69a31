"""What a side returns, as a message of its host, and checked by the host that asked.

A value is believed as far as its form goes: a name is one that OpenZFS allows and lies
where the question was about, a number is in range. Whether it is true shows at the
receive, where the kernel compares guids.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.streams.remote.end_form import (
    end_from,
    read_bookmark,
    read_guid,
    read_snapshot,
    write_bookmark,
    write_end,
    write_snapshot,
)
from zfstune.streams.remote.fields import (
    BadMessageError,
    list_in,
    object_in,
    row_in,
    text_in,
    whole_in,
)
from zfstune.streams.remote.requests import check_token
from zfstune.streams.taken_properties import own_values
from zfstune.values.names import check_dataset, pool_of
from zfstune.values.state import Limits, PropertyValue
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from zfstune.streams.ends import End
    from zfstune.streams.remote.requests import SideCall
    from zfstune.values.state import Bookmark, Snapshot

__all__ = ["check_within", "lies_within", "read_answer", "write_answer"]

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


def _read_ends(value: object, root: str, *, recursive: bool) -> list[End]:
    ends = [end_from(end) for end in list_in(value)]
    for end in ends:
        check_within(end.name, root)
    names = [end.name for end in ends]
    if len(set(names)) != len(names) or (names and names[0] != root):
        raise BadMessageError(f"the list of '{root}' is not one of different datasets")
    if len(names) > 1 and not recursive:
        raise BadMessageError(f"the answer about '{root}' is about others as well")
    return ends


def _read_snapshots(value: object, name: str) -> list[Snapshot]:
    snapshots = [read_snapshot(snapshot) for snapshot in list_in(value)]
    for snapshot in snapshots:
        _check_of(snapshot.dataset, name)
    return snapshots


def _read_bookmarks(value: object, name: str) -> list[Bookmark]:
    bookmarks = [read_bookmark(bookmark) for bookmark in list_in(value)]
    for bookmark in bookmarks:
        _check_of(bookmark.name.partition("#")[0], name)
    return bookmarks


def _check_of(dataset: str, asked: str) -> None:
    if dataset != asked:
        raise BadMessageError(f"'{dataset}' is named in an answer about '{asked}'")


def _read_taken(value: object, datasets: Collection[str], name: str) -> list[Snapshot]:
    snapshots = [read_snapshot(snapshot) for snapshot in list_in(value)]
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
        rows = {prop: map(text_in, row_in(row, 2)) for prop, row in _mapping(own).items()}
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
        snapshot = read_snapshot(row)
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
    return read_guid(value)


def _read_nothing(value: object, **_: object) -> None:
    if value is not None:
        raise BadMessageError("a call that returns nothing has returned something")


_WRITERS: Mapping[str, Callable[[Any], object]] = MappingProxyType(
    {
        "limits": _write_limits,
        "ends": lambda ends: [write_end(end) for end in ends],
        "own_properties": _write_own,
        "with_properties": lambda found: [write_snapshot(s) for s in found],
        "take_snapshots": lambda found: [write_snapshot(s) for s in found],
        "copies": lambda found: [write_snapshot(s) for s in found.values()],
        "bookmarks": lambda found: [write_bookmark(b) for b in found],
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

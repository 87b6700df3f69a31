"""The calls of :class:`zfstune.streams.side.Side` as messages to the host that has it."""

from __future__ import annotations

from types import MappingProxyType

from zfstune.streams.remote.fields import (
    BadMessageError,
    flag_in,
    list_in,
    object_in,
    parse_json,
    text_in,
    whole_in,
    write_json,
)
from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen
from zfstune.values.names import check_bookmark, check_dataset, check_pool, check_snapshot
from zfstune.values.replication_marks import read_replica

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

__all__ = ["CALLS", "SideCall", "check_token", "names_in", "read_request", "write_request"]

_TOKEN = frozenset("0123456789abcdef-")
_MOST_TOKEN_BYTES = 1 << 18
_MOST_PLACE = 1000


@frozen
class SideCall:
    """One call.

    Attributes:
        call: The name of the method of a side.
        arguments: Its arguments by name, all of them.
    """

    call: str
    arguments: Mapping[str, Any]


def check_token(text: str) -> str:
    """Check that a resume token has the characters of one.

    Raises:
        InvalidValue: It has others, or is too long.
    """
    if not text or len(text) > _MOST_TOKEN_BYTES or not _TOKEN.issuperset(text):
        raise InvalidValue("cannot use what stands for a resume token: it is none")
    return text


def _pool(value: object) -> str:
    return check_pool(text_in(value))


def _dataset(value: object) -> str:
    return check_dataset(text_in(value), creating=True)


def _snapshot(value: object) -> str:
    return check_snapshot(text_in(value), creating=True)


def _bookmark(value: object) -> str:
    return check_bookmark(text_in(value), creating=True)


def _source(value: object) -> str:
    """Check a snapshot or a bookmark."""
    return _bookmark(value) if "#" in text_in(value) else _snapshot(value)


def _base(value: object) -> str:
    return _source(value) if value != "" else ""


def _origin(value: object) -> str:
    return _snapshot(value) if value != "" else ""


def _snapshots(value: object) -> list[str]:
    return [_snapshot(name) for name in list_in(value)]


def _losing(value: object) -> list[str] | None:
    return None if value is None else _snapshots(value)


def _bookmarks(value: object) -> list[str]:
    return [_bookmark(name) for name in list_in(value)]


def _sources(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadMessageError("no object stands where the sources of bookmarks belong")
    return {_bookmark(name): _source(source) for name, source in value.items()}


def _guids(value: object) -> list[int]:
    return [whole_in(guid) for guid in list_in(value)]


def _token(value: object) -> str:
    return check_token(text_in(value))


def _properties(value: object) -> dict[str, str] | None:
    return None if value is None else _given(value)


def _given(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadMessageError("no object stands where properties belong")
    return {text_in(name): text_in(text) for name, text in value.items()}


def _names_of_properties(value: object) -> list[str]:
    return [text_in(name) for name in list_in(value)]


def _datasets(value: object) -> list[str]:
    return [_dataset(name) for name in list_in(value)]


def _short_name(value: object) -> str:
    """Check the part of a snapshot's name behind the ``@``; empty: any will do."""
    text = text_in(value)
    if text:
        check_snapshot(f"tank@{text}", creating=True)
    return text


def _place(value: object) -> str:
    """Check the place of a target, which is shown to people."""
    text = text_in(value)
    if not text or len(text) > _MOST_PLACE or not text.isprintable():
        raise BadMessageError("no place of a target stands where one belongs")
    return text


def _mark(value: object) -> str | None:
    """Check the mark of a copy that takes streams; empty, or None: there is none."""
    if value is None or value == "":
        return value
    role = read_replica(text_in(value))
    if role is None or role.live:
        raise BadMessageError("no mark of a copy stands where one belongs")
    return role.text


def _identity(value: object) -> int:
    identity = whole_in(value)
    if not identity:
        raise BadMessageError("0 stands for a target")
    return identity


_SEND = {"base": _base, "raw": flag_in, "held": _snapshots}

# Each call with its arguments, and the function that checks each of these.
CALLS: Mapping[str, Mapping[str, Callable[[object], Any]]] = MappingProxyType(
    {
        "limits": {},
        "ends": {"root": _dataset, "recursive": flag_in},
        "with_properties": {"name": _dataset},
        "own_properties": {
            "root": _dataset,
            "recursive": flag_in,
            "also": _names_of_properties,
        },
        "copies": {"pool": _pool, "guids": _guids},
        "pool_guid": {"pool": _pool},
        "available_bytes": {"name": _dataset},
        "bookmarks": {"name": _dataset},
        "guid": {"snapshot": _snapshot},
        "take_snapshots": {"datasets": _datasets, "name": _short_name},
        "send_size": {"snapshot": _snapshot, "base": _base, "raw": flag_in},
        "send": {"snapshot": _snapshot, **_SEND},
        "send_resumed": {"token": _token, "snapshot": _snapshot, **_SEND},
        "token": {"name": _dataset},
        "receive": {
            "snapshot": _snapshot,
            "origin": _origin,
            "losing": _losing,
            "raw": flag_in,
            "properties": _properties,
        },
        "change_properties": {
            "name": _dataset,
            "values": _given,
            "inherited": _names_of_properties,
        },
        "digest": {"snapshot": _snapshot, "raw": flag_in},
        "abort_receive": {"name": _dataset},
        "change_bookmarks": {"make": _sources, "drop": _bookmarks},
        "note_target": {"name": _dataset, "identity": _identity, "place": _place},
        "rename": {"name": _dataset, "new": _dataset, "mark": _mark},
        "make_placeholder": {"name": _dataset, "properties": _given},
        "put_aside": {"name": _dataset, "aside": _dataset},
        "take_over": {"name": _dataset},
    }
)
_NAMELESS = frozenset(
    {
        *(flag_in, _guids, _token, _properties, _given, _pool),
        *(_short_name, _place, _identity, _names_of_properties, _mark),
    }
)


def write_request(request: SideCall) -> bytes:
    """Write a request."""
    return write_json({"call": request.call, "arguments": request.arguments})


def read_request(data: bytes) -> SideCall:
    """Read a request.

    Raises:
        BadMessageError: It is none.
        InvalidName: One of its names is no name.
    """
    fields = object_in(parse_json(data), ("call", "arguments"))
    call = text_in(fields["call"])
    if call not in CALLS:
        raise BadMessageError("there is no such call")
    checks = CALLS[call]
    given = object_in(fields["arguments"], checks.keys())
    return SideCall(call, {name: check(given[name]) for name, check in checks.items()})


def names_in(request: SideCall) -> Iterator[str]:
    """Yield the name of each dataset, snapshot and bookmark in the arguments."""
    for name, check in CALLS[request.call].items():
        value = request.arguments[name]
        if check in _NAMELESS or not value:
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from value
        else:
            yield from (*value, *value.values())

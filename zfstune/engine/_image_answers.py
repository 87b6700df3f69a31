"""What each function of the extension writes, checked before the caller believes it.

The JSON comes from a process that a stranger's image may own. A value is believed as far
as its form goes: each stands where one of its type belongs, a number fits into 64 bits,
text can be turned into bytes again, and a name lies where the question was about. What
it says may still be a lie.
"""

from __future__ import annotations

from zfstune.engine._image_messages import NonsenseError, parse_image_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Check = Callable[[Any, Sequence[Any]], None]

__all__ = ["FORMS", "read_written"]

_MOST = (1 << 64) - 1
_LEAST = -(1 << 63)
_MOST_NESTING = 100  # as deep as no nvlist of OpenZFS is
_MOST_VDEVS_NESTED = 8  # OpenZFS nests four
_STATS = 17  # the numbers of vdev_stat_t that are read: _activity.py
_ROW_FIELDS = 7
_OBJECT_ROW = [str, int, int, int, int, int]
_SCALARS = (str, bool)
_LISTED = {"clones": dict, "redact_snaps": list}
# Most answers have no escape, and need no look at each text.
_ESCAPE = b"\\u"
# A listing may have a million numbers: its check looks at each that it knows.
_LISTINGS = ("zt_list_named", "zt_list_datasets", "zt_list_snapshots")


def read_written(
    function: str, errno: int, written: bytes, args: Sequence[Any] = ()
) -> Any:
    """Read what a function wrote; None where it wrote nothing that anybody reads.

    Args:
        function: Its name.
        errno: What it returned.
        written: The JSON.
        args: What the function was asked; a listing's first argument is a name.

    Raises:
        NonsenseError: That function cannot have written it.
    """
    if errno and function not in _TELL_WHY:
        return None
    if not written:
        if not errno and function not in _SILENT:
            raise NonsenseError("a call that succeeded wrote nothing")
        return None
    value = parse_image_json(written)
    if _ESCAPE in written or function not in _LISTINGS:
        _check_scalars(value)
    FORMS[function](value, args)
    return value


def _check_scalars(value: Any) -> None:
    """Look at each number and each text, at whatever depth."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            pending += [*each, *each.values()]
        elif isinstance(each, list):
            pending += each
        elif isinstance(each, str):
            _check_text(each)
        elif isinstance(each, int) and not _LEAST <= each <= _MOST:
            raise NonsenseError("a number does not fit into 64 bits")


def _check_text(text: str) -> None:
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise NonsenseError("text has half of a surrogate pair") from None
    if b"\0" in data:
        raise NonsenseError("text has a NUL in it")


def _check(truth: object, what: str) -> None:
    if not truth:
        raise NonsenseError(f"{what} is not as it should be")


def _number(value: Any, args: Sequence[Any] = ()) -> None:
    del args
    _check(type(value) is int and value >= 0, "a number")


def _truth(value: Any, args: Sequence[Any] = ()) -> None:
    del args
    _check(type(value) is bool or (type(value) is int and value >= 0), "a truth value")


def _text(value: Any, args: Sequence[Any] = ()) -> None:
    del args
    _check(type(value) is str, "text")


def _numbers(value: Any, args: Sequence[Any] = ()) -> None:
    del args
    _check(
        type(value) is list and all(type(n) is int and n >= 0 for n in value),
        "a list of numbers",
    )


def _object(value: Any, args: Sequence[Any] = ()) -> dict[str, Any]:
    del args
    if type(value) is not dict:
        raise NonsenseError("something stands where an object belongs")
    return value


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise NonsenseError("something stands where a list belongs")
    return value


def _of_numbers(value: Any, args: Sequence[Any] = ()) -> None:
    """Check an object of numbers, such as the errnos of a batch by target."""
    for number in _object(value, args).values():
        _number(number)


def _of_scalars(value: Any, args: Sequence[Any] = ()) -> None:
    for each in _object(value, args).values():
        _check(type(each) in (int, str), "a value")


def _of_anything(value: Any, args: Sequence[Any] = ()) -> None:
    """Check an object of which the names alone are read."""
    _object(value, args)


def _errnos_of_devices(value: Any, args: Sequence[Any]) -> None:
    for each in _object(value, args).values():
        _of_numbers(each)


def _properties(value: Any, args: Sequence[Any] = ()) -> None:
    for name, prop in _object(value, args).items():
        if type(prop) is not dict:
            raise NonsenseError("a property is no object")
        found = prop.get("value", 0)
        if type(found) is int:
            if not _LEAST <= found <= _MOST:
                raise NonsenseError("a property's number does not fit into 64 bits")
        elif type(found) not in _SCALARS and type(found) is not _LISTED.get(name):
            raise NonsenseError("a property has a value of another type")
        if type(prop.get("source", "")) is not str:
            raise NonsenseError("a property has no text for its source")


def _row(value: Any, *, damaged: bool = False) -> str:
    """Check a row of a listing, and return the name in it.

    Args:
        value: The row.
        damaged: Whether an errno may stand in the place of the properties.
    """
    if type(value) is not list or len(value) != _ROW_FIELDS:
        raise NonsenseError("a row has other fields than it should")
    name, kind, guid, createtxg, creation, clones, properties = value
    numbers = type(guid) is type(createtxg) is type(creation) is type(clones) is int
    # Each comparison counts, for there may be a million rows.
    if not (
        type(name) is str
        and type(kind) is int
        and numbers
        and 0 <= guid <= _MOST
        and 0 <= createtxg <= _MOST
        and 0 <= creation <= _MOST
        and 0 <= clones <= _MOST
    ):
        raise NonsenseError("a row has other fields than it should")
    if properties is not None and not (damaged and type(properties) is int):
        _properties(properties)
    return name


def _one_row(value: Any, args: Sequence[Any]) -> None:
    _check(_row(value) == args[0], "the name in an answer about one dataset")


def _datasets(value: Any, args: Sequence[Any]) -> None:
    root: str = args[0]
    below = f"{root}/"
    for row in _list(value):
        name = _row(row, damaged=True)
        if name != root and not name.startswith(below):
            raise NonsenseError("a dataset lies elsewhere than it was asked about")
        _check("@" not in name and "#" not in name, "the name of a dataset")


def _short_names(names: Iterable[str]) -> None:
    for name in names:
        if "/" in name or "@" in name or "#" in name:
            raise NonsenseError("the short name of a snapshot or bookmark has a delimiter")


def _snapshots(value: Any, args: Sequence[Any]) -> None:
    del args
    _short_names(map(_row, _list(value)))


def _named(value: Any, args: Sequence[Any]) -> None:
    del args
    for row in _list(value):
        _check("@" in _row(row), "the name of a snapshot")


def _bookmarks(value: Any, args: Sequence[Any]) -> None:
    _short_names(_object(value, args))
    for props in value.values():
        _properties(props)
        _check(all("value" in prop for prop in props.values()), "a bookmark")
        for name in ("guid", "createtxg", "creation"):
            _number(props.get(name, {}).get("value"))
        for name in ("ivsetguid", "referenced"):
            _number(props.get(name, {}).get("value", 0))
        _numbers(props.get("redact_snaps", {}).get("value", []))


def _object_stats(value: Any, args: Sequence[Any]) -> None:
    del args
    row = _list(value)
    _check([*map(type, row)] == _OBJECT_ROW, "the row of an object")


def _pool_config(value: Any, args: Sequence[Any] = ()) -> None:
    config = _object(value, args)
    _number(config.get("pool_guid"))
    _number(config.get("error_count", 0))
    _of_numbers(config.get("feature_stats", {}))
    _vdev(config.get("vdev_tree"), 0)


def _vdev(value: Any, depth: int) -> None:
    vdev = _object(value)
    _check(depth < _MOST_VDEVS_NESTED, "the depth of a tree of devices")
    _text(vdev.get("type"))
    for name in ("path", "alloc_bias"):
        _text(vdev.get(name, ""))
    for name in ("ashift", "guid", "nparity", "draid_ndata", "is_log"):
        _number(vdev.get(name, 0))
    if vdev["type"] in ("raidz", "draid"):
        _check("nparity" in vdev and vdev.get("children"), "a vdev of parity")
    stats = vdev.get("vdev_stats", [0] * _STATS)
    _numbers(stats)
    _check(len(stats) >= _STATS, "the statistics of a device")
    _numbers(vdev.get("scan_stats", []))
    rebuild = vdev.get("org.openzfs:rebuild_stats", [0])
    _numbers(rebuild)
    _check(rebuild, "the state of a rebuild")
    children = _list(vdev.get("children", []))
    # The traffic of a device is read where it has a path and no children.
    _check(children or "path" not in vdev or "vdev_stats" in vdev, "a device")
    for child in children:
        _vdev(child, depth + 1)


def _pool_properties(value: Any, args: Sequence[Any]) -> None:
    _properties(value, args)
    for name in ("freeing", "readonly", "fragmentation"):
        _number(value.get(name, {}).get("value", 0))


def _program(value: Any, args: Sequence[Any]) -> None:
    answer = _object(value, args)
    _text(answer.get("error", ""))
    _anything(answer, args)


def _anything(value: Any, args: Sequence[Any] = ()) -> None:
    """Check that a value is nested no deeper than Python's own calls may be."""
    del args
    level = [value]
    for _ in range(_MOST_NESTING):
        if not level:
            return
        level = [
            below
            for each in level
            if isinstance(each, (dict, list))
            for below in (each.values() if isinstance(each, dict) else each)
        ]
    raise NonsenseError("an answer is nested too deep")


# Changes, which write by target what went wrong.
_CHANGES = (
    "zt_set",
    "zt_snapshot",
    "zt_destroy_snaps",
    "zt_hold",
    "zt_release",
    "zt_bookmark",
    "zt_destroy_bookmarks",
    "zt_receive",
    "zt_heal",
    "zt_set_vdev_prop",
)
FORMS: dict[str, Check] = {
    "zt_pool_configs": _of_anything,
    "zt_pool_config": _pool_config,
    "zt_pool_props": _pool_properties,
    "zt_stats": _one_row,
    "zt_list_named": _named,
    "zt_list_datasets": _datasets,
    "zt_list_snapshots": _snapshots,
    "zt_get_holds": _of_numbers,
    "zt_get_bookmarks": _bookmarks,
    "zt_object_stats": _object_stats,
    "zt_changed_objects": _numbers,
    "zt_send_space": _number,
    "zt_snaprange_space": _number,
    "zt_exercise": _number,
    "zt_wait": _truth,
    "zt_wait_fs": _truth,
    "zt_get_bootenv": _of_scalars,
    "zt_get_vdev_prop": _properties,
    "zt_channel_program": _program,
    "zt_initialize": _errnos_of_devices,
    "zt_trim": _errnos_of_devices,
    "zt_promote": _text,
    "zt_nvlist_decode": _anything,
    **dict.fromkeys(_CHANGES, _of_numbers),
}
# Those that fail and write why; of the others nobody reads what they wrote before.
_TELL_WHY = (*_CHANGES, "zt_channel_program", "zt_initialize", "zt_promote", "zt_trim")
# Those that may succeed and write nothing.
_SILENT = (
    *_CHANGES,
    "zt_channel_program",
    "zt_initialize",
    "zt_list_named",
    "zt_pool_props",
    "zt_promote",
    "zt_trim",
)

"""Values that no caller should pass, passed to each call: refused before ZFS sees them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.engine.protocol import Engine, declared_calls
from zfstune.values.errors import InvalidValue
from zfstune.values.key import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

DECLARED = declared_calls()

# A call of each method that gets as far as ZFS, T the tree. What a test changes is one
# argument at a time; the rest stands as it is here.
CALLS: dict[str, dict[str, Any]] = {
    "pools": {},
    "load_key": {"name": "T", "key": Key("x" * 32), "check_only": True},
    "unload_key": {"name": "T"},
    "change_key": {
        "name": "T",
        "key": Key("x" * 32),
        "properties": {"keyformat": "raw"},
    },
    "inherit_key": {"name": "T", "force": False},
    "separate_key": {"name": "T"},
    "pool": {"name": "T"},
    "exists": {"name": "T"},
    "dataset": {"name": "T"},
    "datasets": {"root": "T", "recursive": True},
    "snapshot": {"name": "T@s"},
    "snapshots": {"dataset": "T", "properties": True, "dated": True},
    "find_snapshots": {"names": ["T@s"], "properties": True},
    "snapshot_numbers": {"datasets": ["T"]},
    "create": {
        "name": "T/a",
        "properties": {"atime": "off"},
        "volume": False,
        "parents": True,
        "key": None,
    },
    "set": {"name": "T", "properties": {"atime": "off"}},
    "inherit": {"name": "T", "prop": "atime", "received": False},
    "destroy": {"name": "T/none"},
    "take_snapshots": {"names": ["T@x"], "properties": {"org.x:y": "z"}},
    "destroy_snapshots": {"names": ["T@x"], "defer": False},
    "destroy_exactly": {
        "snapshots": {"T@x": 1},
        "survivors": ["T@s"],
        "marks": {"T": {"org.x:y": "z"}},
    },
    "rename": {"old": "T/none", "new": "T/other"},
    "clone": {"snapshot": "T@s", "name": "T/c", "properties": {"atime": "off"}},
    "clone_all": {
        "snapshot": "T@s",
        "names": ["T/c"],
        "properties": {"atime": "off"},
        "on_made": len,
    },
    "promote": {"name": "T"},
    "rollback": {"snapshot": "T@s"},
    "hold": {"snapshots": ["T@s"], "tag": "tag"},
    "holding": {"snapshots": ["T@s"], "tag": "tag"},
    "release": {"snapshots": ["T@s"], "tag": "tag"},
    "hold_all": {"tag_of": {"T@s": "tag"}},
    "release_all": {"tags_of": {"T@s": ["tag"]}},
    "holds": {"snapshot": "T@s"},
    "bookmark": {"snapshot": "T@s", "bookmark": "T#b"},
    "bookmark_all": {"sources": {"T#b": "T@s"}},
    "bookmarks": {"dataset": "T"},
    "destroy_bookmarks": {"names": ["T#b"]},
    "object_stats": {"snapshot": "T@s", "number": 34},
    "changed_objects": {"base": "T@s", "snapshot": "T@s"},
    "send": {
        "snapshot": "T@s",
        "fd": 0,
        "base": "T@s",
        "raw": False,
        "compressed": False,
        "redaction": "",
    },
    "redact": {"snapshot": "T@s", "bookmark": "T#r", "snapshots": ["T@s"]},
    "heal": {"snapshot": "T@s", "fd": 0, "raw": False},
    "send_resumed": {"token": "1-2-3-4", "fd": 0},
    "send_saved": {"name": "T", "fd": 0},
    "read_token": {"token": "1-2-3-4"},
    "abort_receive": {"name": "T"},
    "send_size": {
        "snapshot": "T@s",
        "base": "T@s",
        "raw": False,
        "compressed": False,
        "redaction": "",
    },
    "receive": {
        "snapshot": "T@r",
        "fd": 0,
        "header": b"",
        "origin": "T@s",
        "force": False,
        "losing": ["T@s"],
        "raw": False,
        "resumable": False,
        "properties": {"atime": "off"},
        "received": {"exec": "off"},
        "excluded": ["sync"],
    },
    "exercise": {"name": "T", "fd": 0},
    "reclaim_size": {"first": "T@s", "last": "T@s"},
    "run_program": {
        "pool": "P",
        "program": "return 1",
        "arguments": {"a": 1},
        "sync": False,
        "instructions": 1000,
        "memory_bytes": 1 << 20,
    },
    "activity": {"pool": "P"},
    "sync": {"pool": "P", "force": False},
    "wait": {"pool": "P", "activity": "scrub", "device": ""},
    "wait_deleted": {"name": "T"},
    "pool_checkpoint": {"pool": "P"},
    "discard_pool_checkpoint": {"pool": "P"},
    "scrub": {"pool": "P", "action": "start", "errors_only": False},
    "initialize": {"pool": "P", "action": "cancel", "devices": ["/none"]},
    "trim": {
        "pool": "P",
        "action": "cancel",
        "devices": ["/none"],
        "rate_bytes": 0,
        "secure": False,
    },
    "reopen": {"pool": "P", "restart_scrub": False},
    "prefetch": {"pool": "P", "table": "ddt"},
    "prune_dedup": {"pool": "P", "percent": 1, "older_than_s": 0},
    "device_properties": {"pool": "P", "device": "/none"},
    "set_device_properties": {
        "pool": "P",
        "device": "/none",
        "properties": {"org.x:y": "z"},
    },
    "boot_environment": {"pool": "P"},
    "set_boot_environment": {"pool": "P", "values": {"org.x:y": "z"}},
    "mounts": {},
    "places": {"paths": ["/"]},
    "mount": {"name": "T", "hide": True},
    "give": {"name": "T", "uid": 0, "gid": 0, "mode": 0o755},
    "remount": {"name": "T"},
    "unmount": {"name": "T", "force": False},
    "close": {},
}

# By how Engine declares a parameter. Of names, NUL and lone surrogates are refused by
# the rules of names; elsewhere C would stop at the NUL.
TEXTS = (None, 1, True, b"tank", ["tank"], "a\0b", "T\0", "\ud800", "\udcff", "\0")
NUMBERS = (None, -1, -(2**63), 2**64, 10**5000, True, "1", 1.0, b"1", [1])
FLAGS: tuple[Any, ...] = (None, 0, 1, "no", "", [])
LISTS = (None, 1, "T@s", b"T@s", [1], [None], ["T@\0"], ["\ud800@s"], [b"T@s"])
MAPPINGS = (1, "a=b", ["atime"], {1: "off"}, {"atime": 1.5}, {"a:b": "x\0y"}, {"a:b": None})
VALUES: dict[str, tuple[Any, ...]] = {
    "str": TEXTS,
    "int": NUMBERS,
    "int | None": (*NUMBERS[1:], 2**32 - 1),
    "bool": FLAGS,
    "bytes": (None, "text", 1, [b"a"]),
    "Iterable[str]": LISTS,
    "Key | None": (1, "secret", b"x" * 32, True, [Key("x" * 32)]),
    "Mapping[str, str]": (None, *MAPPINGS),
    "Mapping[str, str] | None": MAPPINGS,
    "Mapping[str, int]": (
        None,
        {"T@s": -1},
        {"T@s": 2**64},
        {"T@s": True},
        {"T@s": "1"},
        {"T\0@s": 1},
        {1: 1},
    ),
    "Callable[[str], object]": (None, 1, "print", [print]),
    "Mapping[str, Iterable[str]]": (
        None,
        "T@s",
        {"T@s": "tag"},
        {"T@s": 1},
        {"T@s": [1]},
        {"T@s": ["a\0b"]},
        {"T": ["tag"]},
        {1: ["tag"]},
    ),
    "Mapping[str, object]": (None, 1, "a", {1: 1}, {"a": 1.5}, {"version": "1"}),
    "Mapping[str, object] | None": (
        1,
        "a",
        {1: 1},
        {"a": 2**63},
        {"a": -(2**63) - 1},
        {"a": 1.5},
        {"a": "x\0y"},
        {"a\0b": 1},
        {"a": {2: 1}},
        {"a": object()},
        {"a": [1, "x"]},
    ),
    "Mapping[str, Mapping[str, str]] | None": (
        1,
        {"T": 1},
        {"T": {"a:b": 1}},
        {"T": {"a:b": "x\0y"}},
        {1: {"a:b": "x"}},
    ),
}
# More values for a parameter whose text is all names.
MORE: dict[str, tuple[Any, ...]] = {
    "excluded": (["nonsense"], ["atime"], ["a:B"]),
    "tag_of": ({"T@s": 1}, {"T@s": None}, {"T@s": "a\0b"}, {"T@s": ""}, {"T": "tag"}),
    "sources": ({"T#b": None}, {"T#b": 1}, {"T#b": "T"}, {"T#b": "T@\0"}, {"T@b": "T@s"}),
}
# Text that means no name: a hold's tag may be any, and a NUL ends a program for C alone.
FREE_TEXT = {"tag": ("\udcff",), "program": ("\udcff",)}
DESCRIPTORS = (*NUMBERS, 2**31, 999_999)
# Empty says that there is none, or that nothing is asked for.
EMPTY_IS_FINE = {"base", "origin"}


def hostile() -> Iterator[tuple[str, str, object]]:
    """Give call, parameter and value of all that must be refused."""
    for name, call in DECLARED.items():
        for parameter, annotation in call.__annotations__.items():
            if parameter == "return":
                continue
            values = DESCRIPTORS if parameter == "fd" else VALUES[annotation]
            for value in (*values, *MORE.get(parameter, ())):
                if value not in FREE_TEXT.get(parameter, ()):
                    yield name, parameter, value


def put(value: Any, tree: str) -> Any:
    """Put the names of the tree and its pool in for T and P."""
    match value:
        case str():
            if value == "P":
                return tree.partition("/")[0]
            return value.replace("T", tree) if value.startswith("T") else value
        case list():
            return [put(each, tree) for each in value]
        case dict():
            return {put(name, tree): put(each, tree) for name, each in value.items()}
    return value


def _shortened(value: object) -> str:
    # 10**5000 has more digits than Python prints
    return "a long number" if value == 10**5000 else repr(value)[:40]


def test_each_call_has_a_row() -> None:
    """A call that is added to Engine is added here, with each of its parameters."""
    rows = {name: set(arguments) for name, arguments in CALLS.items()}
    parameters = {
        name: set(call.__annotations__) - {"return"} for name, call in DECLARED.items()
    }
    assert rows == parameters


def test_hostile_values(engine: Engine, tree: str) -> None:
    """Each is an InvalidValue, nothing has changed, and the engine is alive."""
    engine.take_snapshots([f"{tree}@s"])
    before = engine.datasets(tree)
    devnull = os.open("/dev/null", os.O_RDWR)
    wrong = []
    try:
        for name, parameter, value in hostile():
            arguments = {**CALLS[name], parameter: value}
            given = {key: put(each, tree) for key, each in arguments.items()}
            if "fd" in given and parameter != "fd":
                given["fd"] = devnull
            # by position where it has one: implementations name some differently
            call = getattr(Engine, name)
            order = call.__code__.co_varnames[1 : call.__code__.co_argcount]
            positional = [given.pop(key) for key in order if key in given]
            try:
                getattr(engine, name)(*positional, **given)
            except InvalidValue:
                continue
            except BaseException as error:  # noqa: BLE001 (all of them are told at once)
                became = repr(error)[:120]
            else:
                became = "taken"
            wrong.append((name, parameter, _shortened(value), became))
    finally:
        os.close(devnull)
    assert wrong == []
    assert [d.name for d in engine.datasets(tree)] == [d.name for d in before]
    assert [s.name for s in engine.snapshots(tree)] == [f"{tree}@s"]


def test_arguments_without_end(engine: Engine, tree: str) -> None:
    """Arguments of a program that hold themselves are refused, and do not recurse."""
    endless: dict[str, object] = {}
    endless["a"] = endless
    with pytest.raises(InvalidValue, match="levels"):
        engine.run_program(tree.partition("/")[0], "return 1", endless)

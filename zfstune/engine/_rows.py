"""Rows that C listed, turned into the values of :mod:`zfstune.state`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from zfstune import properties
from zfstune.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Dataset,
    PropertyValue,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.property_table import Release

__all__ = ["Properties", "dataset", "snapshot"]

# dmu_objset_type_t, include/sys/fs/zfs.h
_KINDS = {2: "filesystem", 3: "volume"}

# zprop_get_source() of lib/libzfs/libzfs_dataset.c
_RECEIVED_MARK = "$recvd"


class Properties(Mapping[str, PropertyValue]):
    """Properties of one dataset, converted one by one as they are asked for.

    The kernel lists what was set somewhere; a property that it leaves out has its
    default, which it takes the property table to know.
    """

    __slots__ = ("_defaults", "_name", "_raw")

    def __init__(
        self, raw: dict[str, dict[str, Any]], name: str, defaults: Mapping[str, str]
    ) -> None:
        self._raw = raw
        self._name = name
        self._defaults = defaults

    def __getitem__(self, name: str) -> PropertyValue:
        found = self._raw.get(name)
        if found is None or "value" not in found:
            return PropertyValue(self._defaults[name], DEFAULT)
        source, origin = _source(found.get("source"), self._name)
        return PropertyValue(_text(name, found["value"]), source, origin)

    def __iter__(self) -> Iterator[str]:
        yield from (name for name, found in self._raw.items() if "value" in found)
        yield from (name for name in self._defaults if name not in self._raw)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Properties({dict(self)!r})"


@cache
def _defaults(kind: str, release: Release) -> Mapping[str, str]:
    found = {}
    for name, prop in properties.TABLE.items():
        if kind in prop.kinds and not prop.readonly and prop.since <= release:
            default = properties.default_of(name, release)
            if default:
                found[name] = default
    return found


def dataset(row: list[Any], release: Release) -> Dataset:
    """Make a Dataset of [name, type, guid, createtxg, clones, properties]."""
    name, objset_type, guid, createtxg, _, raw = row
    kind = _KINDS.get(objset_type, "other")
    raw = raw or {}
    # the kernel gives its dmu_objset_type_t, `zfs get type` the word
    raw["type"] = {"value": kind}
    found = Properties(raw, name, _defaults(kind, release))
    return Dataset(name, kind, guid, createtxg, found)


def snapshot(row: list[Any], release: Release, of: str = "") -> Snapshot:
    """Make a Snapshot of such a row; `of` is the dataset where the name lacks it."""
    short, _, guid, createtxg, clones, raw = row
    name = f"{of}@{short}" if of else short
    if raw is None:
        return Snapshot(name, guid, createtxg, clones)
    raw["type"] = {"value": "snapshot"}
    found = Properties(raw, name, _defaults("snapshot", release))
    return Snapshot(name, guid, createtxg, clones, found)


def _source(text: str | None, name: str) -> tuple[str, str]:
    if text is None:
        return NONE, ""
    if text == "":
        return DEFAULT, ""
    if _RECEIVED_MARK in text:
        return RECEIVED, ""
    return (LOCAL, "") if text == name else (INHERITED, text)


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict):  # `clones`: an nvlist of names
        return ",".join(value)
    if isinstance(value, list):  # `redact_snaps`: an array of guids
        return ",".join(map(str, value))
    return properties.to_text(name, value)

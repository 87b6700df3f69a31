"""Rows of a listing by C, turned into the values of :mod:`zfstune.values.state`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache

from zfstune.engine._errno import engine_error
from zfstune.values.errors import Damaged
from zfstune.values.marks import BEGUN
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Bookmark,
    Dataset,
    PropertyValue,
    Snapshot,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from zfstune.values.property_table import Property, Release

__all__ = ["Properties", "Unreadable", "bookmark", "dataset", "snapshot_of_row"]

# dmu_objset_type_t, include/sys/fs/zfs.h
_KINDS = {0: BEGUN, 2: "filesystem", 3: "volume"}
_DATASETS = frozenset({"filesystem", "volume"})
_SPECIAL_VOLUMES = (2, 4)  # the first release with special_small_blocks on volumes

# zprop_get_source() of lib/libzfs/libzfs_dataset.c
_RECEIVED_MARK = "$recvd"

# The kernel stores these apart from the properties and lists them without a source: a
# value that is not the default was set here (get_numeric_property in the same file).
_NEVER_INHERITED = frozenset(
    {
        "canmount",
        "filesystem_limit",
        "quota",
        "refquota",
        "refreservation",
        "reservation",
        "snapshot_limit",
        "volsize",
    }
)

# These lie in blocks of the filesystem and are not read for snapshots: native/kernel.c.
_NOT_READ = frozenset({"casesensitivity", "normalization", "utf8only", "version"})


class Properties(Mapping[str, PropertyValue]):
    """Properties of one dataset, converted one by one as they are asked for.

    The kernel lists the properties that were set somewhere, and also numbers that mean
    nothing for this kind of dataset. A property that it leaves out has its default. The
    property table tells both, and is loaded when a native property is asked for.
    """

    __slots__ = ("_kinds", "_name", "_raw", "_since")

    def __init__(
        self,
        raw: dict[str, dict[str, Any]],
        name: str,
        kinds: tuple[str, ...],
        since: Release,
    ) -> None:
        self._raw = raw
        self._name = name
        self._kinds = kinds
        self._since = since

    def __getitem__(self, name: str) -> PropertyValue:
        raw = self._raw.get(name)
        if ":" in name:  # a user property, which no table knows
            if raw is None or "value" not in raw:
                raise KeyError(name)
            # In a crafted pool, where nothing checked the value, it may be a number.
            return PropertyValue(
                str(raw["value"]), *_source(name, raw.get("source"), self._name)
            )
        defaults, foreign = _defaults_and_foreign(self._kinds, self._since)
        if name in foreign:
            raise KeyError(name)
        if raw is None or "value" not in raw or not _has_its_type(name, raw["value"]):
            return PropertyValue(defaults[name], DEFAULT)
        source, origin = _source(name, raw.get("source"), self._name)
        return PropertyValue(_text(name, raw["value"]), source, origin)

    def __iter__(self) -> Iterator[str]:
        defaults, foreign = _defaults_and_foreign(self._kinds, self._since)
        for name, raw in self._raw.items():
            if "value" in raw and name not in foreign:
                yield name
        yield from (name for name in defaults if name not in self._raw)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Properties({dict(self)!r})"


@cache
def _defaults_and_foreign(
    kinds: tuple[str, ...], release: Release
) -> tuple[Mapping[str, str], frozenset[str]]:
    """Return the defaults of a kind, and the native properties that it lacks."""
    from zfstune.values.properties import (  # noqa: PLC0415 (see Properties)
        TABLE,
        default_of,
    )

    defaults = {}
    foreign = set()
    for name, prop in TABLE.items():
        if not _belongs(prop, kinds, release):
            foreign.add(name)
        elif not prop.readonly and not prop.hidden and prop.since <= release:
            default = default_of(name, release)
            not_read = name in _NOT_READ or name.startswith("default")
            if default and not (kinds[0] == "snapshot" and not_read):
                defaults[name] = default
    return defaults, frozenset(foreign)


def _belongs(prop: Property, kinds: tuple[str, ...], release: Release) -> bool:
    if prop.name == "special_small_blocks" and kinds[0] == "volume":
        return release >= _SPECIAL_VOLUMES
    kind, *dataset_kind = kinds
    if kind not in prop.kinds:
        return False
    # A snapshot has a property of datasets only if its own dataset has it.
    return not dataset_kind or dataset_kind[0] in prop.kinds or not prop.kinds & _DATASETS


class Unreadable(Mapping[str, PropertyValue]):
    """Properties that could not be read: each access raises the reason."""

    __slots__ = ("_error",)

    def __init__(self, error: Damaged) -> None:
        self._error = error

    def __getitem__(self, name: str) -> PropertyValue:
        raise self._error

    def __iter__(self) -> Iterator[str]:
        raise self._error

    def __len__(self) -> int:
        raise self._error

    def __repr__(self) -> str:
        return f"Unreadable({str(self._error)!r})"


def dataset(row: list[Any], release: Release) -> Dataset:
    """Make a Dataset of [name, type, guid, createtxg, creation, clones, properties].

    Where the properties cannot be read, an errno stands in their place.
    """
    name, objset_type, guid, createtxg, _, _, raw = row
    kind = _KINDS.get(objset_type, "other")
    if isinstance(raw, int):
        damage = _damage(name, raw)
        return Dataset(name, kind, guid, createtxg, Unreadable(damage), damage.reason)
    raw = raw or {}
    # The kernel has a dmu_objset_type_t, and `zfs get type` prints the word.
    raw["type"] = {"value": kind}
    properties = Properties(raw, name, (kind,), release)
    return Dataset(name, kind, guid, createtxg, properties)


def _damage(name: str, errno: int) -> Damaged:
    error = engine_error("read", name, errno)
    if isinstance(error, Damaged):
        return error
    reason = f"it is damaged on disk ({os.strerror(errno)})"
    return Damaged(operation="read", target=name, errno=errno, reason=reason)


def snapshot_of_row(row: list[Any], release: Release, parent: str = "") -> Snapshot:
    """Make a Snapshot of a row of the same form as for :func:`dataset`.

    Args:
        row: The row.
        release: The running OpenZFS release.
        parent: The snapshot's dataset where the row has only the short name.
    """
    short, objset_type, guid, createtxg, creation, clones, raw = row
    name = f"{parent}@{short}" if parent else short
    if raw is None:
        return Snapshot(name, guid, createtxg, clones, creation=creation or None)
    raw["type"] = {"value": "snapshot"}
    kinds = ("snapshot", _KINDS.get(objset_type, "other"))
    properties = Properties(raw, name, kinds, release)
    creation = raw.get("creation", {}).get("value")
    return Snapshot(name, guid, createtxg, clones, properties, creation)


def bookmark(name: str, properties: dict[str, dict[str, Any]]) -> Bookmark:
    """Make a Bookmark of its properties."""
    values = {prop: found["value"] for prop, found in properties.items()}
    redact_snaps = values.get("redact_snaps")
    return Bookmark(
        name,
        values["guid"],
        values["createtxg"],
        values["creation"],
        ivsetguid=values.get("ivsetguid", 0),
        referenced_bytes=values.get("referenced"),
        redact_snaps=None if redact_snaps is None else tuple(redact_snaps),
        redact_complete=bool(values.get("redact_complete")),
    )


def _source(prop: str, text: str | None, name: str) -> tuple[str, str]:
    """Return source and origin of a value by the kernel's text about its source."""
    if text is None:
        return (LOCAL if prop in _NEVER_INHERITED else NONE), ""
    if text == "":
        return DEFAULT, ""
    if _RECEIVED_MARK in text:
        return RECEIVED, ""
    return (LOCAL, "") if text == name else (INHERITED, text)


def _has_its_type(name: str, value: Any) -> bool:
    """Tell whether the value of a native property has the type of the property.

    Where text lies in the place of a number, the kernel uses the default
    (dsl_prop_get_dd() in module/zfs/dsl_prop.c).
    """
    if isinstance(value, int):
        return True
    from zfstune.values.property_table import (  # noqa: PLC0415 (see Properties)
        NUMBER,
        TABLE,
    )

    prop = TABLE.get(name)
    return prop is None or prop.type != NUMBER


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict):  # `clones`: an nvlist of names
        return ",".join(value)
    if isinstance(value, list):  # `redact_snaps`: an array of guids
        return ",".join(map(str, value))
    from zfstune.values.properties import to_text  # noqa: PLC0415 (see Properties)

    return to_text(name, value)

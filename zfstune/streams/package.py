"""A package of streams: what it says of its datasets, read and written.

``zfs send -R``, -p and -I put several streams into one. Before them stands a list of the
datasets with their snapshots and properties (send_iterate_fs() in
lib/libzfs/libzfs_sendrecv.c); with -I alone there is none. The list comes from another
machine: its names and numbers are checked here, and all that it says of properties is
taken for a wish.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen
from zfstune.values.names import check_component, check_dataset, check_snapshot
from zfstune.values.properties import find, is_user, to_text
from zfstune.values.raw_value import to_raw
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.streams.packed_list import Value

__all__ = ["MOST_LIST_BYTES", "Package", "PackedDataset", "package_values", "read_package"]

# libzfs takes no more: libzfs_max_nvlist, four times SPA_MAXBLOCKSIZE.
MOST_LIST_BYTES = 64 << 20

_MAX_GUID = (1 << 64) - 1
_NOTHING: Mapping[str, str] = MappingProxyType({})


@frozen
class PackedDataset:
    """A dataset of a package.

    Attributes:
        name: Its name on the sender.
        guid: Its guid there, which nothing goes by; 0: unknown.
        snapshots: The guids of its snapshots by short name, those that are not in the
            package among them.
        properties: The properties that were set on it there, canonical; None: it came
            without any.
        snapshot_properties: The user properties of its snapshots, by short name.
        origin: Guid of the snapshot that it is a clone of; 0: it is none.
        encryption_root: Whether it has an encryption key of its own.
        parent_base: Guid of the base of the dataset above it or, where that is sent in
            full, of its snapshot; 0: it is the first one.
    """

    name: str
    guid: int
    snapshots: Mapping[str, int]
    properties: Mapping[str, str] | None = None
    snapshot_properties: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    origin: int = 0
    encryption_root: bool = False
    parent_base: int = 0


@frozen
class Package:
    """The beginning of a package.

    Attributes:
        toname: Full name of its last snapshot, of the first dataset, on the sender.
        base: Short name of the snapshot that all of it builds on; empty: it is full, or
            does not say.
        tree: Whether it has the datasets below the first one.
        raw: Whether encrypted blocks are as they are.
        datasets: What it says of its datasets; empty: nothing.
    """

    toname: str
    base: str = ""
    tree: bool = False
    raw: bool = False
    datasets: tuple[PackedDataset, ...] = ()

    @property
    def root(self) -> str:
        """The name of the first dataset on the sender."""
        return self.toname.partition("@")[0]

    @property
    def is_of_one(self) -> bool:
        """Whether it is known to have one snapshot alone."""
        return [len(packed.snapshots) for packed in self.datasets] == [1]


def read_package(toname: str, values: Mapping[str, Value] | None) -> Package:
    """Read the list of a package.

    Args:
        toname: The name in its first record.
        values: The unpacked list; None: it has none.

    Raises:
        InvalidValue: A name cannot be right, or what is needed is missing.
    """
    check_snapshot(toname, creating=True)
    if values is None:
        return Package(toname)
    base = values.get("fromsnap", "")
    listed = values.get("fss")
    if not isinstance(base, str) or not isinstance(listed, dict):
        raise _senseless("it names no datasets")
    if base:
        check_component(base)
    root = toname.partition("@")[0]
    datasets = tuple(_read_dataset(root, key, each) for key, each in listed.items())
    if len({packed.name for packed in datasets}) < len(datasets):
        raise _senseless("it names a dataset twice")
    return Package(
        toname,
        base,
        tree="not_recursive" not in values,
        raw="raw" in values,
        datasets=datasets,
    )


def package_values(package: Package) -> dict[str, Value]:
    """Write the list of a package, as :func:`zfstune.streams.packed_list.pack` takes it."""
    values: dict[str, Value] = {}
    if package.base:
        values["fromsnap"] = package.base
    values["tosnap"] = package.toname.partition("@")[2]
    if not package.tree:
        values["not_recursive"] = None
    if package.raw:
        values["raw"] = None
    values["fss"] = {f"0x{each.guid:x}": _dataset_values(each) for each in package.datasets}
    return values


def _dataset_values(packed: PackedDataset) -> dict[str, Value]:
    values: dict[str, Value] = {"name": packed.name, "parentfromsnap": packed.parent_base}
    if packed.origin:
        values["origin"] = packed.origin
    if packed.properties is not None:
        values["props"] = _raw_properties(packed.properties)
    if packed.encryption_root:
        values["is_encroot"] = None
    values["snaps"] = dict(packed.snapshots)
    # zfs receive looks each snapshot up that arrives, and aborts where one is missing.
    values["snapprops"] = {
        short: _raw_properties(packed.snapshot_properties.get(short, _NOTHING))
        for short in packed.snapshots
    }
    return values


def _raw_properties(properties: Mapping[str, str]) -> dict[str, Value]:
    return {name: to_raw(name, text) for name, text in properties.items()}


def _read_dataset(root: str, key: str, values: Value) -> PackedDataset:
    if not isinstance(values, dict):
        raise _senseless("it has a dataset without a list")
    name = values.get("name")
    if not isinstance(name, str):
        raise _senseless("it has a dataset without a name")
    check_dataset(name, creating=True)
    if name != root and not name.startswith(f"{root}/"):
        raise _senseless(f"'{name}' does not lie below '{root}'")
    snapshots = values.get("snaps", {})
    if not isinstance(snapshots, dict):
        raise _senseless(f"it has no snapshots of '{name}'")
    properties = values.get("props")
    return PackedDataset(
        name=name,
        guid=_guid_in(key),
        snapshots={check_component(short): _guid(n) for short, n in snapshots.items()},
        properties=_read_properties(properties) if isinstance(properties, dict) else None,
        origin=_guid(values.get("origin", 0)),
        encryption_root="is_encroot" in values,
        parent_base=_guid(values.get("parentfromsnap", 0)),
    )


def _read_properties(values: Mapping[str, Value]) -> dict[str, str]:
    """Read properties; those that nobody here knows count for nothing, as in libzfs."""
    return {
        name: to_text(name, value)
        for name, value in values.items()
        if (is_user(name) or _is_known(name))
        and isinstance(value, (int, str))
        and not isinstance(value, bool)
    }


def _is_known(name: str) -> bool:
    prop = find(name)
    return prop is not None and not prop.hidden


def _guid(value: Value) -> int:
    if not isinstance(value, int) or not 0 <= value <= _MAX_GUID:
        raise _senseless("a guid in it is no number of 64 bits")
    return value


def _guid_in(key: str) -> int:
    try:
        return _guid(int(key, 16))
    except ValueError:
        raise _senseless(f"'{shown(key)}' is no guid") from None


def _senseless(reason: str) -> InvalidValue:
    return InvalidValue(f"cannot use the list of the package: {reason}")

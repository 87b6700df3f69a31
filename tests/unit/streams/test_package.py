"""What a package says of its datasets: read with care, and written as zfs receive wants."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.package import Package, PackedDataset, package_values, read_package
from zfstune.streams.packed_list import pack, unpack
from zfstune.values.errors import InvalidName, InvalidValue

ROOT = PackedDataset(
    "tank/a",
    0x12,
    {"1": 1, "2": 1 << 63},
    {"compression": "gzip", "own:mark": "x", "recordsize": "8192"},
    {"1": {"own:of": "snapshot"}, "2": {}},
)
CLONE = PackedDataset(
    "tank/a/b",
    0x13,
    {"2": 3},
    None,
    {"2": {}},
    origin=1,
    encryption_root=True,
    parent_base=1,
)
PACKAGE = Package("tank/a@2", "1", tree=True, raw=True, datasets=(ROOT, CLONE))


def changed(**values: Any) -> dict[str, Any]:
    """Give the list of a package of one dataset, of which a part is changed."""
    one: dict[str, Any] = {"name": "tank/a", "snaps": {"2": 2}, "snapprops": {"2": {}}}
    top = {name: values.pop(name) for name in ("fromsnap", "fss") if name in values}
    return {"tosnap": "2", "fss": {"0x12": one | values}} | top


def test_there_and_back() -> None:
    """All that is written is read, but the properties of snapshots, which stay behind."""
    values = unpack(pack(package_values(PACKAGE)))
    read = read_package("tank/a@2", values)
    assert read.datasets[0].snapshots == ROOT.snapshots
    assert read.datasets[0].properties == ROOT.properties
    assert (read.base, read.tree, read.raw, read.root) == ("1", True, True, "tank/a")
    clone = read.datasets[1]
    assert (clone.guid, clone.origin, clone.parent_base) == (0x13, 1, 1)
    assert (clone.properties, clone.encryption_root) == (None, True)
    assert not read.is_of_one
    assert read_package("tank/a@2", changed()).is_of_one


def test_the_form_that_zfs_receive_reads() -> None:
    """Names and types are those of send_iterate_fs(), and properties are the kernel's."""
    values = package_values(PACKAGE)
    assert values == {
        "fromsnap": "1",
        "tosnap": "2",
        "raw": None,
        "fss": {
            "0x12": {
                "name": "tank/a",
                "parentfromsnap": 0,
                "props": {"compression": 10, "own:mark": "x", "recordsize": 8192},
                "snaps": {"1": 1, "2": 1 << 63},
                "snapprops": {"1": {"own:of": "snapshot"}, "2": {}},
            },
            "0x13": {
                "name": "tank/a/b",
                "parentfromsnap": 1,
                "origin": 1,
                "is_encroot": None,
                "snaps": {"2": 3},
                "snapprops": {"2": {}},
            },
        },
    }
    assert package_values(Package("tank/a@2", datasets=(CLONE,)))["not_recursive"] is None


def test_without_a_list() -> None:
    """A package of zfs send -I says nothing."""
    assert read_package("tank/a@2", None) == Package("tank/a@2")


def test_properties_that_nobody_knows() -> None:
    """They count for nothing, and neither do values that are neither number nor text."""
    properties = {
        "compression": 15,
        "a:b": "x",
        "future": 5,
        "A:B": "capital",
        "atime": {"a": 1},
        "exec": True,
        "recordsize": "x" * 300,
    }
    (read,) = read_package("tank/a@2", changed(props=properties)).datasets
    assert read.properties == {"compression": "lz4", "a:b": "x", "recordsize": "x" * 300}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"fss": 1},
        changed(fromsnap=1),
        changed(fromsnap="a/b"),
        changed(fss={"0x12": 1}),
        changed(fss={"guid": {"name": "tank/a"}}),
        changed(fss={"-1": {"name": "tank/a"}}),
        changed(fss={"1": {"name": "tank/a"}, "2": {"name": "tank/a"}}),
        changed(name=1),
        changed(name="tank/a@2"),
        changed(name="tank/ab"),
        changed(name="tank"),
        changed(name="tank/a/../../etc"),
        changed(name="tank/a/%recv"),
        changed(snaps=1),
        changed(snaps={"2": "2"}),
        changed(snaps={"2": 1 << 64}),
        changed(snaps={"a/b": 2}),
        changed(origin=-1),
        changed(origin="x"),
        changed(parentfromsnap=None),
    ],
)
def test_what_contradicts_itself(values: dict[str, Any]) -> None:
    """Names that lie elsewhere, guids that are none, and lists that are missing."""
    with pytest.raises(InvalidValue):
        read_package("tank/a@2", values)


@pytest.mark.parametrize("name", ["", "tank", "tank/a", "tank/a@", "a@b@c", "../a@b"])
def test_names_of_packages(name: str) -> None:
    """The first record names a snapshot."""
    with pytest.raises(InvalidName):
        read_package(name, None)


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.booleans(),
    lambda below: st.dictionaries(
        st.sampled_from(["name", "snaps", "props", "origin", "fss", "0x1", "2", "tank/a"]),
        below,
        max_size=5,
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["fss", "fromsnap", "raw"]), ANYTHING), ANYTHING)
def test_any_list(values: dict[str, Any], one: Any) -> None:
    """Whatever a list holds, it is read or refused, without another error."""
    for each in (values, changed(fss={"0x1": one}), changed(props=one), changed(snaps=one)):
        with suppress(InvalidValue):
            read = read_package("tank/a@2", each)
            assert all(f"{d.name}/".startswith("tank/a/") for d in read.datasets)

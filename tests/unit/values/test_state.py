"""State: frozen values, and the few facts that they compute."""

from __future__ import annotations

import pytest

from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    Dataset,
    Mount,
    PoolInfo,
    PropertyValue,
    Snapshot,
    Vdev,
)

DATASET = Dataset(
    name="tank/a",
    kind="filesystem",
    guid=1,
    createtxg=2,
    properties={
        "recordsize": PropertyValue("8192", LOCAL),
        "atime": PropertyValue("off", INHERITED, "tank"),
        "sync": PropertyValue("standard"),
    },
)


def vdev(
    kind: str = "disk", role: str = "normal", *, ashift: int = 12, spins: bool = False
) -> Vdev:
    """Return a vdev of one kind."""
    return Vdev(kind=kind, ashift=ashift, role=role, devices=("/dev/x",), rotational=spins)


def pool(*vdevs: Vdev) -> PoolInfo:
    """Return a pool of some vdevs."""
    return PoolInfo(
        name="tank",
        guid=1,
        vdevs=vdevs,
        features=frozenset(),
        free_bytes=1,
        size_bytes=2,
        readonly=False,
        suspended=False,
    )


def test_a_dataset_is_printed_by_its_name() -> None:
    """Its dozens of properties stay in the repr."""
    assert str(DATASET) == "tank/a"
    assert f"{Snapshot('tank@a', 1, 2, properties=DATASET.properties)}" == "tank@a"
    assert "recordsize" in repr(DATASET)


@pytest.mark.parametrize(
    "value",
    [
        DATASET,
        Snapshot("tank@a", 1, 2),
        PropertyValue("x"),
        vdev(),
        pool(),
        Mount("tank", "/tank", 0, 0, 0o755),
    ],
)
def test_values_are_frozen(value: object) -> None:
    """The planner cannot change values that were read."""
    first, *_ = value.__slots__  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="is frozen"):
        setattr(value, first, "other")
    assert not hasattr(value, "__dict__")


def test_property_defaults_to_default() -> None:
    """A value without a source is a default."""
    assert PropertyValue("x") == PropertyValue("x", DEFAULT, "")


def test_local_is_what_was_set_here() -> None:
    """An inherited or default value is in force without being local."""
    values = [(DATASET.local(name), DATASET.value(name)) for name in DATASET.properties]
    assert values == [("8192", "8192"), (None, "off"), (None, "standard")]
    assert DATASET.local("quota") is DATASET.value("quota") is None


def test_snapshot_knows_its_dataset() -> None:
    """A snapshot's name has the dataset before the @ and the short name behind it."""
    snapshot = Snapshot("tank/a@b c", guid=1, createtxg=2)
    assert (snapshot.dataset, snapshot.short_name) == ("tank/a", "b c")


def test_datasets_without_properties_do_not_share_any() -> None:
    """A dataset whose properties were not read has none, and none can be added."""
    empty = Dataset("tank", "filesystem", 1, 2).properties
    assert dict(empty) == {}
    with pytest.raises(TypeError):
        empty["x"] = PropertyValue("y")  # type: ignore[index]


def test_ashift_is_the_largest_that_holds_data() -> None:
    """The largest ashift of data vdevs counts; logs do not, and an empty pool has 0."""
    assert pool().ashift == 0
    assert (
        pool(vdev(ashift=9), vdev(ashift=12), vdev("disk", "log", ashift=13)).ashift == 12
    )


@pytest.mark.parametrize(
    ("vdevs", "redundant"),
    [
        ([], False),
        ([vdev("disk")], False),
        ([vdev("file")], False),
        ([vdev("mirror")], True),
        ([vdev("raidz2"), vdev("draid1")], True),
        ([vdev("mirror"), vdev("disk")], False),
        ([vdev("mirror"), vdev("disk", "log")], True),
        ([vdev("mirror"), vdev("disk", "special")], False),
        ([vdev("disk", "log")], False),
    ],
)
def test_redundancy(vdevs: list[Vdev], *, redundant: bool) -> None:
    """A pool is as redundant as its weakest vdev that holds data; a log holds none."""
    assert pool(*vdevs).redundant is redundant


@pytest.mark.parametrize(
    ("vdevs", "rotational"),
    [
        ([], False),
        ([vdev(spins=False)], False),
        ([vdev(spins=False), vdev(spins=True)], True),
        ([vdev(spins=False), vdev("disk", "log", spins=True)], False),
    ],
)
def test_rotation(vdevs: list[Vdev], *, rotational: bool) -> None:
    """One spinning disk that holds data makes the pool rotational."""
    assert pool(*vdevs).rotational is rotational

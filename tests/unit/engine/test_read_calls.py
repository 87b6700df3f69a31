"""The calls that read: their questions to C, and the order of their answers."""

from __future__ import annotations

import errno

import pytest

from scripted_binding import ScriptedBinding, row
from zfstune.values.errors import InvalidName, NotFound, NotPermitted, RefusedValue
from zfstune.values.object_stats import ObjectStats


def test_pools_are_sorted() -> None:
    """Pools are sorted by name, which the kernel does not do."""
    engine = ScriptedBinding(zt_pool_configs=(0, {"tank": {}, "data": {}})).engine()
    assert engine.pools() == ("data", "tank")


@pytest.mark.parametrize(("code", "there"), [(0, True), (errno.ENOENT, False)])
def test_existence(code: int, there: bool) -> None:  # noqa: FBT001 (a table of rows)
    """A dataset is said not to exist where the kernel returns ENOENT."""
    assert ScriptedBinding(zt_stats=(code, None)).engine().exists("tank/a") is there


def test_an_error_is_no_absence() -> None:
    """Any other error is raised, for it says nothing about whether a dataset exists."""
    with pytest.raises(NotPermitted, match="cannot read 'tank/a'"):
        ScriptedBinding(zt_stats=(errno.EPERM, None)).engine().exists("tank/a")


def test_parents_come_before_children() -> None:
    """A name that sorts between two others does not part a parent from its children."""
    names = ["tank/a/b", "tank/a-b", "tank", "tank/a"]
    binding = ScriptedBinding(zt_list_datasets=(0, [row(name) for name in names]))
    listed = [dataset.name for dataset in binding.engine().datasets("tank")]
    assert listed == ["tank", "tank/a", "tank/a/b", "tank/a-b"]


def test_the_second_row_of_a_dataset_has_its_damage() -> None:
    """A dataset whose children cannot be listed comes once more, with the reason."""
    damaged = [*row("tank/a")[:6], errno.EIO]
    binding = ScriptedBinding(zt_list_datasets=(0, [row("tank/a"), damaged]))
    (dataset,) = binding.engine().datasets("tank/a")
    assert "I/O error" in dataset.damaged


def test_snapshots_are_listed_by_age() -> None:
    """Snapshots have the order of their transaction groups, and full names."""
    rows = [row("b", 9), row("a", 30), row("c", 4)]
    engine = ScriptedBinding(zt_list_snapshots=(0, rows)).engine()
    listed = [snapshot.name for snapshot in engine.snapshots("tank/a")]
    assert listed == ["tank/a@c", "tank/a@b", "tank/a@a"]


@pytest.mark.parametrize(("properties", "full"), [(False, 0), (True, 1)])
def test_properties_are_read_on_demand(properties: bool, full: int) -> None:  # noqa: FBT001 (a table of rows)
    """A listing asks for properties only where its caller does; an image has dates."""
    binding = ScriptedBinding(zt_list_snapshots=(0, [row("a")]))
    binding.engine().snapshots("tank/a", properties=properties, dated=True)
    assert binding.asked == [("zt_list_snapshots", ("tank/a", full))]


def test_a_listing_of_a_dataset_that_is_not_there() -> None:
    """A dataset that does not exist is told from one without snapshots, and is an error."""
    binding = ScriptedBinding(zt_list_snapshots=(0, []), zt_stats=(errno.ENOENT, None))
    with pytest.raises(NotFound, match="cannot read 'tank/a'"):
        binding.engine().snapshots("tank/a")


def test_named_snapshots_that_exist() -> None:
    """Each name is checked before ZFS is asked, and a missing one is left out."""
    binding = ScriptedBinding(zt_list_named=(0, [row("tank/a@1", 5)]))
    found = binding.engine().find_snapshots(["tank/a@1", "tank/a@2"])
    assert {name: snapshot.guid for name, snapshot in found.items()} == {"tank/a@1": 5}
    with pytest.raises(InvalidName):
        binding.engine().find_snapshots(["tank/a"])
    assert len(binding.asked) == 1


def test_holds_are_dated_in_utc() -> None:
    """Holds come with aware times in UTC, made of the kernel's seconds."""
    engine = ScriptedBinding(zt_get_holds=(0, {"tag": 86400})).engine()
    assert engine.holds("tank/a@1")["tag"].isoformat() == "1970-01-02T00:00:00+00:00"


def test_bookmarks_have_full_names() -> None:
    """Bookmarks have full names, made of the short ones that C lists."""
    numbers = {prop: {"value": 7} for prop in ("guid", "createtxg", "creation")}
    engine = ScriptedBinding(zt_get_bookmarks=(0, {"b": numbers})).engine()
    assert list(engine.bookmarks("tank/a")) == ["tank/a#b"]
    assert engine.bookmarks("tank/a")["tank/a#b"].guid == 7


def test_an_object() -> None:
    """One that is not there is None; a snapshot that is not there is an error."""
    binding = ScriptedBinding(zt_object_stats=(0, ["/a/b", 5, 0o100644, 1, 8, 9]))
    found = binding.engine().object_stats("tank/a@1", 130)
    assert found == ObjectStats("/a/b", 5, 0o100644, 1, 8, 9)
    assert binding.asked == [("zt_object_stats", ("tank/a@1", 130))]
    for error in (errno.ENOENT, errno.EPERM, errno.EINVAL, errno.ESTALE):
        binding = ScriptedBinding(
            zt_object_stats=(error, None), zt_stats=(0, row("tank/a@1"))
        )
        assert binding.engine().object_stats("tank/a@1", 130) is None
    binding = ScriptedBinding(
        zt_object_stats=(errno.ENOENT, None), zt_stats=(errno.ENOENT, None)
    )
    with pytest.raises(NotFound):
        binding.engine().object_stats("tank/a@1", 130)
    with pytest.raises(InvalidName):
        binding.engine().object_stats("tank/a", 130)


def test_changed_objects() -> None:
    """Both snapshots are named, and an error says which kind of pair is meant."""
    binding = ScriptedBinding(zt_changed_objects=(0, [2, 34]))
    assert binding.engine().changed_objects("tank/a@1", "tank/b@2") == [2, 34]
    assert binding.asked == [("zt_changed_objects", ("tank/a@1", "tank/b@2"))]
    binding = ScriptedBinding(zt_changed_objects=(errno.EXDEV, None))
    with pytest.raises(RefusedValue, match="cannot compare 'tank/a@1': the other one"):
        binding.engine().changed_objects("tank/a@2", "tank/a@1")
    for base, snapshot in (("tank/a", "tank/a@1"), ("tank/a@1", "tank/a#1")):
        with pytest.raises(InvalidName):
            binding.engine().changed_objects(base, snapshot)

"""Snapshots on a real pool: one instant, a mark of their own, names that never clash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.snapshots import take
from zfstune.values import marks

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


class Noon(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        """Give the same time always."""
        assert tz is UTC
        return NOON


@pytest.fixture
def tree(dataset: str, command: Command) -> str:
    """Give a dataset with a child, a grandchild and a volume."""
    command("zfs", "create", "-p", f"{dataset}/child/grandchild")
    command("zfs", "create", "-s", "-V", "8M", "-o", "volmode=none", f"{dataset}/volume")
    return dataset


def test_recursive_snapshots_share_one_instant(
    tree: str, engine: Engine, command: Command
) -> None:
    """All below is in, volumes too, in one transaction group, marked on each snapshot."""
    before = datetime.now(UTC).replace(microsecond=0)
    taken = zfstune.snapshot(tree, recursive=True, engine=engine)
    shorts = {name.partition("@")[2] for name in taken}
    assert {name.partition("@")[0] for name in taken} == {
        tree,
        f"{tree}/child",
        f"{tree}/child/grandchild",
        f"{tree}/volume",
    }
    [short] = shorts
    when = datetime.strptime(short, "zfstune-%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert before <= when <= datetime.now(UTC)
    assert marks.is_auto_name(short)
    columns = f"name,createtxg,{marks.SNAPSHOT_PROPERTY}"
    listed = command("zfs", "list", "-Hpr", "-t", "snapshot", "-o", columns, tree)
    rows = [line.split("\t") for line in listed.splitlines()]
    assert {row[0] for row in rows} == set(taken)
    assert len({row[1] for row in rows}) == 1
    assert {row[2] for row in rows} == {"auto"}


def test_without_recursion_only_the_named_ones(tree: str, engine: Engine) -> None:
    """A dataset that was named twice gets one snapshot, one that was not gets none."""
    taken = zfstune.snapshot(tree, f"{tree}/child", tree, engine=engine)
    assert {name.partition("@")[0] for name in taken} == {tree, f"{tree}/child"}
    assert len(taken) == 2
    assert engine.snapshots(f"{tree}/child/grandchild") == []


def test_names_that_are_taken_get_a_suffix(
    dataset: str, engine: Engine, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one second the second snapshot gets a suffix, and so does the third."""
    monkeypatch.setattr(take, "datetime", Noon)
    command("zfs", "snapshot", f"{dataset}@zfstune-20261123T120000Z-1")
    taken = [zfstune.snapshot(dataset, engine=engine)[0] for _ in range(3)]
    assert [name.partition("@")[2] for name in taken] == [
        "zfstune-20261123T120000Z",
        "zfstune-20261123T120000Z-2",
        "zfstune-20261123T120000Z-3",
    ]


def test_one_taken_name_moves_them_all(
    tree: str, engine: Engine, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one dataset has the name already, all get the next one: names stay alike."""
    monkeypatch.setattr(take, "datetime", Noon)
    command("zfs", "snapshot", f"{tree}/child@zfstune-20261123T120000Z")
    taken = zfstune.snapshot(tree, recursive=True, engine=engine)
    assert {name.partition("@")[2] for name in taken} == {"zfstune-20261123T120000Z-1"}


def test_none_is_taken_where_one_cannot_be(tree: str, pool: str, engine: Engine) -> None:
    """A missing dataset, a name that exists, a bad name: an error and no snapshot."""
    with pytest.raises(zfstune.NotFound, match=f"'{pool}/missing'"):
        zfstune.snapshot(tree, f"{pool}/missing", engine=engine)
    with pytest.raises(zfstune.InvalidName):
        zfstune.snapshot(tree, name="no/slash", engine=engine)
    assert engine.snapshots(tree) == []
    zfstune.snapshot(f"{tree}/child", name="mine", engine=engine)
    with pytest.raises(zfstune.BatchError, match=f"'{tree}/child@mine': it exists already"):
        zfstune.snapshot(tree, recursive=True, name="mine", engine=engine)
    assert engine.snapshots(tree) == []


def test_several_pools_share_no_instant(
    dataset: str, make_pool: Callable[..., str], engine: Engine, command: Command
) -> None:
    """Datasets of two pools in one call are refused, and so is no dataset at all."""
    other = make_pool()
    with pytest.raises(zfstune.InvalidValue, match="several pools"):
        zfstune.snapshot(dataset, other, engine=engine)
    assert engine.snapshots(dataset) == engine.snapshots(other) == []
    with pytest.raises(zfstune.InvalidValue, match="no dataset"):
        zfstune.snapshot(engine=engine)
    command("zpool", "destroy", other)


def test_dry_run_takes_nothing(dataset: str, engine: Engine) -> None:
    """A dry run gives the names that it would use."""
    [name] = zfstune.snapshot(dataset, dry_run=True, engine=engine)
    assert name.startswith(f"{dataset}@zfstune-")
    assert engine.snapshots(dataset) == []

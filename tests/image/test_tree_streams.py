"""Packages of trees whose names, clones and snapshots have changed since they were made."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.engine.image import create_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine.image import ImageEngine

Pools = tuple["ImageEngine", "ImageEngine"]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pools]:
    """Make two pools."""
    folder = tmp_path_factory.mktemp("pools")
    size = 256 << 20
    with (
        create_image(folder / "tank", size_bytes=size) as tank,
        create_image(folder / "back", size_bytes=size, pool="back") as back,
    ):
        yield tank, back


@pytest.fixture
def names(pools: Pools) -> tuple[str, str]:
    """Make a tree with two snapshots; give its name and that of a copy to be."""
    tank, _ = pools
    number = next(_numbers)
    root = f"tank/{number}"
    tank.create(root)
    tank.create(f"{root}/child")
    tank.create(f"{root}/volume", volume=True, properties={"volsize": "1M"})
    for short in "ab":
        take_all(tank, root, short)
    return root, f"back/{number}"


def take_all(engine: ImageEngine, root: str, short: str) -> None:
    """Take a snapshot of a whole tree."""
    engine.take_snapshots([f"{d.name}@{short}" for d in engine.datasets(root)])


def pass_on(pools: Pools, snapshot: str, target: str, **how: object) -> None:
    """Send a tree and receive it."""
    sink = io.BytesIO()
    zfstune.send(snapshot, sink, engine=pools[0], recursive=True, **how)  # type: ignore[arg-type]
    zfstune.receive(target, io.BytesIO(sink.getvalue()), engine=pools[1])


def tree(engine: ImageEngine, root: str) -> dict[str, list[tuple[str, int]]]:
    """Return the names and guids of all snapshots, by dataset."""
    return {
        d.name[len(root) :]: [(s.short_name, s.guid) for s in engine.snapshots(d.name)]
        for d in sorted(engine.datasets(root), key=lambda dataset: dataset.name)
    }


def test_names_that_are_out_of_order(pools: Pools, names: tuple[str, str]) -> None:
    """Snapshots go in the order in which they were taken, whatever they are called."""
    (tank, back), (root, copy) = pools, names
    for name in tree(tank, root):
        tank.rename(f"{root}{name}@a", f"{root}{name}@z")
    tank.rename(f"{root}/child", f"{root}/volume-s-child")
    pass_on(pools, f"{root}@b", copy, every=True)
    assert tree(back, copy) == tree(tank, root)
    # and renamed in between, they are known by their guids
    for name in tree(tank, root):
        tank.rename(f"{root}{name}@b", f"{root}{name}@0")
    tank.rename(f"{root}/volume-s-child", f"{root}/child")
    take_all(tank, root, "1")
    pass_on(pools, f"{root}@1", copy, every=True, base="@0")
    arrived = {name: found[-1] for name, found in tree(back, copy).items()}
    assert arrived["/volume-s-child"] == tree(tank, root)["/child"][-1]
    assert arrived[""] == tree(tank, root)[""][-1]


def test_a_promoted_clone(pools: Pools, names: tuple[str, str]) -> None:
    """What was its origin's dataset is a clone of it, on the other side too."""
    (tank, back), (root, copy) = pools, names
    tank.clone(f"{root}/child@b", f"{root}/clone")
    tank.clone(f"{root}/volume@a", f"{root}/disk")
    for clone in ("clone", "disk"):
        tank.promote(f"{root}/{clone}")
    take_all(tank, root, "c")
    pass_on(pools, f"{root}@c", copy, every=True)
    assert tree(back, copy) == tree(tank, root)
    for name, origin in (("child", "clone@b"), ("volume", "disk@a")):
        assert back.dataset(f"{copy}/{name}").value("origin") == f"{copy}/{origin}"


def test_what_the_sender_destroyed_stays(pools: Pools, names: tuple[str, str]) -> None:
    """The copy keeps its snapshots and datasets; what has no base is refused over them."""
    (tank, back), (root, copy) = pools, names
    pass_on(pools, f"{root}@b", copy, every=True)
    before = tree(back, copy)
    tank.destroy_snapshots([f"{root}/child@a", f"{root}/volume@a", f"{root}/volume@b"])
    tank.destroy(f"{root}/volume")
    tank.create(f"{root}/new")
    take_all(tank, root, "c")
    tank.destroy_snapshots([f"{root}/child@b"])
    tank.create(f"{root}/newer")
    take_all(tank, root, "d")
    with pytest.raises(zfstune.PlanError, match=f"'{copy}/child': it exists"):
        pass_on(pools, f"{root}@d", copy, every=True, base="@b")
    after = tree(back, copy)
    assert all(set(found) <= set(after[name]) for name, found in before.items())
    assert after[""] == tree(tank, root)[""]
    assert after["/volume"] == before["/volume"]
    # from a base that it still has, all of it goes on
    pass_on(pools, f"{root}/new@d", f"{copy}/new", every=True)
    assert tree(back, f"{copy}/new") == tree(tank, f"{root}/new")


def test_snapshots_in_between(pools: Pools, names: tuple[str, str]) -> None:
    """With --every they come as well, of one dataset or of a clone since its origin."""
    (tank, back), (root, copy) = pools, names
    sink = io.BytesIO()
    zfstune.send(f"{root}@b", sink, engine=tank, every=True)
    zfstune.receive(copy, io.BytesIO(sink.getvalue()), engine=back)
    assert list(tree(back, copy)) == [""]
    assert tree(back, copy)[""] == tree(tank, root)[""]
    tank.clone(f"{root}@a", f"{root}/clone")
    for short in "xyz":
        tank.take_snapshots([f"{root}/clone@{short}"])
    sink = io.BytesIO()
    zfstune.send(f"{root}/clone@z", sink, engine=tank, every=True, base=f"{root}@a")
    zfstune.receive(f"{copy}/clone", io.BytesIO(sink.getvalue()), engine=back)
    assert tree(back, f"{copy}/clone") == tree(tank, f"{root}/clone")
    assert back.dataset(f"{copy}/clone").value("origin") == f"{copy}@a"

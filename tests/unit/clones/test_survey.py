"""Which images are here, and which clones they have."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from zfstune.clones.clone import clone
from zfstune.clones.seal import StampMark
from zfstune.clones.survey import find_image, images
from zfstune.engine._errno import engine_error
from zfstune.values.errors import PlanError
from zfstune.values.marks import GOLDEN_PROPERTY, STAMP_PROPERTY

if TYPE_CHECKING:
    from clone_engine import CloneEngine
    from zfstune.values.state import Snapshot


def test_images_and_all_their_clones(sealed: CloneEngine) -> None:
    """Those that nobody stamped as well, for they keep the image, too."""
    clone("tank/node@golden", "tank/nodes/b", "tank/nodes/a", engine=sealed.zfs)
    found = images(engine=sealed.zfs)
    assert [(image.name, image.clones) for image in found] == [
        ("tank/disk", ()),
        ("tank/node", ("tank/nodes/a", "tank/nodes/b")),
    ]
    assert images("tank/nodes", engine=sealed.zfs) == ()


@pytest.mark.parametrize("roots", [(), ("tank/node",)])
def test_clones_of_clones(sealed: CloneEngine, roots: tuple[str, ...]) -> None:
    """The whole lineage, wherever in the pool it lies, each below its own origin."""
    clone(
        "tank/node@golden", "tank/nodes/a", "tank/nodes/b", mount=False, engine=sealed.zfs
    )
    sealed.take_snapshots(["tank/nodes/a@1"])
    clone("tank/nodes/a@1", "tank/nodes/d", "tank/nodes/c", mount=False, engine=sealed.zfs)
    sealed.take_snapshots(["tank/nodes/c@1"])
    clone("tank/nodes/c@1", "tank/nodes/e", engine=sealed.zfs)
    (image,) = (i for i in images(*roots, engine=sealed.zfs) if i.clones)
    assert list(image.descendants()) == [
        (1, "tank/nodes/a"),
        (2, "tank/nodes/c"),
        (3, "tank/nodes/e"),
        (2, "tank/nodes/d"),
        (1, "tank/nodes/b"),
    ]


def test_an_image_whose_snapshot_is_gone(sealed: CloneEngine) -> None:
    """A snapshot of the same name is another one."""
    sealed.tags.clear()
    sealed.destroy_snapshots(["tank/node@golden"])
    sealed.take_snapshots(["tank/node@golden"])
    assert find_image(sealed.zfs, "tank/node", "read").state == "gone"


def test_a_child_of_an_image_is_none(sealed: CloneEngine) -> None:
    """It inherits the mark, which counts only where it was set."""
    sealed.add("tank/node/child")
    assert sealed.dataset("tank/node/child").value(GOLDEN_PROPERTY)
    with pytest.raises(PlanError, match="it is no golden image") as caught:
        find_image(sealed.zfs, "tank/node/child", "stamp")
    assert "zfstune golden create tank/node/child" in caught.value.hint


def test_clones_that_are_not_finished(sealed: CloneEngine) -> None:
    """Those that a stamp of this very image has left, wherever they lie."""
    guid = find_image(sealed.zfs, "tank/node", "read").seal.guid
    names = ("tank/nodes/a", "tank/nodes/b", "tank/nodes/c", "tank/nodes/d")
    clone("tank/node@golden", *names, engine=sealed.zfs)
    marks = (
        StampMark(guid, unfinished=True),
        StampMark(guid),
        StampMark(9, unfinished=True),
    )
    for name, mark in zip(names, marks, strict=False):
        sealed.local[name][STAMP_PROPERTY] = mark.text
    for roots in ((), ("tank/node",)):
        (image,) = (i for i in images(*roots, engine=sealed.zfs) if i.name == "tank/node")
        assert image.unfinished == ("tank/nodes/a",)


def test_an_image_that_goes_meanwhile(sealed: CloneEngine) -> None:
    """One that is destroyed after it was listed hides no other."""
    read = sealed.snapshots

    def snapshots(dataset: str) -> list[Snapshot]:
        if dataset == "tank/disk":
            raise engine_error("list snapshots of", dataset, errno.ENOENT)
        return read(dataset)

    sealed.snapshots = snapshots  # type: ignore[method-assign]
    assert [image.name for image in images(engine=sealed.zfs)] == ["tank/node"]

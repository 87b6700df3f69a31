"""Making images: of datasets and of disks, completed by the next run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from clone_engine import BLOCK, Killed
from zfstune.clones.create import create
from zfstune.clones.survey import find_image
from zfstune.values.errors import (
    InvalidName,
    InvalidProperty,
    InvalidValue,
    NotFound,
    PlanError,
)
from zfstune.values.marks import GOLDEN_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

    from clone_engine import CloneEngine
    from zfstune.streams.progress import SendProgress


@pytest.fixture
def disk(tmp_path: Path) -> str:
    """Give a raw disk whose second and last block hold something."""
    path = tmp_path / "disk.raw"
    path.write_bytes(bytes(BLOCK) + b"a" * BLOCK + bytes(BLOCK) + b"end")
    return str(path)


def test_a_dataset_is_sealed(tank: CloneEngine) -> None:
    """Read-only, with a held snapshot; a second run changes nothing."""
    create("tank/node", engine=tank.zfs)
    image = find_image(tank.zfs, "tank/node", "read")
    assert (image.state, image.snapshot) == ("sealed", "tank/node@golden")
    assert tank.local["tank/node"]["readonly"] == "on"
    tank.changes.clear()
    create("tank/node", engine=tank.zfs)
    assert tank.changes == []


@pytest.mark.parametrize("left", range(4))
def test_sealing_converges(tank: CloneEngine, left: int) -> None:
    """Killed before any step, and then run again."""
    tank.left = left
    with pytest.raises(Killed):
        create("tank/node", engine=tank.zfs)
    tank.left = None
    create("tank/node", engine=tank.zfs)
    assert find_image(tank.zfs, "tank/node", "read").state == "sealed"
    assert len(tank.snapshots("tank/node")) == 1


def test_a_name_that_is_too_long_for_its_snapshot(tank: CloneEngine, disk: str) -> None:
    """The plan says so, before the dataset becomes read-only."""
    name = "tank/" + "x" * 248
    tank.add(name)
    for target, source in ((name, None), ("tank/" + "y" * 248, disk)):
        with pytest.raises(InvalidName, match="255 are allowed"):
            create(target, disk=source, engine=tank.zfs)
    assert tank.changes == []


def test_a_dry_run_changes_nothing(tank: CloneEngine, disk: str) -> None:
    """The plan is shown."""
    shown: list[str] = []
    for name, source in (("tank/node", None), ("tank/new", disk)):
        create(
            name,
            disk=source,
            dry_run=True,
            engine=tank.zfs,
            show=lambda plan: shown.extend(plan.lines()),
        )
    assert len(shown) == 6
    assert tank.changes == []


@pytest.mark.parametrize("left", [None, 0, 1])
def test_a_disk_becomes_a_volume(tank: CloneEngine, disk: str, left: int | None) -> None:
    """Without its blocks of zeros; killed before any step it is completed."""
    tank.left = left
    if left is not None:
        with pytest.raises(Killed):
            create("tank/new", disk=disk, engine=tank.zfs)
        tank.left = None
    create("tank/new", disk=disk, properties={"compression": "zstd"}, engine=tank.zfs)
    assert find_image(tank.zfs, "tank/new", "read").state == "sealed"
    assert tank.blocks["tank/new"] == {
        BLOCK: b"a" * BLOCK,
        3 * BLOCK: b"end".ljust(BLOCK, b"\0"),
    }
    local = tank.local["tank/new"]
    assert (local["volmode"], local["readonly"]) == ("none", "on")
    if left != 1:  # else it had arrived before
        assert local["compression"] == "zstd"


def test_progress(tank: CloneEngine, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of the disk are told, holes among them."""
    monkeypatch.setattr("zfstune.streams.meter._EVERY_S", 0)
    told: list[SendProgress] = []
    create("tank/new", disk=disk, engine=tank.zfs, on_progress=told.append)
    size = os.stat(disk).st_size  # noqa: PTH116 (it is text)
    assert (told[-1].done_bytes, told[-1].total_bytes) == (size, size)


def test_a_name_that_is_taken(tank: CloneEngine, disk: str) -> None:
    """By a dataset that is no image; nothing is written to it."""
    with pytest.raises(PlanError, match="it exists, and is no image"):
        create("tank/disk", disk=disk, engine=tank.zfs)
    with pytest.raises(NotFound, match="its parent 'tank/no' does not exist"):
        create("tank/no/new", disk=disk, engine=tank.zfs)
    assert tank.changes == []


@pytest.mark.parametrize(
    "properties",
    [{"encryption": "on"}, {"volsize": "1G"}, {"volblocksize": "3K"}, {"recordsize": "8K"}],
)
def test_properties_of_a_new_volume(
    tank: CloneEngine, disk: str, properties: dict[str, str]
) -> None:
    """What the disk decides, and what a volume cannot have, is refused at once."""
    with pytest.raises(InvalidProperty):
        create("tank/new", disk=disk, properties=properties, engine=tank.zfs)
    assert tank.changes == []


def test_options_of_a_disk_need_one(tank: CloneEngine) -> None:
    """A dataset that exists keeps its properties."""
    with pytest.raises(InvalidValue, match="only a new volume takes properties"):
        create("tank/node", properties={"atime": "off"}, engine=tank.zfs)


def test_a_cut_disk_makes_nothing(
    tank: CloneEngine, disk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream ends without its end, so nothing arrives; the error is the disk's."""

    def broken(*_: object) -> object:
        yield 0, b"x" * BLOCK
        raise InvalidValue("cannot read disk 'x': it was cut")

    monkeypatch.setattr("zfstune.clones.read_disk.Disk.blocks", broken)
    with pytest.raises(InvalidValue, match="it was cut"):
        create("tank/new", disk=disk, engine=tank.zfs)
    assert "tank/new" not in tank.kinds


def test_the_mark_is_set_from_the_first_moment(tank: CloneEngine, disk: str) -> None:
    """With the guid of the snapshot that arrives."""
    create("tank/new", disk=disk, engine=tank.zfs)
    guid = tank.taken["tank/new@golden"].guid
    assert tank.local["tank/new"][GOLDEN_PROPERTY] == str(guid)
    assert tank.changes == ["receive tank/new@golden", "hold tank/new@golden"]


def test_an_image_of_another_disk(tank: CloneEngine, disk: str) -> None:
    """One of another size, or a filesystem, cannot have come from the disk."""
    create("tank/new", disk=disk, engine=tank.zfs)
    create("tank/node", engine=tank.zfs)
    os.truncate(disk, 8 * BLOCK)
    for name, words in (("tank/new", "and the disk has"), ("tank/node", "a filesystem")):
        with pytest.raises(PlanError, match=words):
            create(name, disk=disk, engine=tank.zfs)

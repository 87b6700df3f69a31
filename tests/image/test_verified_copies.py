"""``replicate --verify``: a comparison that is due is made, whatever the run sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from two_images import SOURCE, TARGET, two_images
from zfstune.clones.volume_stream import VolumeShape, volume_records
from zfstune.engine.sent import sent
from zfstune.engine.stream_sum import StreamSum
from zfstune.engine.write_all import write_all
from zfstune.streams.local_side import LocalSide
from zfstune.values.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[tuple[ImageEngine, ImageEngine]]:
    """Make two pools, the first with a dataset of three snapshots."""
    with two_images(tmp_path) as both:
        yield both


def arrive(engine: ImageEngine, name: str, byte: bytes) -> None:
    """Make a volume with one block that is full of a byte, and a snapshot of known guid."""
    shape = VolumeShape(1 << 20, 16384, guid=4711, created=0, name=f"{name}@1")
    records = volume_records(shape, [(0, byte * 16384)], StreamSum())
    with sent(lambda fd: write_all(fd, b"".join(records))) as fd:
        engine.receive(f"{name}@1", fd)


def test_a_copy_that_differs_is_found_by_each_run(
    pools: tuple[ImageEngine, ImageEngine],
) -> None:
    """The guid says that nothing is to be sent; the content is looked at all the same."""
    tank, back = pools
    arrive(tank, "tank/v", b"x")
    arrive(back, "back/v", b"y")
    arrive(back, "back/same", b"x")
    how: dict[str, Any] = {"engine": tank, "target_engine": back, "verify": True}
    for _ in range(2):
        with pytest.raises(Damaged, match="content is not that of 'tank/v@1'"):
            zfstune.replicate("tank/v", "back/v", **how)
    assert not zfstune.replicate("tank/v", "back/same", **how).pending


def test_a_comparison_that_was_cut_off_is_made_by_the_next_run(
    pools: tuple[ImageEngine, ImageEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot has arrived, so that run has nothing else to do."""
    tank, back = pools
    how: dict[str, Any] = {"engine": tank, "target_engine": back, "verify": True}
    digest = LocalSide.digest
    asked: list[str] = []

    def cut_off(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    def noted(side: LocalSide, snapshot: str, **rest: Any) -> str:
        asked.append(snapshot)
        return digest(side, snapshot, **rest)

    monkeypatch.setattr(LocalSide, "digest", cut_off)
    with pytest.raises(KeyboardInterrupt):
        zfstune.replicate(SOURCE, TARGET, **how)
    assert [s.short_name for s in back.snapshots(TARGET)][-1] == "3"
    monkeypatch.setattr(LocalSide, "digest", noted)
    assert not zfstune.replicate(SOURCE, TARGET, **how).pending
    assert asked == [f"{SOURCE}@3", f"{TARGET}@3"]

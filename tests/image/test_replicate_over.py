"""A target that loses what its user names, and what becomes of it then."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

import zfstune
from two_images import SOURCE, TARGET, two_images
from zfstune.streams.pace import Pace
from zfstune.streams.steps import Incremental, Resume
from zfstune.values.errors import PlanError
from zfstune.values.inert import lacking
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.object_operations import make_object, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from zfstune.engine.image import ImageEngine
    from zfstune.streams.replication_plan import ReplicationPlan

NUMBER = 5000


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[tuple[ImageEngine, ImageEngine]]:
    """Make two pools, the first with a dataset of three snapshots."""
    with two_images(tmp_path) as both:
        yield both


def fill(engine: ImageEngine, name: str, folder: Path) -> None:
    """Write half a megabyte that does not pack."""
    file = folder / "operations"
    parts = [write_bytes(NUMBER, at << 17, os.urandom(1 << 17)) for at in range(4)]
    file.write_bytes(b"".join([make_object(NUMBER, 1 << 17), *parts]))
    with file.open("rb") as opened:
        engine.exercise(name, opened.fileno())


def run(pools: tuple[ImageEngine, ImageEngine], **how: Any) -> ReplicationPlan:
    """Replicate from the one to the other."""
    tank, back = pools
    return zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back, **how)


def cut_off(pools: tuple[ImageEngine, ImageEngine], **how: Any) -> None:
    """Press Ctrl-C while a stream is on its way."""
    timer = threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run(pools, pace=Pace(rate_bytes_s=100_000), **how)
    timer.join()


def equal(pools: tuple[ImageEngine, ImageEngine]) -> bool:
    """Tell whether both have the same snapshots."""
    tank, back = pools
    return [s.guid for s in tank.snapshots(SOURCE)] == [
        s.guid for s in back.snapshots(TARGET)
    ]


@pytest.mark.parametrize("kind", ["filesystem", "volume"])
def test_a_copy_in_the_place_of_a_stranger(
    pools: tuple[ImageEngine, ImageEngine], kind: str
) -> None:
    """It is as inert as any copy, has its mark, and takes the next stream."""
    tank, back = pools
    source, target = f"{SOURCE}-{kind}", f"{TARGET}-{kind}"
    volume: dict[str, Any] = {"volume": True, "properties": {"volsize": "1M"}}
    for engine, name in ((tank, source), (back, target)):
        engine.create(name, **(volume if kind == "volume" else {}))
    if kind == "filesystem":
        back.set(target, {"canmount": "on", "exec": "on", "sharenfs": "on"})
    tank.take_snapshots([f"{source}@1"])
    back.take_snapshots([f"{target}@own"])
    both: dict[str, Any] = {"engine": tank, "target_engine": back}
    zfstune.replicate(source, target, lose=[f"{target}@own"], **both)
    assert [s.short_name for s in back.snapshots(target)] == ["1"]
    copy = back.dataset(target)
    assert copy.local(REPLICA_PROPERTY) is not None
    assert lacking(copy) == ()
    assert copy.value("readonly") == "on"
    tank.take_snapshots([f"{source}@2"])
    plan = zfstune.replicate(source, target, **both)
    assert [type(step) for step in plan.datasets[0].transfer.steps] == [Incremental]
    assert back.dataset(target).local("readonly") == "on"


def test_cut_off_over_a_stranger(
    pools: tuple[ImageEngine, ImageEngine], tmp_path: Path
) -> None:
    """Nothing is lost until the stream has arrived, and the same command goes on."""
    tank, back = pools
    fill(tank, SOURCE, tmp_path)
    tank.take_snapshots([f"{SOURCE}@4"])
    back.create(TARGET)
    back.take_snapshots([f"{TARGET}@own"])
    lose = [f"{TARGET}@own"]
    cut_off(pools, lose=lose, every=False)
    assert [s.short_name for s in back.snapshots(TARGET)] == ["own"]
    assert back.dataset(TARGET).value("receive_resume_token")
    with pytest.raises(PlanError, match="none of its snapshots"):
        run(pools)
    plan = run(pools, lose=lose, every=False)
    assert isinstance(plan.datasets[0].transfer.steps[0], Resume)
    assert [s.short_name for s in back.snapshots(TARGET)] == ["4"]
    assert lacking(back.dataset(TARGET)) == ()
    assert run(pools).datasets[0].transfer.up_to_date


def test_cut_off_over_what_went_its_own_way(
    pools: tuple[ImageEngine, ImageEngine], tmp_path: Path
) -> None:
    """An increment by force goes on as well."""
    tank, back = pools
    run(pools)
    back.take_snapshots([f"{TARGET}@own"])
    fill(tank, SOURCE, tmp_path)
    tank.take_snapshots([f"{SOURCE}@4"])
    lose = [f"{TARGET}@own"]
    cut_off(pools, lose=lose)
    assert back.snapshots(TARGET)[-1].short_name == "own"
    plan = run(pools, lose=lose)
    assert isinstance(plan.datasets[0].transfer.steps[0], Resume)
    assert equal(pools)


def test_a_part_that_builds_on_what_is_lost(
    pools: tuple[ImageEngine, ImageEngine], tmp_path: Path
) -> None:
    """A part of an ordinary stream is given up where its base goes."""
    tank, back = pools
    run(pools)
    fill(tank, SOURCE, tmp_path)
    tank.take_snapshots([f"{SOURCE}@4"])
    cut_off(pools)
    assert back.dataset(TARGET).value("receive_resume_token")
    tank.take_snapshots([f"{SOURCE}@5"])
    tank.destroy_snapshots([f"{SOURCE}@4"])
    run(pools)
    assert equal(pools)
    assert not back.dataset(TARGET).value("receive_resume_token")


def test_a_pool_as_the_target(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """Its own dataset cannot be renamed: that is refused before, and never advised."""
    tank, back = pools
    both: dict[str, Any] = {"engine": tank, "target_engine": back}
    back.take_snapshots(["back@own"])
    ways: list[dict[str, Any]] = [{}, {"keep_aside": True}]
    for how in (*ways, {"keep_aside": True, "dry_run": True}):
        with pytest.raises(PlanError) as raised:
            zfstune.replicate(SOURCE, "back", **both, **how)
        assert "--keep-aside" not in raised.value.hint
        assert "choose a target below 'back'" in raised.value.hint
    zfstune.replicate(SOURCE, "back", lose=["back@own"], **both)
    tank.take_snapshots([f"{SOURCE}@4"])
    zfstune.replicate(SOURCE, "back", **both)
    assert back.snapshots("back")[-1].short_name == "4"

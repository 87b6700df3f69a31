"""Replication between real pools in files: it converges, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from checked_documents import faults
from two_images import SIZE_BYTES, SOURCE, TARGET, two_images
from zfstune.engine.image import ImageEngine, create_image
from zfstune.streams.pace import Pace
from zfstune.streams.steps import Full
from zfstune.values.errors import PlanError
from zfstune.values.marks import REPLICA_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.streams.replication_plan import ReplicationPlan


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[tuple[ImageEngine, ImageEngine]]:
    """Make two pools, the first with a dataset of three snapshots."""
    with two_images(tmp_path) as both:
        yield both


def guids(engine: ImageEngine, name: str) -> list[int]:
    """Return the guids of a dataset's snapshots, oldest first."""
    return [snapshot.guid for snapshot in engine.snapshots(name)]


def test_a_new_target_is_inert(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """Whatever the source has; what makes it so was set on this side."""
    tank, back = pools
    tank.set(SOURCE, {"mountpoint": "/etc", "sharenfs": "on", "quota": "100M"})
    zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back)
    assert guids(back, TARGET) == guids(tank, SOURCE)
    target = back.dataset(TARGET)
    inert = ("readonly", "canmount", "exec", "setuid", "devices", "sharenfs", "sharesmb")
    assert {name: target.local(name) for name in inert} == {
        "readonly": "on",
        "canmount": "noauto",
        **dict.fromkeys(inert[2:], "off"),
    }
    assert target.local("mountpoint") is None
    assert target.value("mountpoint") != "/etc"
    assert target.value("quota") == "0"
    assert target.local(REPLICA_PROPERTY) is not None
    assert tank.holds(f"{SOURCE}@3") == {}


def test_properties_follow_the_source(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """In a tree: what says how blocks are stored, and later changes too.

    What keeps a copy inert, quotas, and what was set on the target stay as they are.
    """
    tank, back = pools
    fixed = {"quota": "100M", "mountpoint": "/etc", "sharenfs": "on", "exec": "on"}
    tank.set(SOURCE, {**fixed, "atime": "off", "com.example:x": "one two"})
    tank.create(f"{SOURCE}/v", volume=True, properties={"volsize": "1M", "copies": "2"})
    tank.create(f"{SOURCE}/m", properties={"recordsize": "16K"})
    tank.create(f"{SOURCE}/m/x", properties={"xattr": "dir"})
    tank.take_snapshots([f"{SOURCE}{name}@4" for name in ("", "/v", "/m/x")])

    def run(**how: Any) -> ReplicationPlan:
        ends: Any = {"engine": tank, "target_engine": back, "recursive": True}
        return zfstune.replicate(SOURCE, TARGET, **ends, take_properties=True, **how)

    run(properties={"atime": "on"})
    copy = {name: back.dataset(f"{TARGET}{name}") for name in ("", "/v", "/m", "/m/x")}
    names = ("compression", "com.example:x", "atime", "quota", "mountpoint", "exec")
    assert [copy[""].local(n) for n in (*names, "sharenfs")] == [
        *("zstd", "one two", "on", None, None, "off", "off")
    ]
    assert copy["/v"].local("copies") == "2"
    assert copy["/m"].local("recordsize") == "16384"
    assert copy["/m/x"].local("xattr") == "dir"
    assert copy["/m/x"].value("recordsize") == "16384"
    assert not run().pending
    back.set(f"{TARGET}/v", {"copies": "3"})
    tank.set(SOURCE, {"compression": "lz4", "copies": "2"})
    tank.inherit(SOURCE, "com.example:x")
    tank.set(f"{SOURCE}/m", {"recordsize": "32K"})
    tank.take_snapshots([f"{SOURCE}/m@5"])  # it takes the place of the placeholder
    shown = list(run(dry_run=True).lines())
    assert f"set compression=lz4 copies=2, inherit com.example:x on {TARGET}, " in shown[0]
    run()
    assert back.dataset(TARGET).local("compression") == "lz4"
    assert back.dataset(TARGET).local("com.example:x") is None
    assert back.dataset(f"{TARGET}/m").local("recordsize") == "32768"
    assert guids(back, f"{TARGET}/m") == guids(tank, f"{SOURCE}/m")
    assert back.dataset(f"{TARGET}/v").local("copies") == "3"
    assert not run().pending


def test_datasets_that_are_left_out(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """By name, by a property that was set on them, and by their own word; named in JSON."""
    tank, back = pools
    for name, own in (
        ("scratch", {}),
        ("cache", {"com.example:backup": "no"}),
        ("cache/x", {}),
        ("own", {"org.zfstune:replicate-to": "none"}),
        ("big", {"recordsize": "1M"}),
        ("kept", {"com.example:backup": "yes"}),
    ):
        tank.create(f"{SOURCE}/{name}", properties=own)
        tank.take_snapshots([f"{SOURCE}/{name}@1"])
    plan = zfstune.replicate(
        SOURCE,
        TARGET,
        engine=tank,
        target_engine=back,
        recursive=True,
        exclude=["*/scratch"],
        exclude_properties=["com.example:backup=no", "recordsize=1M"],
    )
    assert {each.source[len(SOURCE) :]: each.reason for each in plan.left_out} == {
        "/scratch": "'*/scratch' matches its name",
        "/cache": "com.example:backup=no is set on it",
        "/own": "org.zfstune:replicate-to=none is set on it",
        "/big": "recordsize=1048576 is set on it",
    }
    assert tree(back, TARGET).keys() == {"", "/kept"}


def test_the_base_outlives_its_snapshot(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """All that the target has was pruned, and the next stream is an incremental."""
    tank, back = pools
    zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back)
    tank.destroy_snapshots([f"{SOURCE}@{number}" for number in "123"])
    tank.take_snapshots([f"{SOURCE}@4"])
    plan = zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back)
    (step,) = plan.datasets[0].transfer.steps
    assert step.describe().startswith(f"incremental {SOURCE}@4 from {SOURCE}#zfstune-base-")
    assert guids(back, TARGET)[-1:] == guids(tank, SOURCE)
    assert len(tank.bookmarks(SOURCE)) == 1


def test_kept_aside_and_lost(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """A target that went its own way is renamed, or loses what was named."""
    tank, back = pools
    zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back)
    back.take_snapshots([f"{TARGET}@own"])
    tank.take_snapshots([f"{SOURCE}@4"])
    with pytest.raises(PlanError, match="back/a@own"):
        zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back)
    plan = zfstune.replicate(
        SOURCE, TARGET, engine=tank, target_engine=back, keep_aside=True
    )
    assert guids(back, TARGET) == guids(tank, SOURCE)
    assert back.dataset(TARGET).value("readonly") == "on"
    assert [s.short_name for s in back.snapshots(plan.datasets[0].aside)] == ["own"]
    assert back.dataset(plan.datasets[0].aside).local(REPLICA_PROPERTY) == "aside"
    back.take_snapshots([f"{TARGET}@more"])
    tank.take_snapshots([f"{SOURCE}@5"])
    lose = [f"{TARGET}@more"]
    zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back, lose=lose)
    assert guids(back, TARGET) == guids(tank, SOURCE)


def test_clones_and_volumes_within_a_pool(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """A clone stays one; a volume is hidden from scans of disks."""
    tank, _ = pools
    tank.clone(f"{SOURCE}@2", "tank/clone")
    tank.take_snapshots(["tank/clone@x"])
    zfstune.replicate("tank/clone", "tank/copy", engine=tank)
    assert tank.dataset("tank/copy").value("origin") == f"{SOURCE}@2"
    tank.create("tank/v", volume=True, properties={"volsize": "1M"})
    tank.take_snapshots(["tank/v@x"])
    zfstune.replicate("tank/v", "tank/w", engine=tank)
    copy = tank.dataset("tank/w")
    assert (copy.local("volmode"), copy.local("snapdev")) == ("none", "hidden")
    assert guids(tank, "tank/w") == guids(tank, "tank/v")


def tree(engine: ImageEngine, root: str) -> dict[str, list[int]]:
    """Return the guids of all snapshots of a tree by dataset, without its root's name."""
    return {d.name[len(root) :]: guids(engine, d.name) for d in engine.datasets(root)}


def origins(engine: ImageEngine, root: str) -> dict[str, str]:
    """Return the clones of a tree and their origins, without its root's name."""
    found = {d.name[len(root) :]: d.value("origin") for d in engine.datasets(root)}
    return {name: origin[len(root) :] for name, origin in found.items() if origin}


def test_a_tree_stays_what_it_is(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """Clones of clones, a volume, a placeholder, renames and a promotion are all kept."""
    tank, back = pools

    def run(**how: Any) -> ReplicationPlan:
        return zfstune.replicate(
            SOURCE, TARGET, engine=tank, target_engine=back, recursive=True, **how
        )

    tank.create(f"{SOURCE}/m")
    tank.create(f"{SOURCE}/m/x")
    tank.create(f"{SOURCE}/v", volume=True, properties={"volsize": "1M"})
    tank.take_snapshots([f"{SOURCE}/m/x@1", f"{SOURCE}/v@1"])
    tank.clone(f"{SOURCE}@2", f"{SOURCE}/1")
    tank.take_snapshots([f"{SOURCE}/1@y"])
    tank.clone(f"{SOURCE}/1@y", f"{SOURCE}/0")
    tank.take_snapshots([f"{SOURCE}/0@z"])
    run(verify=True)
    assert tree(back, TARGET) == tree(tank, SOURCE)
    assert origins(back, TARGET) == origins(tank, SOURCE)
    assert back.dataset(f"{TARGET}/v").local("volmode") == "none"
    assert back.dataset(f"{TARGET}/m").local("canmount") == "off"

    tank.rename(f"{SOURCE}/m/x", f"{SOURCE}/x")
    tank.rename(f"{SOURCE}/v", f"{SOURCE}/m/v")
    tank.promote(f"{SOURCE}/0")
    plan = run(snapshot="noon", verify=True)
    assert not any(
        isinstance(step, Full)
        for dataset in plan.datasets
        for step in dataset.transfer.steps
        if dataset.transfer.source != f"{SOURCE}/m"
    )
    newest = {name: found[-1] for name, found in tree(tank, SOURCE).items()}
    assert {name: found[-1] for name, found in tree(back, TARGET).items()} == newest
    assert not run().pending
    assert [len(tank.bookmarks(d.name)) for d in tank.datasets(SOURCE)] == [1] * 6
    assert all(
        tank.holds(s.name) == {}
        for dataset in tank.datasets(SOURCE)
        for s in tank.snapshots(dataset.name)
    )


def test_changed_roles(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """There and back again without a full send, with changes that never arrived or not."""
    tank, back = pools

    def replicate(*, forth: bool, **how: Any) -> list[object]:
        names, engines = (SOURCE, TARGET), (tank, back)
        if not forth:
            names, engines = names[::-1], engines[::-1]
        plan = zfstune.replicate(
            *names, engine=engines[0], target_engine=engines[1], recursive=True, **how
        )
        return [s for dataset in plan.datasets for s in dataset.transfer.steps]

    tank.create(f"{SOURCE}/x")
    tank.take_snapshots([f"{SOURCE}@4", f"{SOURCE}/x@4"])
    replicate(forth=True)
    tank.take_snapshots([f"{SOURCE}@never-arrived"])
    back.set(TARGET, {"readonly": "off", "canmount": "on"})
    back.take_snapshots([f"{TARGET}@5", f"{TARGET}/x@5"])
    steps = replicate(forth=False, keep_aside=True)
    assert not any(isinstance(step, Full) for step in steps)
    assert tree(tank, SOURCE) == tree(back, TARGET)
    asides = [d.name for d in tank.datasets("tank") if "-aside-" in d.name]
    assert [s.short_name for s in tank.snapshots(asides[0])] == ["never-arrived"]
    tank.take_snapshots([f"{SOURCE}@6", f"{SOURCE}/x@6"])
    assert len(replicate(forth=True)) == 2
    assert tree(tank, SOURCE) == tree(back, TARGET)


def test_a_dataset_kept_aside_claims_no_copy(
    pools: tuple[ImageEngine, ImageEngine],
) -> None:
    """It has the notes of the source that it was, and the one in its place has the copy."""
    tank, back = pools
    tank.create(f"{SOURCE}/x")
    tank.take_snapshots([f"{SOURCE}@4", f"{SOURCE}/x@4"])
    forth: dict[str, Any] = {"engine": tank, "target_engine": back, "recursive": True}
    zfstune.replicate(SOURCE, TARGET, **forth)
    tank.take_snapshots([f"{SOURCE}/x@never-arrived"])
    back.take_snapshots([f"{TARGET}/x@5"])
    zfstune.replicate(
        TARGET,
        SOURCE,
        engine=back,
        target_engine=tank,
        recursive=True,
        keep_aside=True,
    )
    there = {d.name: d.guid for d in back.datasets(TARGET)}
    plan = zfstune.replicate(SOURCE, TARGET, **forth)
    assert plan.moves == ()
    assert there.items() <= {d.name: d.guid for d in back.datasets(TARGET)}.items()
    assert not plan.pending


def test_interrupted_in_the_middle(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """Ctrl-C ends all streams within a second, and the next run completes them."""
    tank, back = pools
    for number in range(6):
        volume = f"{SOURCE}/v{number}"
        tank.create(volume, volume=True, properties={"volsize": "1M"})
        tank.take_snapshots([f"{volume}@1"])
    begun: list[float] = []

    def interrupt(_: object) -> None:
        if not begun:  # the first stream has arrived, and others are on their way
            begun.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    def run(**how: Any) -> ReplicationPlan:
        return zfstune.replicate(
            SOURCE, TARGET, engine=tank, target_engine=back, recursive=True, **how
        )

    with pytest.raises(KeyboardInterrupt):
        run(pace=Pace(rate_bytes_s=4096), on_step=interrupt)
    assert time.monotonic() - begun[0] < 5
    run(pace=Pace(jobs=6))
    assert tree(back, TARGET) == tree(tank, SOURCE)
    assert not any(d.value("receive_resume_token") for d in back.datasets(TARGET))


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """The next run finishes; no bookmark, hold or partial stream is left."""
    tank_file, back_file = tmp_path / "tank", tmp_path / "back"
    create_image(back_file, size_bytes=SIZE_BYTES, pool="back").close()
    with create_image(tank_file, size_bytes=SIZE_BYTES) as tank:
        tank.create(SOURCE)
    argv = [sys.executable, "-m", "zfstune", "--image", str(tank_file), "replicate"]
    argv += [SOURCE, TARGET, "--to-image", str(back_file)]
    for number in range(6):
        with ImageEngine(tank_file) as tank:
            tank.take_snapshots([f"{SOURCE}@{number}-{part}" for part in "a"])
            tank.take_snapshots([f"{SOURCE}@{number}-b"])
        child = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        time.sleep(0.3 + 0.15 * number)
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        with ImageEngine(tank_file) as tank, ImageEngine(back_file) as back:
            arrived = guids(back, TARGET) if back.exists(TARGET) else []
            if len(arrived) > 1:  # what arrived is base enough without its snapshot
                old = [s.name for s in tank.snapshots(SOURCE) if s.guid in arrived]
                tank.destroy_snapshots(old)
    done = subprocess.run([*argv, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert all(json.loads(line)["total"] == 1 for line in done.stderr.splitlines())
    assert [faults(line) for line in done.stderr.splitlines() if faults(line)] == []
    assert faults(done.stdout) == []
    assert json.loads(done.stdout)["target"] == TARGET
    with ImageEngine(tank_file) as tank, ImageEngine(back_file) as back:
        received = back.snapshots(TARGET)
        assert len(received) == 12
        left = guids(tank, SOURCE)
        assert [s.guid for s in received][len(received) - len(left) :] == left
        assert len(tank.bookmarks(SOURCE)) == 1
        assert all(tank.holds(s.name) == {} for s in tank.snapshots(SOURCE))
        assert not back.dataset(TARGET).value("receive_resume_token")

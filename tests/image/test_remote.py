"""Whole replications between pools in files, through the protocol of `zfstune serve`."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from fake_ssh import fake_host
from shared_host import shared_host
from zfstune.engine.image import ImageEngine, create_image
from zfstune.streams.digest import digest
from zfstune.streams.remote.grant import Grant
from zfstune.streams.remote.sides import Sides
from zfstune.values.errors import EngineError, NotPermitted, PlanError
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.streams.replication_plan import ReplicationPlan
    from zfstune.streams.side import Side

SOURCE, TARGET = "tank/a", "back/a"
SIZE_BYTES = 128 << 20
HOST = "backup"


class Pools:
    """Two pools: one of this host, and one of a host that a program in ssh's place has."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.here, self.there = folder / "tank", folder / "back"
        with create_image(self.here, size_bytes=SIZE_BYTES) as tank:
            tank.create(SOURCE)
            for number in "123":
                tank.take_snapshots([f"{SOURCE}@{number}"])
        create_image(self.there, size_bytes=SIZE_BYTES, pool="back").close()
        self.ssh = fake_host(folder / "host", ZFSTUNE_IMAGE=str(self.there))
        monkeypatch.setenv("ZFSTUNE_SSH", str(self.ssh))

    def push(self, **how: Any) -> ReplicationPlan:
        """Send to the other host."""
        with ImageEngine(self.here) as tank:
            return zfstune.replicate(SOURCE, f"{HOST}:{TARGET}", engine=tank, **how)

    def guids(self, image: Path, name: str) -> list[int]:
        """Give the guids of a dataset's snapshots."""
        with ImageEngine(image) as engine:
            return [snapshot.guid for snapshot in engine.snapshots(name)]

    def take(self, image: Path, name: str) -> None:
        """Take a snapshot."""
        with ImageEngine(image) as engine:
            engine.take_snapshots([name])


@pytest.fixture
def pools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pools:
    """Give two pools."""
    return Pools(tmp_path, monkeypatch)


def test_push_and_push_again(pools: Pools) -> None:
    """All arrives; the base is a bookmark; the copy is inert."""
    pools.push()
    assert pools.guids(pools.there, TARGET) == pools.guids(pools.here, SOURCE)
    with ImageEngine(pools.here) as tank:
        tank.destroy_snapshots([f"{SOURCE}@{number}" for number in "123"])
        tank.take_snapshots([f"{SOURCE}@4"])
    plan = pools.push()
    assert plan.datasets[0].transfer.steps[0].describe().startswith("incremental")
    with ImageEngine(pools.here) as tank, ImageEngine(pools.there) as back:
        assert len(tank.bookmarks(SOURCE)) == 1
        assert tank.holds(f"{SOURCE}@4") == {}
        assert back.dataset(TARGET).local("readonly") == "on"


def test_properties_follow_the_source(pools: Pools) -> None:
    """With the stream, and later without one; the other way they come likewise."""
    with ImageEngine(pools.here) as tank:
        tank.set(SOURCE, {"compression": "zstd", "com.example:x": "1"})
    pools.push(take_properties=True)
    assert not pools.push(take_properties=True).pending
    with ImageEngine(pools.here) as tank:
        tank.set(SOURCE, {"compression": "lz4"})
        tank.inherit(SOURCE, "com.example:x")
    pools.push(take_properties=True)
    with ImageEngine(pools.there) as back:
        assert back.dataset(TARGET).local("compression") == "lz4"
        assert back.dataset(TARGET).local("com.example:x") is None
    with ImageEngine(pools.here) as tank:
        zfstune.replicate(
            f"{HOST}:{TARGET}", "tank/copy", engine=tank, take_properties=True
        )
        assert tank.dataset("tank/copy").local("compression") == "lz4"


def test_datasets_that_are_left_out(pools: Pools) -> None:
    """The other host tells of the property, and of the dataset's own word."""
    with ImageEngine(pools.there) as back:
        for name, own in (
            ("back/own", {}),
            ("back/own/x", {"com.example:backup": "no"}),
            ("back/own/y", {"org.zfstune:replicate-to": "none"}),
        ):
            back.create(name, properties=own)
            back.take_snapshots([f"{name}@1"])
    with ImageEngine(pools.here) as tank:
        plan = zfstune.replicate(
            f"{HOST}:back/own",
            "tank/copy",
            engine=tank,
            recursive=True,
            exclude_properties=["com.example:backup=no"],
        )
        assert [each.source for each in plan.left_out] == ["back/own/x", "back/own/y"]
        assert [d.name for d in tank.datasets("tank/copy")] == ["tank/copy"]


def test_pull(pools: Pools) -> None:
    """The other way: the source is on the other host."""
    with ImageEngine(pools.there) as back:
        back.create("back/own")
        back.take_snapshots(["back/own@1"])
    with ImageEngine(pools.here) as tank:
        zfstune.replicate(f"{HOST}:back/own", "tank/copy", engine=tank)
    assert pools.guids(pools.here, "tank/copy") == pools.guids(pools.there, "back/own")
    with ImageEngine(pools.there) as back:
        assert len(back.bookmarks("back/own")) == 1


def test_two_other_hosts(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream passes through here; no engine of this host is opened."""
    first = fake_host(pools.folder / "first", ZFSTUNE_IMAGE=str(pools.here))
    lead = pools.folder / "lead"
    lead.write_text(
        f'#!/bin/sh\ncase "$*" in *"-- tank "*) exec {first} "$@" ;; '
        f'*) exec {pools.ssh} "$@" ;; esac\n'
    )
    lead.chmod(0o755)
    monkeypatch.setenv("ZFSTUNE_SSH", str(lead))
    zfstune.replicate(f"tank:{SOURCE}", f"{HOST}:{TARGET}")
    assert pools.guids(pools.there, TARGET) == pools.guids(pools.here, SOURCE)


def all_of(side: Side) -> list[object]:
    """Ask a side for all that it tells of the target."""
    ends = side.ends("back", recursive=True)
    assert all(end.available_bytes and end.createtxg for end in ends)
    return [
        # An export of the pool takes space of its own.
        *(replace(end, available_bytes=0) for end in ends),
        *(side.ends("back/none"), side.limits, side.digest(f"{TARGET}@2")),
        *(side.bookmarks(TARGET), side.pool_guid("back"), side.guid(f"{TARGET}@2")),
        *(side.token(TARGET), side.copies("back", [side.guid(f"{TARGET}@1")])),
        *(side.send_size(f"{TARGET}@3"), side.with_properties(ends[1]).snapshots),
    ]


def test_each_call_is_as_here(pools: Pools) -> None:
    """Another host returns what an engine here would, and raises its errors."""
    pools.push()
    with Sides(None) as sides:
        far = sides.on(HOST)
        found = all_of(far)
        with pytest.raises(EngineError, match="backup:back/none") as gone:
            far.available_bytes("back/none")
        far.available_bytes(TARGET)  # the same session goes on
    assert (pools.folder / "host" / "served").read_text().count("\n") == 2
    with ImageEngine(pools.there) as back, Sides(back) as sides:
        near = sides.on("")
        same = all_of(near)
        with pytest.raises(type(gone.value)):
            near.available_bytes("back/none")
    assert found == same


def test_a_target_of_its_own_way(pools: Pools) -> None:
    """It is refused by name, kept aside, or loses what was named."""
    pools.push()
    pools.take(pools.there, f"{TARGET}@own")
    pools.take(pools.here, f"{SOURCE}@4")
    with pytest.raises(PlanError, match="back/a@own"):
        pools.push()
    pools.push(keep_aside=True)
    pools.take(pools.there, f"{TARGET}@more")
    pools.take(pools.here, f"{SOURCE}@5")
    pools.push(lose=[f"{TARGET}@more"])
    assert pools.guids(pools.there, TARGET) == pools.guids(pools.here, SOURCE)


def test_a_forced_command(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the client asks for, only what its key is for is answered."""
    with ImageEngine(pools.there) as back:
        back.create("back/web")
        back.create("back/other")
    monkeypatch.setenv("SSH_FORCED", "zfstune serve --allow back/web --receive")
    with pytest.raises(NotPermitted, match="not within 'back/web'"):
        pools.push()
    with ImageEngine(pools.here) as tank:
        zfstune.replicate(SOURCE, f"{HOST}:back/web/a", engine=tank)
        with pytest.raises(NotPermitted, match="may not set 'exec'"):
            zfstune.replicate(
                SOURCE, f"{HOST}:back/web/b", engine=tank, properties={"exec": "on"}
            )
        with pytest.raises(NotPermitted, match="only with the properties of a copy"):
            zfstune.replicate(SOURCE, f"{HOST}:back/web/c", engine=tank, without=["exec"])
        with pytest.raises(NotPermitted, match="may not send"):
            zfstune.replicate(f"{HOST}:back/web/a", "tank/back", engine=tank)
    assert pools.guids(pools.there, "back/web/a") == pools.guids(pools.here, SOURCE)


def test_a_key_that_may_lose(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stream takes the place of becomes a copy, and so it has to be inert."""
    with ImageEngine(pools.there) as back:
        back.create("back/web")
        back.create("back/web/own")
        back.take_snapshots(["back/web/own@1"])
    monkeypatch.setenv("SSH_FORCED", "zfstune serve --allow back/web --receive --lose")
    target = f"{HOST}:back/web/own"
    with ImageEngine(pools.here) as tank:
        how: dict[str, Any] = {"engine": tank, "lose": ["back/web/own@1"]}
        with pytest.raises(NotPermitted, match="only with the properties of a copy"):
            zfstune.replicate(SOURCE, target, without=["exec"], every=False, **how)
        zfstune.replicate(SOURCE, target, every=False, **how)
    with ImageEngine(pools.there) as back:
        assert back.dataset("back/web/own").local("exec") == "off"
        assert [s.short_name for s in back.snapshots("back/web/own")] == ["3"]


def a_tree(engine: ImageEngine, root: str) -> None:
    """Make five datasets with data: a volume, a parent without a snapshot, and a clone."""
    for name in (root, f"{root}/m", f"{root}/m/x"):
        engine.create(name)
    engine.create(f"{root}/v", volume=True, properties={"volsize": "1M"})
    engine.take_snapshots([f"{root}@1", f"{root}/m/x@1", f"{root}/v@1"])
    engine.clone(f"{root}/m/x@1", f"{root}/c")
    engine.take_snapshots([f"{root}/c@2", f"{root}/m/x@2"])


def content(engine: ImageEngine, root: str) -> dict[str, list[tuple[int, str]]]:
    """Give each dataset's snapshots and their digests, without the root's name."""
    return {
        d.name[len(root) :]: [
            (s.guid, digest(engine, s.name).text) for s in engine.snapshots(d.name)
        ]
        for d in engine.datasets(root)
    }


@pytest.mark.parametrize("pulled", [False, True], ids=["push", "pull"])
def test_a_tree_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pulled: bool
) -> None:
    """Several connections at once; killed on its way, and the next run finishes."""
    files = {"tank": tmp_path / "tank", "back": tmp_path / "back"}
    for pool, file in files.items():
        create_image(file, size_bytes=SIZE_BYTES, pool=pool).close()
    with ImageEngine(files["tank"]) as tank:
        a_tree(tank, SOURCE)
    here, there = ("back", "tank") if pulled else ("tank", "back")
    ends = [f"{HOST}:{SOURCE}", TARGET] if pulled else [SOURCE, f"{HOST}:{TARGET}"]
    grant = Grant(there, sends=pulled, receives=not pulled)
    argv = [sys.executable, "-m", "zfstune", "--image", str(files[here]), "replicate"]
    argv += [*ends, "-r", "--jobs", "4"]
    with (
        ImageEngine(files[there]) as engine,
        shared_host(tmp_path / "host", engine, grant) as host,
    ):
        monkeypatch.setenv("ZFSTUNE_SSH", str(host.ssh))
        child = subprocess.Popen(
            [*argv, "--rate", "4096"], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        first = child.stdout.readline()  # one step is done, and others are on their way
        child.kill()
        child.communicate()
        assert first
        host.settle()
        before = host.opened
        done = subprocess.run(
            [*argv, "--verify"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert host.opened - before <= 5  # one a stream, and the first
    with ImageEngine(files["tank"]) as tank, ImageEngine(files["back"]) as back:
        assert content(back, TARGET) == content(tank, SOURCE)
        assert back.dataset(f"{TARGET}/c").value("origin") == f"{TARGET}/m/x@1"
        for dataset in tank.datasets(SOURCE):
            marks = tank.bookmarks(dataset.name)
            assert len(marks) == bool(tank.snapshots(dataset.name)), dataset.name
            assert all(tank.holds(s.name) == {} for s in tank.snapshots(dataset.name))
        assert not any(d.value("receive_resume_token") for d in back.datasets(TARGET))

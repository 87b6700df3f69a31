"""Prune, verify, check and metrics know of replication, on real pools in files."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli.main import main
from zfstune.engine.image import ImageEngine, create_image
from zfstune.retention.assess import assess_snapshots
from zfstune.values.marks import POLICY_PROPERTY, SCHEDULE_PROPERTY, TARGET_PREFIX
from zfstune.values.replication_marks import read_mark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE, COPY, FAR = "tank/a", "tank/copy", "back/a"
SIZE_BYTES = 128 << 20
_numbers = count()


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[tuple[ImageEngine, ImageEngine]]:
    """Make two pools, the first with a dataset of three snapshots."""
    with (
        create_image(tmp_path / "tank", size_bytes=SIZE_BYTES) as tank,
        create_image(tmp_path / "back", size_bytes=SIZE_BYTES, pool="back") as back,
    ):
        tank.create(SOURCE)
        for _ in range(3):
            take(tank)
        yield tank, back


def take(engine: ImageEngine) -> None:
    """Take a snapshot of the source by a name that none had before, within one second."""
    engine.take_snapshots([f"{SOURCE}@{next(_numbers)}"])


def names(engine: ImageEngine, dataset: str = SOURCE) -> list[str]:
    """Return the names of a dataset's snapshots, oldest first."""
    return [snapshot.name for snapshot in engine.snapshots(dataset)]


def notes(engine: ImageEngine) -> dict[str, str]:
    """Return the places of targets that the source has noted, by number."""
    dataset = engine.dataset(SOURCE)
    return {
        name.removeprefix(TARGET_PREFIX): dataset.local(name) or ""
        for name in dataset.properties
        if name.startswith(TARGET_PREFIX)
    }


def drop_bookmarks(engine: ImageEngine) -> None:
    """Destroy all bookmarks of the source, as somebody might who tidies up."""
    engine.destroy_bookmarks(engine.bookmarks(SOURCE))


def test_a_source_notes_where_its_targets_are(
    pools: tuple[ImageEngine, ImageEngine], tmp_path: Path
) -> None:
    """Each target has the number that its bookmark has; one in a file has its path."""
    tank, back = pools
    zfstune.replicate(SOURCE, COPY, engine=tank)
    zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    marks = [read_mark(bookmark) for bookmark in tank.bookmarks(SOURCE).values()]
    numbers = {f"{mark.target:016x}" for mark in marks if mark is not None}
    assert notes(tank).keys() == numbers
    assert set(notes(tank).values()) == {COPY, f"{tmp_path / 'back'}:{FAR}"}
    assert not [n for n in tank.dataset(COPY).properties if n.startswith(TARGET_PREFIX)]


def test_what_is_not_replicated_stays(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """The target that lags most decides; once it has caught up, the count does."""
    tank, back = pools
    tank.set(SOURCE, {POLICY_PROPERTY: "match=* keep=1 unreplicated"})
    assert zfstune.prune(SOURCE, engine=tank, force=True).destroyed == ()
    zfstune.replicate(SOURCE, COPY, engine=tank)
    zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    before = names(tank)
    take(tank)
    zfstune.replicate(SOURCE, COPY, engine=tank)
    newest = names(tank)[-1]
    shown = zfstune.prune(SOURCE, engine=tank, dry_run=True)
    assert {d.snapshot.name for d in shown.plan.decisions if d.keep} == {newest}
    take(tank)
    pruned = zfstune.prune(SOURCE, engine=tank, force=True)
    assert sorted(pruned.destroyed) == before
    kept = {d.snapshot.name: d.reasons for d in pruned.plan.decisions if d.keep}
    assert [r for r in kept[newest] if "not yet replicated to '" in r]
    zfstune.replicate(SOURCE, COPY, engine=tank)
    zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    assert zfstune.prune(SOURCE, engine=tank, force=True).destroyed == (newest,)
    assert len(tank.bookmarks(SOURCE)) == 2


def test_a_base_without_a_bookmark_is_kept_and_reported(
    pools: tuple[ImageEngine, ImageEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody knows which snapshot it is, so all stay until the next replication."""
    tank, back = pools
    zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    drop_bookmarks(tank)
    pruned = zfstune.prune(SOURCE, keep=0, match="*", all_of_them=True, engine=tank)
    assert pruned.destroyed == ()
    assert len(pruned.spared) == 3
    assert "which no bookmark keeps" in pruned.spared[0].reasons[0]
    tank.set(SOURCE, {POLICY_PROPERTY: "match=* keep=1"})
    assessed = assess_snapshots(tank, [SOURCE], lambda: datetime.now(UTC))
    assert [each.goes for each in assessed] == ["kept"] * 3
    assert "which no bookmark keeps" in assessed[0].reasons[0]
    found = zfstune.verify(engine=tank, files=0)
    (verdict,) = found.datasets
    assert (verdict.name, verdict.state) == (SOURCE, "endangered-base")
    take(tank)
    zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    assert zfstune.verify(engine=tank, files=0).datasets[0].findings == ()
    assert (
        len(
            zfstune.prune(
                SOURCE, keep=0, match="*", all_of_them=True, engine=tank
            ).destroyed
        )
        == 4
    )
    take(tank)
    plan = zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    assert plan.datasets[0].transfer.steps[0].describe().startswith("incremental")


def test_a_copy_keeps_what_the_next_stream_begins_with(
    pools: tuple[ImageEngine, ImageEngine],
) -> None:
    """Not even consent to keep none takes the newest snapshot of a target."""
    tank, back = pools
    zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    pruned = zfstune.prune(FAR, keep=0, match="*", all_of_them=True, engine=back)
    assert len(pruned.destroyed) == 2
    (spared,) = pruned.spared
    assert spared.reasons == ("the next stream from its source begins with it",)
    take(tank)
    zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    assert len(back.snapshots(FAR)) == 2


def test_the_commands_see_a_target(
    pools: tuple[ImageEngine, ImageEngine],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Listed, checked and measured; when it is gone for good, it is forgotten."""
    tank, _ = pools
    zfstune.replicate(SOURCE, COPY, engine=tank)
    (number,) = notes(tank)
    take(tank)
    tank.set(SOURCE, {SCHEDULE_PROPERTY: "hourly"})
    tank.close()

    def run(*argv: str) -> tuple[int, str]:
        status = main(["--image", os.fspath(tmp_path / "tank"), *argv])
        return status, capsys.readouterr().out

    (replica,) = json.loads(run("replicas", "--json")[1])["replicas"]
    assert (replica["dataset"], replica["target"]) == (SOURCE, number)
    assert (replica["place"], replica["snapshots_behind"]) == (COPY, 1)
    assert (replica["danger"], len(replica["bookmarks"])) == (None, 1)
    cells = run("replicas", "-H")[1].rstrip("\n").split("\t")
    assert (cells[:3], cells[4], cells[6]) == ([SOURCE, number, COPY], "1", "ok")
    state = ("--state", os.fspath(tmp_path))
    status, line = run("check", *state)
    assert (status, "targets at most" in line) == (0, True)
    assert f"'{SOURCE} {COPY} behind'=1;;;0" in line
    text = run("metrics", *state)[1]
    labels = f'{{dataset="{SOURCE}",target="{COPY}"}}'
    assert f"zfstune_replica_snapshots_behind{labels} 1\n" in text
    assert f"zfstune_replica_base_endangered{labels} 0\n" in text
    with ImageEngine(tmp_path / "tank") as engine:
        for snapshot in engine.snapshots(COPY):
            engine.destroy_snapshots([snapshot.name])
        engine.destroy(COPY)
    status, line = run("check", *state)
    assert status == 1
    assert f"{SOURCE}: its target '{COPY}' does not exist any more" in line
    status, out = run("verify", "--files", "0")
    assert status == 4
    assert f"zfstune replicas {SOURCE} --forget {number}" in out
    shown = run("replicas", SOURCE, "--forget", COPY, "-n")[1]
    assert shown.startswith(f"would drop {SOURCE}#zfstune-base-{number}-")
    assert run("replicas", SOURCE, "--forget", number)[1] == shown.replace(
        "would drop", "dropped"
    )
    assert run("replicas", "-H")[1] == ""
    assert run("replicas", SOURCE, "--forget", number) == (1, "")
    assert run("check", *state)[0] == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_base_outlives_any_prunes(
    pools: tuple[ImageEngine, ImageEngine], seed: int
) -> None:
    """Snapshots, prunes of both sides and replications in any order: never a full send."""
    tank, back = pools
    chance = random.Random(seed)  # noqa: S311 (an order of events)
    rules = ("keep=0 all-of-them", "keep=1 unreplicated", "unreplicated=and-base")
    zfstune.replicate(SOURCE, COPY, engine=tank)
    zfstune.replicate(SOURCE, FAR, engine=tank, target_engine=back)
    for _ in range(25):
        what = chance.randrange(5)
        if what == 0:
            take(tank)
        elif what == 1:
            policy = f"match=* {chance.choice(rules)}"
            zfstune.prune(SOURCE, policy=policy, engine=tank, force=True)
        elif what == 2:
            keep = chance.randrange(3)
            zfstune.prune(FAR, keep=keep, match="*", all_of_them=True, engine=back)
        elif what == 3:
            there = {snapshot.guid for snapshot in tank.snapshots(SOURCE)}
            if there >= {bookmark.guid for bookmark in tank.bookmarks(SOURCE).values()}:
                drop_bookmarks(tank)  # the snapshots themselves are the bases from here on
        else:
            near = chance.random() < 0.5
            place, receiving = (COPY, tank) if near else (FAR, back)
            plan = zfstune.replicate(SOURCE, place, engine=tank, target_engine=receiving)
            texts = [step.describe() for step in plan.datasets[0].transfer.steps]
            assert all(text.startswith("incremental") for text in texts)

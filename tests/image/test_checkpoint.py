"""Checkpoints on an image: taken together, come back to, and what is lost kept."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli.main import main
from zfstune.snapshots.drop import drop_checkpoint, list_checkpoints
from zfstune.snapshots.drop_copies import drop_copies
from zfstune.snapshots.rewind_plan import FOLDER
from zfstune.values.marks import CHECKPOINT_PROPERTY, PROFILE_PROPERTY
from zfstune.values.state import Mount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

NAME = "checkpoint-one"


@pytest.fixture
def tree(engine: ImageEngine) -> str:
    """Make a managed filesystem with a child and a volume."""
    for name in ("tank/data", "tank/data/a"):
        engine.create(name, properties={PROFILE_PROPERTY: "x"})
    engine.create(
        "tank/data/v", properties={PROFILE_PROPERTY: "x", "volsize": "8M"}, volume=True
    )
    engine.create("tank/other")
    return "tank/data"


def shorts(engine: ImageEngine, dataset: str) -> list[str]:
    """List the names behind the @ of a dataset's snapshots."""
    return [s.short_name for s in engine.snapshots(dataset)]


def change(engine: ImageEngine, volume: str) -> None:
    """Change the contents of a volume: its size is noted in it."""
    size = int(engine.dataset(volume).value("volsize") or 0)
    engine.set(volume, {"volsize": str(2 * size)})


def test_taken_together_and_back(engine: ImageEngine, tree: str) -> None:
    """All managed datasets have one instant; a rollback keeps its losses aside."""
    names = zfstune.checkpoint("one", engine=engine)
    assert names == tuple(f"{d}@{NAME}" for d in (tree, f"{tree}/a", f"{tree}/v"))
    assert len({engine.snapshot(name).createtxg for name in names}) == 1
    with pytest.raises(zfstune.BatchError):
        zfstune.checkpoint("one", engine=engine)
    change(engine, f"{tree}/v")
    done = zfstune.rollback("one", engine=engine)
    assert done.done == (tree, f"{tree}/a", f"{tree}/v")
    assert [shorts(engine, d) for d in done.done] == [[NAME]] * 3
    assert engine.dataset(f"{tree}/v").value("volsize") == str(8 << 20)
    kept = f"{done.escape}/{tree}/v"
    assert engine.dataset(kept).value("origin") == f"{tree}/v@{NAME}"
    assert engine.dataset(kept).value("volsize") == str(16 << 20)
    assert len(engine.snapshots(kept)) == 1
    assert done.unchanged == (tree, f"{tree}/a")
    assert not engine.exists(f"{done.escape}/{tree}/a")
    # what was kept aside is not checkpointed, and holds the checkpoint
    assert len(zfstune.checkpoint("two", "tank", dry_run=True, engine=engine)) == 5
    with pytest.raises(zfstune.PlanError, match="copies"):
        drop_checkpoint("one", engine=engine)
    again = zfstune.rollback("one", f"{tree}/a", escape=False, engine=engine)
    assert (again.done, again.escape) == ((f"{tree}/a",), "")


def test_what_lost_nothing_is_not_copied(engine: ImageEngine, tree: str) -> None:
    """Where nothing changed, nothing is kept aside, and the result says so."""
    zfstune.checkpoint("one", engine=engine)
    done = zfstune.rollback("one", engine=engine)
    assert (done.escape, done.unchanged) == ("", done.done)
    assert [shorts(engine, d) for d in done.done] == [[NAME]] * 3
    assert not engine.exists("tank/zfstune-escape")
    # a newer snapshot in which nothing changed is no change either
    engine.take_snapshots([f"{tree}/a@later"])
    done = zfstune.rollback("one", lose=["snapshots"], engine=engine)
    assert (done.escape, done.unchanged) == ("", done.done)
    change(engine, f"{tree}/v")
    engine.take_snapshots([f"{tree}/v@later"])
    done = zfstune.rollback("one", lose=["snapshots"], engine=engine)
    assert done.unchanged == (tree, f"{tree}/a")
    assert engine.exists(f"{done.escape}/{tree}/v")
    drop_checkpoint("one", lose=["copies"], engine=engine)
    assert [d.name for d in engine.datasets("tank")] == [
        "tank",
        tree,
        f"{tree}/a",
        f"{tree}/v",
        "tank/other",
    ]


def test_a_checkpoint_that_was_rolled_back_goes(engine: ImageEngine, tree: str) -> None:
    """The copies of its rollbacks and their folders go along; those of others stay."""
    for name in ("one", "two"):
        zfstune.checkpoint(name, f"{tree}/v", engine=engine)
        change(engine, f"{tree}/v")
        zfstune.rollback(name, engine=engine)
    first, second = list_checkpoints(engine=engine)
    assert (first.name, second.name) == ("one", "two")
    assert (first.datasets, first.size) == ((f"{tree}/v",), 1)
    [copy] = second.copies
    before = engine.dataset(copy).guid
    plan = drop_checkpoint("one", dry_run=True, engine=engine)
    assert [clone.name for clone in plan.copies] == list(first.copies)
    assert drop_checkpoint("one", lose=["copies"], engine=engine) == plan
    assert [each.name for each in list_checkpoints(engine=engine)] == ["two"]
    assert engine.dataset(copy).guid == before
    engine.take_snapshots([f"{copy}@mine"])
    engine.hold([f"{copy}@mine"], "mine")
    with pytest.raises(zfstune.PlanError, match="is held"):
        drop_checkpoint("two", lose=["copies"], engine=engine)
    engine.release([f"{copy}@mine"], "mine")
    engine.clone(f"{tree}/v@checkpoint-two", "tank/clone")
    with pytest.raises(zfstune.PlanError, match="clones: tank/clone"):
        drop_checkpoint("two", lose=["copies"], engine=engine)
    assert engine.exists(copy)
    drop_checkpoint("two", lose=["copies", "clones"], engine=engine)
    assert not engine.exists("tank/clone")
    assert not engine.exists("tank/zfstune-escape")
    assert list_checkpoints(engine=engine) == ()
    assert shorts(engine, f"{tree}/v") == []


def test_a_drop_that_was_killed_is_run_again(
    engine: ImageEngine, tree: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the drop had destroyed, the checkpoint is still there to be dropped."""
    zfstune.checkpoint("one", engine=engine)
    change(engine, f"{tree}/v")
    zfstune.rollback("one", engine=engine)
    destroy = engine.destroy
    for deaths in range(3):
        left = iter(range(deaths))

        def die_later(name: str, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            destroy(name)

        with monkeypatch.context() as patched:
            patched.setattr(engine, "destroy", die_later)
            with pytest.raises(KeyboardInterrupt):
                drop_checkpoint("one", lose=["copies"], engine=engine)
    assert [each.name for each in list_checkpoints(engine=engine)] == ["one"]
    drop_checkpoint("one", lose=["copies"], engine=engine)
    assert not engine.exists("tank/zfstune-escape")
    assert list_checkpoints(engine=engine) == ()


def test_copies_in_the_way_of_another_rollback(engine: ImageEngine, tree: str) -> None:
    """The error names a copy of a newer checkpoint, and the command that destroys it."""
    zfstune.checkpoint("one", engine=engine)
    zfstune.checkpoint("new er", engine=engine)
    # filesystems of an image do not change, so these are as a rollback would make them
    kept = "tank/zfstune-escape/new er-20261123T101500Z"
    for name in ("tank/zfstune-escape", kept, f"{kept}/tank"):
        engine.create(name, properties={CHECKPOINT_PROPERTY: FOLDER})
    for name in (tree, f"{tree}/a"):
        engine.clone(f"{name}@checkpoint-new er", f"{kept}/{name}")
    with pytest.raises(zfstune.PlanError, match="has datasets below it") as refused:
        zfstune.rollback("one", lose=["snapshots", "clones"], engine=engine)
    short = kept.rpartition("/")[2]
    assert refused.value.hint == f"zfstune checkpoints --drop-copies '{short}'"
    drop_copies(short, engine=engine)
    assert zfstune.rollback("one", lose=["snapshots"], engine=engine).done


def test_newer_snapshots_and_clones_take_consent(engine: ImageEngine, tree: str) -> None:
    """Nothing changes without consent to each loss; with it, they are gone."""
    zfstune.checkpoint("one", engine=engine)
    child = f"{tree}/a"
    engine.take_snapshots([f"{child}@later", f"{tree}@later"])
    engine.bookmark(f"{child}@later", f"{child}#mark")
    engine.clone(f"{child}@later", "tank/clone")
    engine.take_snapshots(["tank/clone@own"])
    for lose in ((), ("snapshots",), ("clones", "script")):
        with pytest.raises(zfstune.PlanError, match="would be lost"):
            zfstune.rollback("one", lose=lose, engine=engine)
    assert shorts(engine, child) == [NAME, "later"]
    plan = zfstune.rollback("one", dry_run=True, engine=engine).plan
    assert set(plan.losses["snapshots"]) == {
        f"{child}@later",
        f"{child}#mark",
        f"{tree}@later",
    }
    assert plan.losses["clones"] == ["tank/clone"]
    engine.hold([f"{tree}@later"], "keep")
    with pytest.raises(zfstune.PlanError, match="is held"):
        zfstune.rollback("one", lose=("snapshots", "clones"), engine=engine)
    engine.release([f"{tree}@later"], "keep")
    zfstune.rollback("one", lose=("snapshots", "clones"), engine=engine)
    assert shorts(engine, child) == shorts(engine, tree) == [NAME]
    assert not engine.exists("tank/clone")
    assert engine.bookmarks(child) == {}


def test_a_rollback_that_was_killed_is_run_again(
    engine: ImageEngine, tree: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot that it left behind does not stop the next one."""
    zfstune.checkpoint("one", engine=engine)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(engine, "destroy_snapshots", die)
        with pytest.raises(KeyboardInterrupt):
            zfstune.rollback("one", engine=engine)
    assert len(shorts(engine, tree)) == 2
    assert zfstune.rollback("one", escape=False, engine=engine).done
    assert shorts(engine, tree) == [NAME]


def test_what_is_gone_or_foreign(engine: ImageEngine, tree: str) -> None:
    """A checkpoint that nobody took is an error; a lost snapshot makes a caution."""
    with pytest.raises(zfstune.NotFound, match="no snapshot 'checkpoint-one'"):
        zfstune.rollback("one", engine=engine)
    engine.take_snapshots([f"{tree}@{NAME}"])
    with pytest.raises(zfstune.NotFound):
        zfstune.rollback("one", engine=engine)
    engine.destroy_snapshots([f"{tree}@{NAME}"])
    zfstune.checkpoint("one", engine=engine)
    engine.destroy_snapshots([f"{tree}/a@{NAME}"])
    [caution] = zfstune.rollback("one", dry_run=True, engine=engine).plan.cautions
    assert "of 3 datasets, and 1 of them" in caution
    with pytest.raises(zfstune.InvalidName):
        zfstune.checkpoint("a@b", engine=engine)
    with pytest.raises(zfstune.InvalidValue, match="several pools"):
        zfstune.checkpoint("one", "tank/a", "other/b", engine=engine)


def test_what_is_mounted_at_the_root_comes_along(
    engine: ImageEngine, tree: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The boot environment is in a checkpoint, and a rollback of it says to reboot."""
    mounts = {"tank/other": Mount("tank/other", "/", 0, 0, 0o755)}
    engine.create("tank/other/var")
    monkeypatch.setattr(engine, "mounts", lambda: mounts)
    taken = zfstune.checkpoint("one", engine=engine)
    assert {f"tank/other@{NAME}", f"tank/other/var@{NAME}"} < set(taken)
    plan = zfstune.rollback("one", dry_run=True, engine=engine).plan
    assert [one.path for one in plan.rewinds] == ["", "", "", "/", ""]
    assert "reboot at once" in plan.cautions[0]
    only = zfstune.rollback("one", tree, dry_run=True, engine=engine).plan
    assert only.cautions == ()


def test_what_was_made_since_stays_and_is_told(engine: ImageEngine, tree: str) -> None:
    """A dataset made since the checkpoint is no part of it, and is not destroyed."""
    zfstune.checkpoint("one", engine=engine)
    engine.create(f"{tree}/new", properties={PROFILE_PROPERTY: "x"})
    engine.create("tank/other/new")
    plan = zfstune.rollback("one", dry_run=True, engine=engine).plan
    said = "was created after the checkpoint: it stays, with all its data"
    assert plan.cautions == (f"'{tree}/new' {said}",)
    zfstune.rollback("one", engine=engine)
    assert engine.exists(f"{tree}/new")
    zfstune.checkpoint("two", "tank/other", engine=engine)
    engine.create("tank/other/newer")
    plan = zfstune.rollback("two", "tank/other", dry_run=True, engine=engine).plan
    assert plan.cautions == (f"'tank/other/newer' {said}",)


def test_a_clone_that_the_system_runs_from(
    engine: ImageEngine, tree: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No flag destroys what is mounted at /."""
    zfstune.checkpoint("one", engine=engine)
    engine.take_snapshots([f"{tree}/a@golden"])
    engine.clone(f"{tree}/a@golden", "tank/system")
    zfstune.rollback("one", dry_run=True, engine=engine)
    mounts = {"tank/system": Mount("tank/system", "/", 0, 0, 0o755)}
    monkeypatch.setattr(engine, "mounts", lambda: mounts)
    with pytest.raises(zfstune.PlanError, match="runs from 'tank/system', a clone"):
        zfstune.rollback("one", lose=["clones", "snapshots"], engine=engine)


def test_nothing_to_take(engine: ImageEngine) -> None:
    """Without managed datasets, a checkpoint takes names of datasets."""
    with pytest.raises(zfstune.PlanError, match="manages no dataset"):
        zfstune.checkpoint("one", engine=engine)


def test_the_command(
    engine: ImageEngine, tree: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both verbs show the plan first, print JSON on demand, and drop a checkpoint."""
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    assert run("checkpoint", "one", "-n")[:2] == run("checkpoint", "one")[:2]
    assert run("snapshot", tree)[0] == 0
    status, out, _ = run("rollback", "one", "-n")
    shown = "would roll back to tank/data@checkpoint-one\n  would destroy tank/data@"
    assert (status, shown in out) == (0, True)
    status, out, err = run("rollback", "one")
    assert (status, shown in out, "--lose snapshots" in err) == (1, True, True)
    status, out, _ = run("rollback", "one", "--lose", "snapshots", "--no-escape", "--json")
    assert (status, json.loads(out)["done"]) == (0, [tree, f"{tree}/a", f"{tree}/v"])
    assert run("checkpoint", "one", "--drop")[0] == 0
    assert run("rollback", "one")[0] == 1


def test_the_actions_of_the_command(
    engine: ImageEngine, tree: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There are actions to list and drop; a word that reads like an action is no name."""

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), "checkpoint", *argv])
        return status, *capsys.readouterr()

    zfstune.checkpoint("one", engine=engine)
    change(engine, f"{tree}/v")
    escape = zfstune.rollback("one", engine=engine).escape
    engine.destroy_snapshots([f"{tree}/a@{NAME}"])
    engine.close()
    status, out, _ = run("list")
    assert status == 0
    header, line = out.splitlines()
    assert header.split() == ["NAME", "TAKEN", "DATASETS", "COPIES"]
    assert line.split()[0::2] == ["one", "2", "3"]
    assert line.endswith("2 of 3       1")
    [listed] = json.loads(run("list", "--json")[1])["checkpoints"]
    assert listed["copies"] == [f"{escape}/{tree}/v"]
    assert listed["taken_of"] == 3
    for words, told in (
        (("delete", "one"), "zfstune checkpoint take delete one"),
        (("ls",), "take, list, drop"),
        (("drop",), "zfstune checkpoint drop NAME"),
        (("take",), "zfstune checkpoint take NAME"),
        (("list", "two words"), "zfstune checkpoint take list 'two words'"),
        (("two", "--lose", "copies"), "it is an option of drop"),
        (("take", "two", "--drop"), "at once"),
        (("list", "--drop"), "neither names"),
    ):
        status, out, err = run(*words)
        assert (status, out, told in err) == (2, "", True), (words, err)
    assert run("take", "list", "tank/other")[:2] == (0, "tank/other@checkpoint-list\n")
    assert run("drop", "list")[:2] == (
        0,
        "destroy tank/other@checkpoint-list\ndropped checkpoint list\n",
    )
    status, out, err = run("drop", "one")
    lines = out.splitlines()
    assert (status, f"would destroy {escape}/{tree}/v  (copy kept aside)" in lines) == (
        1,
        True,
    )
    assert all(line.startswith("would destroy ") for line in lines)
    assert "--lose copies" in err
    said = json.loads(run("drop", "one", "-n", "--json")[1])
    assert said["dry_run"]
    assert said["copies"] == [f"{escape}/{tree}/v"]
    assert run("drop", "one", "--lose", "copies")[0] == 0
    assert run("list")[1].split() == header.split()
    assert "did you mean 'one'?" in run("drop", "checkpoint-one")[2]

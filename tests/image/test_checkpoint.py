"""Checkpoints on an image: taken together, come back to, and what is lost kept."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.checkpointing import drop_checkpoint
from zfstune.cli import main
from zfstune.names import PROFILE_PROPERTY
from zfstune.state import Mount

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

NAME = "checkpoint-one"


@pytest.fixture
def tree(engine: ImageEngine) -> str:
    """Give a managed filesystem with a child and a volume."""
    for name in ("tank/data", "tank/data/a"):
        engine.create(name, properties={PROFILE_PROPERTY: "x"})
    engine.create(
        "tank/data/v", properties={PROFILE_PROPERTY: "x", "volsize": "8M"}, volume=True
    )
    engine.create("tank/other")
    return "tank/data"


def shorts(engine: ImageEngine, dataset: str) -> list[str]:
    """Give what stands behind the @ of a dataset's snapshots."""
    return [s.short_name for s in engine.snapshots(dataset)]


def test_taken_together_and_back(engine: ImageEngine, tree: str) -> None:
    """One instant for all that is managed; a rollback keeps what it loses aside."""
    names = zfstune.checkpoint("one", engine=engine)
    assert names == tuple(f"{d}@{NAME}" for d in (tree, f"{tree}/a", f"{tree}/v"))
    assert len({engine.snapshot(name).createtxg for name in names}) == 1
    with pytest.raises(zfstune.BatchError):
        zfstune.checkpoint("one", engine=engine)
    done = zfstune.rollback("one", engine=engine)
    assert done.done == (tree, f"{tree}/a", f"{tree}/v")
    assert [shorts(engine, d) for d in done.done] == [[NAME]] * 3
    for dataset in done.done:
        kept = f"{done.escape}/{dataset}"
        assert engine.dataset(kept).value("origin") == f"{dataset}@{NAME}"
        assert len(engine.snapshots(kept)) == 1
    # what was kept aside is not checkpointed, and holds the checkpoint
    assert len(zfstune.checkpoint("two", "tank", dry_run=True, engine=engine)) == 5
    with pytest.raises(zfstune.BatchError, match="clones"):
        drop_checkpoint("one", engine=engine)
    again = zfstune.rollback("one", f"{tree}/a", escape=False, engine=engine)
    assert (again.done, again.escape) == ((f"{tree}/a",), "")


def test_newer_snapshots_and_clones_take_consent(engine: ImageEngine, tree: str) -> None:
    """Nothing changes without the word for each loss; with it, they are gone."""
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
    """The snapshot that it left behind stands in nobody's way."""
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
    """A checkpoint nobody took is an error; a dataset that lost its own is named."""
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
    """A dataset made since the checkpoint is no part of it, and nobody's to destroy."""
    zfstune.checkpoint("one", engine=engine)
    engine.create(f"{tree}/new", properties={PROFILE_PROPERTY: "x"})
    engine.create("tank/other/new")
    plan = zfstune.rollback("one", dry_run=True, engine=engine).plan
    said = "was made since the checkpoint: it stays, with all that is in it"
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
    """Where zfstune manages nothing, it takes names."""
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
    assert (status, "back to tank/data@checkpoint-one\n  without tank/data@" in out) == (
        0,
        True,
    )
    status, _, err = run("rollback", "one")
    assert (status, "--lose snapshots" in err) == (1, True)
    status, out, _ = run("rollback", "one", "--lose", "snapshots", "--no-escape", "--json")
    assert (status, json.loads(out)["done"]) == (0, [tree, f"{tree}/a", f"{tree}/v"])
    assert run("checkpoint", "one", "--drop")[0] == 0
    assert run("rollback", "one")[0] == 1

"""Rollbacks on an image: the datasets that cannot be brought back are named."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli.main import main
from zfstune.snapshots.drop import drop_checkpoint
from zfstune.values.errors import PlanError
from zfstune.values.marks import PROFILE_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

NAME = "checkpoint-one"


@pytest.fixture
def tree(engine: ImageEngine) -> str:
    """Give a managed filesystem with two children, beside one that is not managed."""
    for name in ("tank/data", "tank/data/a", "tank/data/v"):
        engine.create(name, properties={PROFILE_PROPERTY: "x"})
    engine.create("tank/other")
    return "tank/data"


def test_what_does_not_have_the_checkpoint_is_left(
    engine: ImageEngine, tree: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each dataset that a rollback cannot bring back is named, and the status is 3."""
    child = f"{tree}/a"
    zfstune.checkpoint("one", engine=engine)
    assert zfstune.rollback("one", engine=engine).plan.left == ()
    # it never had the checkpoint, and so is missed only by somebody who names it
    engine.create(f"{tree}/a/new")
    assert zfstune.rollback("one", "tank", engine=engine).plan.left == ()
    named = zfstune.rollback("one", child, "tank/other", engine=engine)
    assert (named.done, named.plan.left) == ((child,), ("tank/other",))
    engine.destroy_snapshots([f"{child}@{NAME}"])
    plan = zfstune.rollback("one", f"{tree}/v", engine=engine).plan
    assert (plan.left, plan.missing, plan.cautions) == ((), 0, ())
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    for options in (("-n",), ()):
        status, _, err = run("rollback", "one", *options)
        assert status == 3
        assert "the checkpoint was of 3 datasets, and 1 of them is gone or has lost" in err
        assert f"left '{child}' as it is: it does not have this checkpoint" in err
        assert err.count("left '") == 1
    status, out, err = run("rollback", "one", tree, "--json")
    assert (status, json.loads(out)["left"], json.loads(out)["done"]) == (
        3,
        [child],
        [tree, f"{tree}/v"],
    )
    assert run("rollback", "one", f"{tree}/v")[0] == 0


def test_a_dataset_of_the_checkpoint_that_is_gone(
    engine: ImageEngine, tree: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can tell its name any more; that it is missing makes the status 3."""
    zfstune.checkpoint("one", engine=engine)
    engine.destroy_snapshots([f"{tree}/a@{NAME}"])
    engine.destroy(f"{tree}/a")
    engine.close()
    assert main(["--image", os.fspath(file), "rollback", "one"]) == 3
    said = capsys.readouterr().err
    assert "1 of them is gone or has lost its snapshot" in said
    assert "left '" not in said


def test_bases_of_replications_are_asked_for(engine: ImageEngine, tree: str) -> None:
    """The target is named, and with consent the base goes; a drop asks likewise."""
    zfstune.checkpoint("one", engine=engine)
    engine.take_snapshots([f"{tree}/a@later"])
    zfstune.replicate(f"{tree}/a", "tank/copy", engine=engine)
    zfstune.rollback("one", f"{tree}/v", engine=engine)
    plan = zfstune.rollback("one", dry_run=True, engine=engine).plan
    assert plan.losses["bases"] == [f"tank/copy, the target of {tree}/a"]
    with pytest.raises(PlanError, match=f"bases: tank/copy, the target of {tree}/a") as no:
        zfstune.rollback("one", lose=["snapshots"], engine=engine)
    assert no.value.hint.endswith("lose=['snapshots', 'bases']")
    assert len(engine.bookmarks(f"{tree}/a")) == 1
    lose = ["snapshots", "bases"]
    zfstune.rollback("one", lose=lose, escape=False, engine=engine)
    assert engine.bookmarks(f"{tree}/a") == {}
    # Nobody knows the base of that target now, and the checkpoint may be it.
    with pytest.raises(PlanError, match="bases: tank/copy"):
        drop_checkpoint("one", engine=engine)
    engine.destroy_snapshots(["tank/copy@later"])
    zfstune.replicate(f"{tree}/a", "tank/copy", engine=engine)
    drop_checkpoint("one", engine=engine)
    assert len(engine.bookmarks(f"{tree}/a")) == 1


def test_any_snapshot_and_those_below(
    engine: ImageEngine, tree: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dataset goes back alone or with those below; newer snapshots take consent."""
    child = f"{tree}/a"
    engine.create(f"{tree}/vol", properties={"volsize": "8M"}, volume=True)
    engine.take_snapshots([f"{name}@monday" for name in (tree, child, f"{tree}/vol")])
    engine.create(f"{tree}/new")
    engine.set(f"{tree}/vol", {"volsize": "16M"})
    engine.take_snapshots([f"{tree}/vol@tuesday"])
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    status, out, err = run("rollback", f"{tree}@monday")
    assert (status, out.splitlines()[-1]) == (
        0,
        "already as the snapshot had it: all of it",
    )
    assert f"-r brings them back, too: {child}, {tree}/new" in err
    status, out, err = run("rollback", "-r", f"{tree}@monday")
    assert (status, f"would destroy {tree}/vol@tuesday" in out) == (1, True)
    assert "add --lose snapshots" in err
    status, out, err = run("rollback", "-r", f"{tree}@monday", "--lose", "snapshots")
    assert status == 3
    assert f"left '{tree}/v' as it is: it has no snapshot of that name" in err
    assert f"so they stay, with all data: {tree}/new" in err
    assert f"rolled back: {tree}, {child}, {tree}/vol" in out
    [kept] = [word for word in out.split() if word.startswith("tank/zfstune-escape/")]
    with zfstune.open(file) as again:
        assert again.dataset(f"{tree}/vol").value("volsize") == str(8 << 20)
        assert again.dataset(f"{kept}/{tree}/vol").value("volsize") == str(16 << 20)
        assert not again.exists(f"{kept}/{child}")
        assert [s.short_name for s in again.snapshots(f"{tree}/vol")] == ["monday"]
    status, _, err = run("rollback", f"{tree}@mondya")
    assert status == 1
    assert "did you mean 'monday'?" in err
    status, _, err = run("rollback", f"{tree}@monday", child)
    assert status == 1
    assert "a snapshot names its dataset" in err


def test_newer_snapshots_without_a_change(engine: ImageEngine, tree: str) -> None:
    """Nothing is copied aside where neither the dataset nor they have changed."""
    engine.take_snapshots([f"{tree}@monday"])
    engine.take_snapshots([f"{tree}@tuesday"])
    done = zfstune.rollback(f"{tree}@monday", lose=["snapshots"], engine=engine)
    assert (done.escape, done.unchanged) == ("", (tree,))
    assert not engine.exists("tank/zfstune-escape")
    assert done.to_dict()["snapshot"] == f"{tree}@monday"


def test_copies_are_dropped_and_the_snapshot_stays(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list names copies and their snapshots, which are free once they are dropped."""
    engine.create("tank/vol", properties={"volsize": "8M"}, volume=True)
    engine.take_snapshots(["tank/vol@monday"])
    engine.set("tank/vol", {"volsize": "16M"})
    kept = zfstune.rollback("tank/vol@monday", engine=engine).escape.rpartition("/")[2]
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    status, out, _ = run("checkpoints")
    assert (status, out.split()[-3::2]) == (0, [kept, "tank/vol@monday"])
    found = json.loads(run("checkpoints", "--json")[1])
    assert [each["name"] for each in found["copies"]] == [kept]
    top = f"tank/zfstune-escape/{kept}"
    status, out, _ = run("checkpoints", "--drop-copies", kept, "-n")
    would = [line.removeprefix("would destroy ") for line in out.splitlines()]
    assert would[1:] == [f"{top}/tank/vol", f"{top}/tank", top, "tank/zfstune-escape"]
    assert would[0].startswith(f"{top}/tank/vol@escape-")
    said = json.loads(run("checkpoints", "--drop-copies", kept, "-n", "--json")[1])
    assert said["datasets"] == would[1:]
    status, out, _ = run("checkpoints", "--drop-copies", kept)
    assert (status, out.splitlines()[-1]) == (0, f"dropped copies: {kept}")
    with zfstune.open(file) as again:
        assert [d.name for d in again.datasets("tank")] == ["tank", "tank/vol"]
        assert again.snapshot("tank/vol@monday").clones == 0

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
    assert "--lose bases" in no.value.hint
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

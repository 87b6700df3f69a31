"""Destroying and holding on an image: named, refused, done, and the pool afterwards."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from json_document import found_in
from zfstune.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.image import ImageEngine


def names(engine: ImageEngine) -> list[str]:
    """List the datasets of the pool."""
    return [dataset.name for dataset in engine.datasets("tank")]


def test_a_tree_with_a_clone_elsewhere(engine: ImageEngine) -> None:
    """Everything goes that was named, in one run, and nothing else."""
    for name in ("tank/a", "tank/a/b", "tank/ab"):
        engine.create(name)
    engine.create("tank/a/vol", properties={"volsize": "8M"}, volume=True)
    engine.take_snapshots([f"tank/a{n}@one" for n in ("", "/b", "/vol")])
    engine.take_snapshots(["tank/ab@one"])
    engine.clone("tank/a/b@one", "tank/clone")
    engine.create("tank/clone/below")
    engine.take_snapshots(["tank/clone@two"])
    plan = zfstune.destroy("tank/a", dry_run=True, engine=engine)
    assert plan.losses["clones"] == ["tank/clone/below", "tank/clone"]
    words = ("datasets", "snapshots", "clones")
    for count in (1, 2):
        with pytest.raises(zfstune.PlanError, match="would be lost"):
            zfstune.destroy("tank/a", lose=words[:count], engine=engine)
    assert len(names(engine)) == 7
    assert zfstune.destroy("tank/a", lose=words, engine=engine) == plan
    assert names(engine) == ["tank", "tank/ab"]
    assert engine.exists("tank/ab@one")


def test_the_base_of_a_copy(engine: ImageEngine) -> None:
    """A source and its copy are named as such, and take a consent of their own."""
    engine.create("tank/a")
    engine.take_snapshots(["tank/a@one"])
    zfstune.replicate("tank/a", "tank/copy", engine=engine)
    with pytest.raises(zfstune.PlanError, match="bases: tank/copy, the target of tank/a"):
        zfstune.destroy("tank/a", lose=("datasets", "snapshots"), engine=engine)
    with pytest.raises(zfstune.PlanError, match="bases: tank/copy, which is a copy"):
        zfstune.destroy("tank/copy@one", lose=("snapshots",), engine=engine)
    lose = ("datasets", "snapshots", "bases")
    zfstune.destroy("tank/copy", "tank/a", lose=lose, engine=engine)
    assert names(engine) == ["tank"]


def test_held_until_it_is_released(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No consent destroys what is held; the commands say what they do, and again."""
    for name in ("tank/a", "tank/a/b"):
        engine.create(name)
    zfstune.snapshot("tank/a", recursive=True, name="one", engine=engine)
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    one, below = "tank/a@one", "tank/a/b@one"
    assert run("hold", "keep", one, "-n")[:2] == (0, f"would hold {one}\n")
    assert run("hold", "keep", one)[:2] == (0, f"hold {one}\n")
    status, out, _ = run("hold", "-r", "keep", one)
    assert (status, out) == (0, f"hold {below}\nheld already: {one}\n")
    losing = ("--lose", "datasets", "--lose", "snapshots")
    status, out, err = run("destroy", "tank/a", *losing)
    assert (status, out) == (1, "")
    assert "it is held" in err
    assert found_in(run("release", "keep", below, "--json")[1]) == {
        "tag": "keep",
        "snapshots": [below],
        "already": [],
    }
    status, out, _ = run("release", "-r", "keep", one)
    assert (status, out) == (0, f"release {one}\nnot held by 'keep': {below}\n")
    status, _, err = run("release", "keep", one)
    assert status == 1
    assert "hint: nothing holds it" in err
    status, out, _ = run("destroy", "-r", one, "--lose", "snapshots")
    assert (status, out.splitlines()) == (
        0,
        [f"destroy {one}", f"destroy {below}", f"destroyed: {one}"],
    )
    status, out, _ = run("destroy", "tank/a", *losing)
    assert (status, out.splitlines()[-1]) == (0, "destroyed: tank/a")
    with zfstune.open(file) as again:
        assert [dataset.name for dataset in again.datasets("tank")] == ["tank"]

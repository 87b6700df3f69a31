"""A profile put on a dataset of somebody else's on an image, verified, and taken off."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli.main import main
from zfstune.values.marks import OWN_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

AT = "tank/srv/pgdata"


def local(engine: ImageEngine, name: str) -> dict[str, str]:
    """Give the local values of a dataset, marks aside."""
    found = engine.dataset(name).properties
    return {
        prop: value.value
        for prop, value in found.items()
        if value.source == "local" and not prop.startswith(OWN_PREFIX)
    }


def test_put_on_verified_renamed_and_taken_off(engine: ImageEngine) -> None:
    """It is managed like any other from then on; off again, its values stay."""
    engine.create(AT, parents=True, properties={"recordsize": "128K", "copies": "2"})
    before = local(engine, "tank/srv")
    applied = zfstune.apply("postgres", at=AT, owner=False, engine=engine)
    assert applied.changed
    assert engine.dataset(AT).value("recordsize") == "8192"
    assert engine.dataset(f"{AT}/wal").value("recordsize") == "131072"
    assert not engine.exists("tank/data")
    assert local(engine, "tank/srv") == before
    assert not zfstune.apply("postgres", at=AT, owner=False, engine=engine).changed
    assert not zfstune.verify(engine=engine).pending
    engine.set(f"{AT}/wal", {"recordsize": "8K"})
    [drifted] = [v for v in zfstune.verify(engine=engine) if v.pending]
    assert drifted.findings[0].hint == f"zfstune apply postgres --at {AT}"
    zfstune.apply("postgres", at=AT, owner=False, engine=engine)
    engine.rename(AT, "tank/db")
    assert not zfstune.verify(engine=engine).pending
    assert not zfstune.apply("postgres", at="tank/db", owner=False, engine=engine).changed
    values = local(engine, "tank/db")
    assert zfstune.unmanage("tank/db", recursive=True, engine=engine).datasets
    assert local(engine, "tank/db") == values
    assert values["copies"] == "2"
    with pytest.raises(zfstune.PlanError, match="does not manage it"):
        zfstune.unmanage("tank/db", recursive=True, engine=engine)


def test_the_commands(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dataset that is not there is an error, and the schedule that stays is named."""
    engine.create("tank/old")
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    status, _, err = run("apply", "git", "--at", "tank/nosuch", "--no-owner")
    assert status == 1
    assert "tank/nosuch" in err
    assert run("apply", "git", "logs", "--at", "tank/old")[0] == 1
    assert run("plan", "web", "--at", "tank/old", "--no-owner", "--check")[0] == 4
    assert run("apply", "web", "--at", "tank/old", "--no-owner")[0] == 0
    status, out, _ = run("apply", "web", "--at", "tank/old", "--no-owner")
    assert out.startswith("nothing to do: 1 dataset at tank/old is as web asks\n")
    assert "the profile has 'logs/nginx', too" in out
    assert run("unmanage", "tank/old", "-n")[1] == (
        "would unmanage tank/old  (profile web)\n"
    )
    status, out, err = run("unmanage", "tank/old")
    assert (status, out) == (0, "unmanaged tank/old  (profile web)\n")
    assert "zfstune schedule remove tank/old" in err

"""A verb that changes something removes what a killed measurement left, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mounting_engine import MountingEngine
from zfstune.cli.sweep_leftovers import sweep_leftovers
from zfstune.engine._errno import engine_error
from zfstune.measurement.sweep import note_scratch
from zfstune.values.marks import SCRATCH_PREFIX, SCRATCH_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

LEFT = f"tank/{SCRATCH_PREFIX}0000"
GONE = "00000000-0000-0000-0000-000000000000.1.1"


@pytest.fixture
def engine(tmp_path: Path) -> MountingEngine:
    """Give an engine on whose pool a measurement was killed."""
    engine = MountingEngine(tmp_path)
    engine.create(LEFT, properties={SCRATCH_PROPERTY: GONE})
    note_scratch(LEFT)
    return engine


def test_removed_and_said(
    engine: MountingEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes, and the line says what it was; the second time there is nothing to say."""
    sweep_leftovers(engine.seam, ["tank"], dry_run=False)
    assert LEFT not in engine.marks
    assert f"removed '{LEFT}'" in capsys.readouterr().err
    sweep_leftovers(engine.seam, ["tank"], dry_run=False)
    assert capsys.readouterr().err == ""


def test_a_dry_run_names_it(
    engine: MountingEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run removes nothing."""
    sweep_leftovers(engine.seam, ["tank"], dry_run=True)
    assert LEFT in engine.marks
    assert f"left '{LEFT}', which would be removed" in capsys.readouterr().err


def test_other_pools_are_left_alone(engine: MountingEngine) -> None:
    """Only the pools that the verb is about are swept."""
    sweep_leftovers(engine.seam, ["other"], dry_run=False)
    assert LEFT in engine.marks


def test_an_error_stops_no_verb(
    engine: MountingEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    """What ZFS refuses is said, and the verb goes on."""

    def refuse(call: str) -> None:
        if call == "destroy":
            raise engine_error("destroy", LEFT, 16)

    engine.before = refuse
    sweep_leftovers(engine.seam, ["tank"], dry_run=False)
    assert f"cannot destroy '{LEFT}'" in capsys.readouterr().err


def test_an_image_is_not_asked(engine: MountingEngine) -> None:
    """No measurement runs on an image, whose pool may have the name of another one."""
    engine.file = "/some/image"
    sweep_leftovers(engine.seam, ["tank"], dry_run=False)
    assert LEFT in engine.marks

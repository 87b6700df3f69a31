"""Each verb killed at random moments on an image: the next run ends what it began."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

import pytest

from killed_verbs import SCENARIOS, Ground, survive
from tally import tally

if TYPE_CHECKING:
    from pathlib import Path

    from killed_verbs import Scenario
    from zfstune.engine.image import ImageEngine

# The kills of each verb; `make endurance` asks for hundreds.
KILLS = int(os.environ.get("ZFSTUNE_KILLS", "1"))
SEED = int(os.environ.get("ZFSTUNE_SEED", "20261130"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.verb)
def test_killed(
    scenario: Scenario, engine: ImageEngine, file: Path, tmp_path: Path
) -> None:
    """Nothing is lost, held or left half-made, and a third run changes nothing."""
    engine.close()
    ground = Ground("tank", tmp_path, file)
    random = Random(f"{SEED} {scenario.verb}")  # noqa: S311 (to repeat, not to surprise)
    early = survive(ground, scenario, KILLS, random)
    tally(f"{scenario.verb} on an image", kills=KILLS, before_its_end=early)

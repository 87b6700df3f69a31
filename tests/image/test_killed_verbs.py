"""Each verb killed at random moments on an image: the next run ends what it began."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from killed_longer import LONGER
from killed_scenarios import SCENARIOS
from killed_verbs import Ground, survive
from lots import kills, seed, tally

if TYPE_CHECKING:
    from pathlib import Path

    from killed_verbs import Scenario
    from zfstune.engine.image import ImageEngine

# The kills of each verb; `make endurance` asks for hundreds.
KILLS = kills(1)
SEED = seed(20261130)


@pytest.mark.parametrize(
    "scenario", [*SCENARIOS, *LONGER], ids=lambda scenario: scenario.verb
)
def test_killed(
    scenario: Scenario, engine: ImageEngine, file: Path, tmp_path: Path
) -> None:
    """Nothing is lost, held or left half-made, and a third run changes nothing."""
    engine.close()
    ground = Ground("tank", tmp_path, file)
    random = Random(f"{SEED} {scenario.verb}")  # noqa: S311 (to repeat, not to surprise)
    early = survive(ground, scenario, KILLS, random)
    tally(kills=KILLS, before_the_end=early)

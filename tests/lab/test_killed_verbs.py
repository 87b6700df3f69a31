"""Each verb killed at random moments on a kernel: the next run ends what it began."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from killed_longer import LONGER
from killed_on_kernels import ON_KERNELS
from killed_scenarios import SCENARIOS
from killed_verbs import Ground, survive
from lots import kills, seed, tally, whole

if TYPE_CHECKING:
    from pathlib import Path

    from killed_verbs import Scenario

pytestmark = pytest.mark.one_release

# The kills of each verb; `make endurance` asks for hundreds.
KILLS = kills(1)
SEED = seed(20261130)
# `make endurance` has all; on an image each verb is killed in every run of the suite. On a
# kernel, where it takes half a minute a verb, those are that destroy or overwrite.
OFTEN = {"prune", "rollback", "destroy", "replicate"}
CHOSEN = [*SCENARIOS, *ON_KERNELS, *LONGER]
if not whole():
    CHOSEN = [scenario for scenario in CHOSEN if scenario.verb in OFTEN]


@pytest.mark.parametrize("scenario", CHOSEN, ids=lambda scenario: scenario.verb)
def test_killed(scenario: Scenario, pool: str, tmp_path: Path) -> None:
    """Nothing is lost, held or left half-made, and a third run changes nothing."""
    ground = Ground(pool, tmp_path)
    random = Random(f"{SEED} {scenario.verb}")  # noqa: S311 (to repeat, not to surprise)
    early = survive(ground, scenario, KILLS, random)
    tally(kills=KILLS, before_the_end=early)

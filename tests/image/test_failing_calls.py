"""Any call of OpenZFS may fail: an error in words, nothing lost, the next run ends it."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

import pytest

from failing_calls import Faults, InProcess, fail_each
from killed_longer import LONGER
from killed_scenarios import SCENARIOS
from lots import seed, tally, whole
from zfstune.engine._image_process import ImageBinding

if TYPE_CHECKING:
    from pathlib import Path

    from killed_verbs import Scenario
    from zfstune.engine.image import ImageEngine

SEED = seed(20261130)
# The calls of each verb that fail; `make endurance` has each of them fail.
MOST = int(os.environ.get("ZFSTUNE_FAULTS", "2"))
CHOSEN = [*SCENARIOS, *(LONGER if whole() else LONGER[:2])]


@pytest.mark.parametrize("scenario", CHOSEN, ids=lambda scenario: scenario.verb)
def test_one_call_fails(
    scenario: Scenario,
    engine: ImageEngine,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each call that fails is another run, on datasets made anew."""
    engine.close()
    ground = InProcess("tank", tmp_path, file)
    faults = Faults(ImageBinding, monkeypatch)
    random = Random(f"{SEED} {scenario.verb}")  # noqa: S311 (to repeat, not to surprise)
    failed = fail_each(ground, scenario, faults, MOST, random)
    assert failed > 0
    tally(failing_calls=failed)

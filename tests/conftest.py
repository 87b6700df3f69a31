"""What all tests share: the guests' part, and Hypothesis settings that fit both sides."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("engine_contract", "engine_machine")
pytest_plugins = ["guest_report", "pytester"]

# No deadline: a shared host stutters, an emulated guest runs at a fiftieth.
settings.register_profile(
    "zfstune", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("zfstune")

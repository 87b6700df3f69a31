"""What all tests share: the guests' part, and Hypothesis settings that fit both sides."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("engine_contract", "engine_machine", "replica_machine")
pytest_plugins = ["guest_report", "pytester"]

# No deadline: a shared host stutters, an emulated guest runs at a fiftieth. The examples
# are the same in each run, so that a change is judged by what it changed; whoever asks
# for more cases gets new ones.
settings.register_profile(
    "zfstune",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="ZFSTUNE_ORACLE_CASES" not in os.environ,
)
settings.load_profile("zfstune")

# `make mutants` names the tests that it runs, and a name may not hold "::", as an address
# does. So values do not show in names there, and each name is the same in each run.
if "ZFSTUNE_MUTANTS" in os.environ:

    def pytest_make_parametrize_id(argname: str) -> str:
        """Name a case by its parameter and, as pytest adds, its number."""
        return argname


# What tests note of snapshots that never were is not for this host's own runs; in a
# guest the default is tested along.
if "ZFSTUNE_LAB" not in os.environ:
    os.environ["ZFSTUNE_CACHE"] = ""

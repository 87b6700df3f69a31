"""The plugin of pytest, as a project of somebody else meets it; no pool is opened."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# A run of its own: here, the plugin has been loaded before anything was measured.
STARTS_LIGHT = """
import sys

def pytest_collection_finish():
    loaded = sorted(m for m in sys.modules if m.startswith("zfstune"))
    plugin = ["zfstune", "zfstune.engine", "zfstune.engine.pytest_plugin"]
    assert loaded == plugin, loaded
"""


def test_pytest_finds_it(pytester: pytest.Pytester) -> None:
    """The fixture is found without any conftest, and pytest shows its description."""
    (found,) = entry_points(group="pytest11", name="zfstune")
    assert found.value == "zfstune.engine.pytest_plugin"
    done = pytester.runpytest_subprocess("--fixtures", "-q")
    done.stdout.fnmatch_lines(["zfs_image -- *", "*open engine on a new pool*"])


def test_it_costs_nothing_until_it_is_used(pytester: pytest.Pytester) -> None:
    """The start of pytest loads the plugin alone: no engine, no extension."""
    pytester.makeconftest(STARTS_LIGHT)
    pytester.makepyfile("def test_nothing(): pass")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)

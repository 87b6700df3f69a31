"""Results are values: alike where their fields are, and not to be changed."""

from __future__ import annotations

import pytest

from measured import MEASUREMENT
from zfstune.values.frozen import replace


def test_results_are_values() -> None:
    """A copy of all fields is the same measurement, and no field can be set."""
    assert replace(MEASUREMENT) == MEASUREMENT
    assert replace(MEASUREMENT, profile="") != MEASUREMENT
    with pytest.raises(AttributeError, match="frozen"):
        MEASUREMENT.profile = "other"  # type: ignore[misc]  # it fails

"""The limits of a replication."""

from __future__ import annotations

import pytest

from zfstune.streams.pace import Pace
from zfstune.values.errors import InvalidValue


def test_limits() -> None:
    """The least that makes sense is taken, and anything below it refused."""
    assert Pace(1, 1, 0).rate_bytes_s == 1
    for limits in ((0, 1, 0), (1, 0, 0), (1, 1, -1)):
        with pytest.raises(InvalidValue, match="such limits"):
            Pace(*limits)

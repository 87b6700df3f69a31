"""The choices of a caller."""

from __future__ import annotations

import pytest

from zfstune.measurement.retuning.choice import Retuning
from zfstune.values.errors import InvalidValue


def test_floor() -> None:
    """The free space that stays is a share of the pool, or a size."""
    assert Retuning().floor_bytes(1000) == 100
    assert Retuning(keep_free="25%").floor_bytes(1000) == 250
    assert Retuning(keep_free="1M").floor_bytes(1000) == 1 << 20


@pytest.mark.parametrize("text", ["", "0", "100%", "x", "-1M", "5"])
def test_no_floor(text: str) -> None:
    """What is neither is refused, with the way to write it."""
    with pytest.raises(InvalidValue, match="of a pool free") as error:
        Retuning(keep_free=text)
    assert "50G or 10%" in error.value.hint


def test_no_rate() -> None:
    """A rate of nothing is refused."""
    with pytest.raises(InvalidValue, match="at such a rate"):
        Retuning(rate_bytes_s=0)

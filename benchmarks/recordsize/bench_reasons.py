"""Numbers in profiles about programs and texts, tried on those of this system."""

from __future__ import annotations

from typing import Any

import pytest
from numbers_of_files import OF_FILES, times

# Another system has other programs; half of what a record size changes is more than this.
_OFF = 0.15
CLAIMS = sorted({claim for claims in OF_FILES.values() for claim in claims})


@pytest.mark.parametrize(("kind", "compression", "recordsize", "claimed"), CLAIMS)
def bench_files(
    benchmark: Any, *, kind: str, compression: str, recordsize: int, claimed: float
) -> None:
    """They pack as often as the profiles say, or better."""
    args = (kind, compression, recordsize)
    found = benchmark.pedantic(times, args=args, rounds=1)
    benchmark.extra_info["times"] = found
    assert found >= claimed * (1 - _OFF)

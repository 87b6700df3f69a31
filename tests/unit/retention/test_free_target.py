"""Free targets: how they are read and written, and how much is missing."""

from __future__ import annotations

import pytest

from filled_pool import MEGABYTE
from zfstune.retention.free_target import FreeTarget
from zfstune.values.errors import PolicyError


@pytest.mark.parametrize(
    ("text", "missing"), [("20M", 10), ("20%", 10), ("10%", 0), ("5M", 0), ("99%", 89)]
)
def test_what_is_missing(text: str, missing: int) -> None:
    """A size is meant absolutely, a part is one of what the pool can hold."""
    target = FreeTarget.parse(text)
    assert target.missing(90 * MEGABYTE, 10 * MEGABYTE) // MEGABYTE == missing


@pytest.mark.parametrize("text", ["", "%", "0%", "100%", "-5%", "20 percent", "0", "-1G"])
def test_nonsense_is_refused(text: str) -> None:
    """Neither a size nor a part of the pool."""
    with pytest.raises(PolicyError, match="free-target"):
        FreeTarget.parse(text)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("0020%", FreeTarget(percent=20)),
        ("99%", FreeTarget(percent=99)),
        ("1%", FreeTarget(percent=1)),
        ("50B", FreeTarget(50)),
        ("1024", FreeTarget(1024)),
        ("00050G", FreeTarget(50 << 30)),
    ],
)
def test_a_target_is_what_was_written(text: str, target: FreeTarget) -> None:
    """And its text gives it back."""
    assert FreeTarget.parse(text) == target
    assert FreeTarget.parse(str(target)) == target


@pytest.mark.parametrize("text", ["50", "1", "1023", "0500"])
def test_a_target_without_a_unit_is_refused(text: str) -> None:
    """Nobody means 50 bytes by 50; the hint shows the two that may be meant."""
    with pytest.raises(PolicyError, match="lacks a unit") as refused:
        FreeTarget.parse(text)
    assert "50G or 20%" in refused.value.hint

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
    """A size is absolute; a percentage is of all that the pool can hold."""
    target = FreeTarget.parse(text)
    assert target.missing(90 * MEGABYTE, 10 * MEGABYTE) // MEGABYTE == missing


@pytest.mark.parametrize("text", ["", "%", "0%", "100%", "-5%", "20 percent", "0", "-1G"])
def test_nonsense_is_refused(text: str) -> None:
    """A text that is neither a size nor a percentage is refused."""
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
    """A target is read as written, and its text reads as the same target."""
    assert FreeTarget.parse(text) == target
    assert FreeTarget.parse(str(target)) == target


@pytest.mark.parametrize("text", ["50", "1", "1023", "0500"])
def test_a_target_without_a_unit_is_refused(text: str) -> None:
    """A bare 50 does not mean 50 bytes; the hint shows two likely meanings."""
    with pytest.raises(PolicyError, match="lacks a unit") as refused:
        FreeTarget.parse(text)
    assert "50G or 20%" in refused.value.hint

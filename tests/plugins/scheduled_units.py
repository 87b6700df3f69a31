"""Cadences read from their texts, and units for systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from zfstune.schedules.cadence import Cadence, parse_cadence
from zfstune.schedules.unit_text import units_for

if TYPE_CHECKING:
    from zfstune.schedules.unit_text import Unit

__all__ = ["BERLIN", "COMMAND", "HOURLY", "cadence", "units"]

HOURLY = Cadence("hour")
COMMAND = ("/bin/true",)
BERLIN = ZoneInfo("Europe/Berlin")


def cadence(text: str) -> Cadence:
    """Read a cadence that is not none."""
    parsed = parse_cadence(text)
    assert parsed is not None
    return parsed


def units(
    dataset: str = "tank/a-b", *, prunes: bool = True, on_failure: str = ""
) -> tuple[Unit, ...]:
    """Write the units of a dataset, with a program that every host has."""
    return units_for(dataset, HOURLY, BERLIN, COMMAND, prunes=prunes, on_failure=on_failure)

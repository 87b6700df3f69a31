"""Counts of what a test went through, for the table of `make endurance`."""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["tally"]


def tally(campaign: str, **counts: int) -> None:
    """Add a line with counts to the file that ``ZFSTUNE_TALLY`` names, where it does.

    Args:
        campaign: What was done, as in "commands killed on an image".
        counts: How often, by what is counted.
    """
    path = os.environ.get("ZFSTUNE_TALLY")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"campaign": campaign, **counts}) + "\n")

"""The JSON documents of the command, as tests read them."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["ENVELOPE", "found_in"]

ENVELOPE = ("format", "version", "exit_status", "dry_run", "changed", "notes", "errors")


def found_in(text: str) -> dict[str, Any]:
    """Give what a verb found: its document without the envelope."""
    document = json.loads(text)
    return {key: value for key, value in document.items() if key not in ENVELOPE}

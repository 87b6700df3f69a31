"""Lines of a crontab that prune, and the policies that are read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfstune.retention.imports.convert import convert

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["ENDS", "TREE", "line", "refused", "said"]

TREE = ("tank", "tank/daily", "tank/db", "tank/www", "tank/www/a", "pool/db")
ENDS = "xargs -r -n1 zfs destroy"


def said(text: str, datasets: Collection[str] | None = TREE) -> dict[str, str]:
    """Read a crontab; return the policies that let something go, by dataset."""
    reading = convert("cron", text, datasets)
    return {
        each.dataset: each.text for each in reading.policies if each.text != "match=* never"
    }


def refused(text: str, datasets: Collection[str] | None = TREE) -> str:
    """Read a crontab of which one part is left out; return the reason."""
    [left_out] = convert("cron", text, datasets).left_out
    return left_out.reason


def line(filters: str, listed: str = "tank/db", end: str = ENDS, options: str = "") -> str:
    """Write a line that lists, filters and destroys snapshots."""
    return f"zfs list -t snapshot -o name -H {options} {listed} | {filters} | {end}"

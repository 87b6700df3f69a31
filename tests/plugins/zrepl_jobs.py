"""Configurations of zrepl, and the policies that are read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reading_oracle import gone, in_force, policies_of, reasons_of, taken
from zfstune.retention.imports.convert import convert

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["job", "lost", "refused", "rules", "said"]


def rules(*lines: str, filesystems: str = "tank/a<: true") -> str:
    """Write a configuration of one job with some rules."""
    listed = "".join(f"    - {{{line}}}\n" for line in lines)
    head = f"jobs:\n- name: j\n  type: snap\n  filesystems:\n    {filesystems}\n"
    return f"{head}  pruning:\n    keep:\n{listed}"


def job(name: str, kind: str, rest: str) -> str:
    """Write one job, to be put below ``jobs:``."""
    lines = "".join(f"  {line}\n" for line in rest.splitlines())
    return f"- name: {name}\n  type: {kind}\n{lines}"


def lost(text: str, listing: list[tuple[str, int]]) -> set[str]:
    """Return the names in a listing, oldest first, that the policy on tank/a lets go."""
    return gone(in_force(convert("zrepl", text), "tank/a"), taken("tank/a", listing))


def said(text: str, datasets: Collection[str] | None = None) -> dict[str, str]:
    """Return the texts of the policies that are read, by dataset."""
    return policies_of(convert("zrepl", text, datasets))


def refused(text: str, datasets: Collection[str] | None = None) -> dict[str, str]:
    """Return the reasons, by the name of each part that is left out."""
    return reasons_of(convert("zrepl", text, datasets))

"""``zfstune roles``: each role on a line, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from zfstune.profiles.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]


def test_each_role_has_its_line(run: Run) -> None:
    """Name, other names, profiles and summary; a role may have no profile."""
    status, out, _ = run("roles", "-H")
    rows = [line.split("\t") for line in out.splitlines()]
    assert status == 0
    assert [row[0] for row in rows] == [role.name for role in ROLES]
    assert {len(row) for row in rows} == {4}
    assert ["vpn", "vpn-gateway", "-"] in [row[:3] for row in rows]


def test_json_has_lists(run: Run) -> None:
    """Aliases and profiles are lists in JSON."""
    rows = json.loads(run("roles", "--json")[1])["roles"]
    assert [row["profiles"] for row in rows] == [list(role.profiles) for role in ROLES]

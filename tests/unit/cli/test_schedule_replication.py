"""Targets and options of schedules: given together, stored together, shown together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from zfstune.values.marks import REPLICATE_WITH_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_with_options(run: Run, tank: Heirs) -> None:
    """They are those of the targets beside them: both are given together, and go so."""
    line = ("schedule", "set", "tank/a", "--every", "daily")
    to = ("--replicate", "tank/copy", "--properties", "--exclude-property", "x:y=it's z")
    stored = "--properties --exclude-property 'x:y=it'\\''s z'"
    assert f"set {REPLICATE_WITH_PROPERTY}={stored} on tank/a" in run(*line, *to)[1]
    assert tank.marks["tank/a"][REPLICATE_WITH_PROPERTY] == stored
    assert run(*line)[1] == "nothing to do: it is stored like that already\n"
    shown = run("schedule", "show")[1]
    assert f"tank/copy {stored}" in shown
    assert "\ttank/copy\t" in run("schedule", "show", "-H")[1]
    [row] = json.loads(run("schedule", "show", "--json")[1])["schedules"]
    assert (row["replicates_to"], row["replicates_with"]) == (["tank/copy"], stored)
    said = run(*line, "--replicate", "tank/copy")[1]
    assert said == f"inherit {REPLICATE_WITH_PROPERTY} on tank/a\n"
    assert REPLICATE_WITH_PROPERTY not in tank.marks["tank/a"]

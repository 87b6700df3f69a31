"""``zfstune apply``: a wrong command line, and no ZFS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_a_dry_run_shows_the_plan(run: Run, tank: Heirs) -> None:
    """It prints what plan prints, and changes nothing."""
    status, out, err = run("apply", "logs", "-n")
    assert (status, err) == (0, "")
    assert out == run("plan", "logs")[1]
    assert tank.calls == []


def test_a_dry_run_as_json(run: Run, tank: Heirs) -> None:
    """The document says that no step was done."""
    status, out, _ = run("apply", "logs", "-n", "--json")
    assert (status, json.loads(out)["done"]) == (0, 0)
    assert tank.calls == []

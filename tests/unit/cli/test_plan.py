"""``zfstune plan``: a wrong command line, and no ZFS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_a_plan_is_shown(run: Run, tank: Heirs) -> None:
    """The plan is printed, and nothing is changed; --check tells of it by the status."""
    status, out, err = run("plan", "logs")
    assert (status, err) == (0, "")
    assert out.startswith("plan for logs on pool tank (")
    assert "create tank/data/logs at " in out
    assert run("plan", "logs", "--check") == (4, out, "")
    assert tank.calls == []


def test_a_plan_as_json(run: Run, tank: Heirs) -> None:
    """The document has the steps of the plan."""
    status, out, err = run("plan", "logs", "--json", "--check")
    assert (status, err) == (4, "")
    assert "tank/data/logs" in json.dumps(json.loads(out))
    assert tank.calls == []

"""``zfstune destroy``: names that make no sense, before anything changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_the_pool_itself(run: Run, tank: Heirs) -> None:
    """It is refused with the command that can do it."""
    status, out, err = run("destroy", "tank", "--lose", "datasets")
    assert (status, out) == (1, "")
    assert "hint: zpool destroy tank" in err
    assert tank.calls == []


def test_the_plan_is_shown_before_it_is_refused(run: Run, tank: Heirs) -> None:
    """All that would go has a line; the hint has the words that consent."""
    tank.take_snapshots(["tank/a@one"])
    tank.calls.clear()
    status, out, err = run("destroy", "tank/a")
    assert status == 1
    assert out.splitlines() == [
        "would destroy tank/a/b  (filesystem, 0)",
        "would destroy tank/a  (filesystem, 0)",
        "  would destroy tank/a@one",
    ]
    assert "add --lose datasets --lose snapshots" in err
    assert tank.calls == []
    assert run("destroy", "tank/a", "--lose", "everything")[0] == 2


def test_a_dry_run_names_the_options_of_the_run(run: Run, tank: Heirs) -> None:
    """It ends with 0, and says which words are still missing."""
    tank.take_snapshots(["tank/a@one"])
    status, _, err = run("destroy", "-n", "tank/a", "--lose", "datasets")
    assert (status, err) == (
        0,
        "zfstune: without --lose snapshots, destroy refuses this plan\n",
    )
    both = ("--lose", "datasets", "--lose", "snapshots")
    assert run("destroy", "-n", "tank/a", *both)[2] == ""


def test_a_refusal_as_json_speaks_of_options(run: Run, tank: Heirs) -> None:
    """The hint is the one that people read; Python has another."""
    tank.take_snapshots(["tank/a@one"])
    status, out, _ = run("destroy", "tank/a", "--json")
    [error] = json.loads(out)["errors"]
    assert (status, error["hint"]) == (
        1,
        "to lose that all the same, add --lose datasets --lose snapshots",
    )

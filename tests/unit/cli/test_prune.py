"""``zfstune prune``: the table of a dry run, its warnings, and its exit status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_a_dry_run_names_each_snapshot(run: Run, tank: Heirs) -> None:
    """The table says which snapshots would go or stay, and why; nothing is destroyed."""
    tank.take("tank/a", range(3))
    status, out, err = run("prune", "tank/a", "--keep", "1", "-n")
    header, *rows, total = out.splitlines()
    assert (status, err) == (0, "")
    assert header.split() == ["ACTION", "SNAPSHOT", "GOES", "WHY"]
    assert [row.split()[0] for row in rows] == ["keep", "destroy", "destroy"]
    assert [row.split()[2] for row in rows] == ["-", "now", "now"]
    assert total == "tank/a: would destroy 2, kept 1, would free 2M"
    assert tank.count("tank/a") == 3


def test_the_plan_is_json_too(run: Run, tank: Heirs) -> None:
    """With --json one document names the destroyed snapshots."""
    tank.take("tank/a", range(3))
    status, out, _ = run("prune", "tank/a", "--keep", "1", "--json")
    assert status == 0
    assert len(json.loads(out)["destroyed"]) == 2
    assert tank.count("tank/a") == 1


def test_alarms_of_a_dry_run_are_warnings(run: Run, tank: Heirs) -> None:
    """A plan that a real run would refuse says so; with --force it is carried out."""
    tank.take("tank/a", range(48))
    words = ("prune", "tank/a", "--keep-daily", "1")
    status, _, err = run(*words, "-n")
    assert status == 0
    assert "zfstune: without --force, prune refuses this plan: " in err
    assert run(*words)[0] == 1
    assert tank.count("tank/a") == 48
    assert run(*words, "--force")[0] == 0
    assert tank.count("tank/a") < 48


@pytest.mark.parametrize("target", ["50", "0"])
def test_a_target_needs_a_unit(run: Run, tank: Heirs, target: str) -> None:
    """A bare number could mean bytes or percent, so it is refused."""
    tank.take("tank/a", range(3))
    status, out, err = run("prune", "tank/a", "--keep", "1", "--free-target", target)
    assert (status, out) == (2, "")
    assert f"cannot use policy 'free-target={target}': it lacks a unit" in err
    assert tank.count("tank/a") == 3


def test_a_pattern_that_matches_nothing_is_named(run: Run, tank: Heirs) -> None:
    """The command says so, since a typing error in a pattern looks like success."""
    tank.take("tank/a", range(3))
    status, _, err = run("prune", "tank/a", "--keep", "1", "--match", "2026")
    assert status == 0
    assert "match '2026' matches no snapshot" in err
    assert tank.count("tank/a") == 3


def test_nothing_is_managed(run: Run, tank: Heirs) -> None:
    """A pool without a managed dataset is no error."""
    tank.take("tank/a", range(3))
    assert run("prune", "--keep", "1") == (
        0,
        "nothing to do: zfstune manages no dataset of this pool\n",
        "",
    )

"""``zfstune snapshot``: names on stdout, hooks around it, and trouble afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from json_document import found_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_names_are_printed(run: Run, tank: Heirs) -> None:
    """One name a line; --json has them in a document."""
    status, out, err = run("snapshot", "-r", "tank/a", "--name", "now")
    assert (status, out, err) == (0, "tank/a@now\ntank/a/b@now\n", "")
    status, out, _ = run("snapshot", "tank/a", "--name", "then", "--json")
    assert found_in(out) == {"snapshots": ["tank/a@then"]}
    assert len(tank.taken) == 3


def test_a_dry_run_takes_nothing_and_runs_no_hook(run: Run, tank: Heirs) -> None:
    """The names are printed, and a hook that would fail is not started."""
    status, out, _ = run("snapshot", "tank/a", "--name", "x", "-n", "--before", "false")
    assert (status, out) == (0, "tank/a@x\n")
    assert tank.taken == {}


def test_a_hook_that_fails_before(run: Run, tank: Heirs) -> None:
    """Nothing is taken, and the hint says so."""
    status, out, err = run("snapshot", "tank/a", "--before", "exit 3")
    assert (status, out) == (1, "")
    assert "hint: no snapshot was taken" in err
    assert tank.taken == {}


def test_a_hook_that_fails_afterwards(run: Run, tank: Heirs) -> None:
    """The snapshot is there and is named; the status says that not all went well."""
    status, out, err = run("snapshot", "tank/a", "--name", "x", "--after", "exit 3")
    assert (status, out) == (3, "tank/a@x\n")
    assert err.startswith("zfstune: cannot ")
    assert [*tank.taken] == ["tank/a@x"]

"""``zfstune apply``: a wrong command line, and no ZFS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

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


def test_nothing_to_apply(run: Run) -> None:
    """Neither a profile nor a role is a usage error, before any ZFS is opened."""
    status, out, err = run("apply")
    assert (status, out) == (2, "")
    assert err.startswith("usage: zfstune apply ")
    assert "name a PROFILE or a --role" in err


@pytest.mark.usefixtures("_no_zfs")
def test_no_zfs(run: Run) -> None:
    """The status tells scripts that this host has no ZFS."""
    assert run("apply", "logs") == (
        5,
        "",
        "zfstune: cannot use ZFS: there is none\nhint: load it\n",
    )


def test_no_such_profile(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file of a profile that does not exist is named."""
    missing = str(tmp_path_factory.mktemp("profiles") / "none.toml")
    status, out, err = run("apply", "--profile", missing)
    assert (status, out) == (1, "")
    assert missing in err

"""``zfstune plan``: a wrong command line, and no ZFS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

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


def test_nothing_to_plan(run: Run) -> None:
    """Neither a profile nor a role is a usage error, before any ZFS is opened."""
    status, out, err = run("plan")
    assert (status, out) == (2, "")
    assert err.startswith("usage: zfstune plan ")
    assert "name a PROFILE or a --role" in err


@pytest.mark.usefixtures("_no_zfs")
def test_no_zfs(run: Run) -> None:
    """The status tells scripts that this host has no ZFS."""
    assert run("plan", "logs") == (
        5,
        "",
        "zfstune: cannot use ZFS: there is none\nhint: load it\n",
    )


def test_no_such_profile(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file of a profile that does not exist is named."""
    missing = str(tmp_path_factory.mktemp("profiles") / "none.toml")
    status, out, err = run("plan", "--profile", missing)
    assert (status, out) == (1, "")
    assert missing in err

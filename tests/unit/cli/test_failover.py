"""``zfstune failover``: what is printed, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from json_document import found_in
from zfstune.cli import failover as module
from zfstune.streams.failover_plan import FailoverPlan, RoleChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]

DONE, PARTLY = 0, 3
CHANGE = RoleChange(
    "tank/a", "tank/a@1", {"canmount": "on"}, mount="/a", cautions=("look out",)
)
PLAN = FailoverPlan("tank/a", standby=False, changes=(CHANGE,), left={})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tank: Heirs) -> dict[str, Any]:
    """Have a plan that is shown, and give what was asked for."""
    seen: dict[str, Any] = {"plan": PLAN, "tank": tank}

    def failover(dataset: str, **how: Any) -> FailoverPlan:
        seen.update(how, dataset=dataset)
        how["show"](seen["plan"])
        plan: FailoverPlan = seen["plan"]
        return plan

    monkeypatch.setattr(module, "failover", failover)
    return seen


def test_the_plan_is_shown(run: Run, asked: dict[str, Any]) -> None:
    """Steps go to stdout, and cautions to stderr."""
    status, out, err = run("failover", "tank/a", "-o", "mountpoint=/a", "-n")
    assert status == DONE
    assert (
        out == "tank/a takes over with tank/a@1\n    set canmount=on\n    mounted at /a\n"
    )
    assert "look out" in err
    assert (asked["dataset"], asked["dry_run"], asked["standby"]) == ("tank/a", True, False)
    assert asked["properties"] == {"mountpoint": "/a"}


def test_a_dataset_is_left(run: Run, asked: dict[str, Any]) -> None:
    """Then not all is done, and stderr says why."""
    asked["plan"] = FailoverPlan("tank/a", standby=True, changes=(), left={"tank/a/b": "x"})
    status, out, err = run("failover", "--standby", "tank/a")
    assert status == PARTLY
    assert out == "nothing to do: tank/a stands by already\n"
    assert "left 'tank/a/b' as it is: x" in err
    assert asked["standby"]


def test_a_key_is_missing(run: Run, asked: dict[str, Any]) -> None:
    """What cannot be mounted is not done, and stderr says how to go on."""
    change = RoleChange("tank/a", "", {}, blocked="its key is not loaded: load it")
    asked["plan"] = FailoverPlan("tank/a", standby=False, changes=(change,), left={})
    status, _, err = run("failover", "tank/a")
    assert status == PARTLY
    assert "'tank/a' is not mounted: its key is not loaded: load it" in err


def test_json(run: Run, asked: dict[str, Any]) -> None:
    """A program gets the same plan, and nothing else."""
    status, out, _ = run("failover", "tank/a", "--json")
    assert status == DONE
    assert found_in(out) == PLAN.to_dict()
    assert not asked["dry_run"]

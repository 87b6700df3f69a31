"""The request of a call, and the state of the machine."""

from __future__ import annotations

import pytest

from model_pool import Model, app_profile
from zfstune.datasets.actions import Create
from zfstune.datasets.planner import make_plan
from zfstune.datasets.request import Machine, Request
from zfstune.values.properties import DEFAULT_LIMITS


@pytest.mark.parametrize(
    ("root", "base"), [(None, "tank/data"), ("tank/srv", "tank/srv"), ("tank", "tank")]
)
def test_profiles_hang_below_the_root_or_below_data(root: str | None, base: str) -> None:
    """Without a root it is POOL/data, and the plan goes by the same rule."""
    request = Request((app_profile(),), root=root)
    assert request.root_on("tank") == base
    model = Model()
    machine = Machine(model.pool, model.datasets(), {}, DEFAULT_LIMITS, {}, {})
    plan = make_plan(request, machine)
    assert plan.root == base
    created = [action.dataset for action in plan.actions if isinstance(action, Create)]
    assert created[-1] == f"{base}/app"

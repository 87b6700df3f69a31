"""Schedules and policies of profiles: stored where nobody has stored one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import Model, applied
from zfstune.datasets.actions import Adjust
from zfstune.profiles.load import load_text
from zfstune.values.errors import PlanError
from zfstune.values.marks import POLICY_PROPERTY, PROFILE_PROPERTY, SCHEDULE_PROPERTY

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile


HEAD = 'name = "app"\nsummary = "A test"\n\n[[dataset]]\npath = "app"\n'


SAID = 'why = "Because. And more."\nsource = "here"\n'


HOURLY = 'every = "hourly"\nkeep = "hourly=48"\n'


APP = "tank/data/app"


def profile(snapshots: str = HOURLY, more: str = "") -> Profile:
    """Return a profile of one dataset with a schedule or a policy."""
    return load_text(f"{HEAD}\n[dataset.snapshots]\n{snapshots}{SAID}{more}", "app.toml")


def test_two_profiles_must_agree() -> None:
    """A dataset has one policy; a profile without one goes along with it."""
    other = load_text(
        f'{HEAD}\n[dataset.snapshots]\nevery = "daily"\nkeep = "daily=3"\n{SAID}'.replace(
            '"app"', '"other"', 1
        ),
        "other.toml",
    )
    with pytest.raises(PlanError, match="different values of snapshots"):
        Model().plan(profile(), other)
    silent = load_text(HEAD.replace('"app"', '"silent"', 1), "silent.toml")
    model = applied(silent, profile())
    assert model.local[APP][POLICY_PROPERTY] == "hourly=48"


def test_what_was_there_is_told_once() -> None:
    """A dataset that was applied before profiles had schedules gets both, with a note."""
    silent = load_text(HEAD, "app.toml")
    model = applied(silent)
    plan = model.plan(profile())
    [adjust] = plan.actions
    assert isinstance(adjust, Adjust)
    changes = {c.property: (c.old, c.new, c.drift, c.note) for c in adjust.changes}
    assert changes == {
        SCHEDULE_PROPERTY: (None, "hourly", False, "not stored yet"),
        POLICY_PROPERTY: (None, "hourly=48", False, "not stored yet"),
    }
    assert not model.run(plan.actions).plan(profile()).pending
    # The stored policy belongs to the administrator now: no profile changes it,
    model.local[APP][POLICY_PROPERTY] = "never"
    assert not model.plan(profile('every = "4h"\nkeep = "keep=3"\n')).pending
    # and a profile without a policy does not remove it.
    assert not model.plan(silent).pending


def test_what_stands_above_wins_over_a_profile() -> None:
    """An apply does not override a policy that was stored above, and says so."""
    model = Model({"tank": {}, "tank/data": {POLICY_PROPERTY: "never", "canmount": "off"}})
    plan = model.plan(profile())
    model.run(plan.actions)
    assert POLICY_PROPERTY not in model.local[APP]
    assert model.local[APP][SCHEDULE_PROPERTY] == "hourly"
    [caution] = plan.warnings
    assert (
        "is inherited from tank/data, not set to the profile's hourly=48" in caution.message
    )
    assert model.plan(profile()).warnings == ()
    # A dataset above that the same profile manages does not count.
    below = f'\n[[dataset]]\npath = "app/b"\n\n[dataset.snapshots]\n{HOURLY}{SAID}'
    both = profile('every = "daily"\nkeep = "daily=3"\n', below)
    model = applied(both)
    assert model.local[f"{APP}/b"][POLICY_PROPERTY] == "hourly=48"
    assert not model.plan(both).pending


def test_a_kill_between_creation_and_properties_is_made_up_for() -> None:
    """The next plan stores the schedule or policy that is missing."""
    plan = Model().plan(profile())
    model = Model()
    for action in plan.actions:
        if action.dataset == APP:
            model.step(action, lambda prop: prop == PROFILE_PROPERTY)
            break
        model.step(action)
    model.run(model.plan(profile()).actions)
    assert model.local[APP][SCHEDULE_PROPERTY] == "hourly"
    assert not model.plan(profile()).pending

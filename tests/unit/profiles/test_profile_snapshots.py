"""What profiles say of snapshots: read, checked, merged, explained, and stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import Model, applied
from zfstune.datasets.actions import Adjust
from zfstune.profiles.explanation import explain_profile
from zfstune.profiles.explanation_text import render
from zfstune.profiles.load import load, load_text
from zfstune.values.errors import PlanError, ProfileError
from zfstune.values.marks import POLICY_PROPERTY, PROFILE_PROPERTY, SCHEDULE_PROPERTY
from zfstune.values.properties import DEFAULT_LIMITS

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile


HEAD = 'name = "app"\nsummary = "A test"\n\n[[dataset]]\npath = "app"\n'
SAID = 'why = "Because. And more."\nsource = "here"\n'
HOURLY = 'every = "hourly"\nkeep = "hourly=48"\n'
APP = "tank/data/app"


def profile(snapshots: str = HOURLY, more: str = "") -> Profile:
    """Give a profile of one dataset that says something of its snapshots."""
    return load_text(f"{HEAD}\n[dataset.snapshots]\n{snapshots}{SAID}{more}", "app.toml")


@pytest.mark.parametrize(
    ("snapshots", "reason"),
    [
        ('every = "often"\nkeep = "keep=3"\n', "'often': it does not say how often"),
        ('every = "daily"\nkeep = "many"\n', "'many': that is no rule"),
        ('every = "daily"\nkeep = "keep=0"\n', "every snapshot in scope"),
        ('every = "daily"\n', "key 'keep' is missing"),
        ('keep = "keep=3"\n', "key 'every' is missing"),
        ('every = "daily"\nkeeps = "keep=3"\n', "unknown key 'keeps'"),
        ("every = 3\n", "it takes text in quotes"),
    ],
)
def test_what_makes_no_sense_is_refused(snapshots: str, reason: str) -> None:
    """File, table and key are named."""
    with pytest.raises(ProfileError) as no:
        profile(snapshots)
    assert "'app.toml': dataset 'app', snapshots: " in no.value.message
    assert reason in no.value.message


def test_none_needs_no_policy() -> None:
    """Where none are taken, nothing has to go."""
    [app] = profile('every = "none"\n').datasets
    assert app.snapshots is not None
    assert (app.snapshots.every, app.snapshots.keep) == ("none", "")


def test_a_variant_and_an_heir_take_them_over() -> None:
    """Values change in a variant, what is to be of snapshots does not; an heir may say."""
    [www, *_] = load("web").variant("seed").datasets
    assert www.snapshots == load("web").datasets[0].snapshots
    text = 'name = "mine"\nsummary = "A test"\nextends = "web"\n'
    heir = load_text(text, "mine.toml").dataset("www")
    assert heir is not None
    assert heir.snapshots == www.snapshots
    said = f'\n[[dataset]]\npath = "www"\n\n[dataset.snapshots]\n{HOURLY}{SAID}'
    heir = load_text(text + said, "mine.toml").dataset("www")
    assert heir is not None
    assert heir.snapshots != www.snapshots


def test_two_profiles_must_agree() -> None:
    """Of one dataset, one policy; one that says nothing goes along."""
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
    """A dataset that was applied before profiles spoke of snapshots gets both, noted."""
    silent = load_text(HEAD, "app.toml")
    model = applied(silent)
    plan = model.plan(profile())
    [adjust] = plan.actions
    assert isinstance(adjust, Adjust)
    changes = {c.property: (c.old, c.new, c.drift, c.note) for c in adjust.changes}
    assert changes == {
        SCHEDULE_PROPERTY: (None, "hourly", False, "not said yet"),
        POLICY_PROPERTY: (None, "hourly=48", False, "not said yet"),
    }
    assert not model.run(plan.actions).plan(profile()).pending
    # it is the administrator's from then on, also against another profile
    model.local[APP][POLICY_PROPERTY] = "never"
    assert not model.plan(profile('every = "4h"\nkeep = "keep=3"\n')).pending
    # nor is it taken back
    assert not model.plan(silent).pending


def test_what_stands_above_wins_over_a_profile() -> None:
    """Who stored a policy for all below does not lose it to an apply, and is told so."""
    model = Model({"tank": {}, "tank/data": {POLICY_PROPERTY: "never", "canmount": "off"}})
    plan = model.plan(profile())
    model.run(plan.actions)
    assert POLICY_PROPERTY not in model.local[APP]
    assert model.local[APP][SCHEDULE_PROPERTY] == "hourly"
    [caution] = plan.warnings
    assert "is that of tank/data, not the profile's hourly=48" in caution.message
    assert model.plan(profile()).warnings == ()
    # one profile's own datasets, above and below, are another matter
    below = f'\n[[dataset]]\npath = "app/b"\n\n[dataset.snapshots]\n{HOURLY}{SAID}'
    both = profile('every = "daily"\nkeep = "daily=3"\n', below)
    model = applied(both)
    assert model.local[f"{APP}/b"][POLICY_PROPERTY] == "hourly=48"
    assert not model.plan(both).pending


def test_a_kill_between_creation_and_properties_is_made_up_for() -> None:
    """The next plan stores what is missing."""
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


def test_explain_shows_them() -> None:
    """With the reasons; and as JSON."""
    found = explain_profile(load("web"), None, None, DEFAULT_LIMITS)
    text = render(found)
    assert "  snapshots hourly, keeping hourly=48\n      why:       Two days" in text
    datasets = found.to_dict()["datasets"]
    assert isinstance(datasets, list)
    assert datasets[0]["snapshots"]["keep"] == "hourly=48"
    assert datasets[1]["snapshots"] is None

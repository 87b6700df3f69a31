"""Schedules and policies in a profile's file: read, checked and explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.profiles.explanation import explain_profile
from zfstune.profiles.load import load, load_text
from zfstune.values.errors import ProfileError
from zfstune.values.properties import DEFAULT_LIMITS

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile

HEAD = 'name = "app"\nsummary = "A test"\n\n[[dataset]]\npath = "app"\n'
SAID = 'why = "Because. And more."\nsource = "here"\n'
HOURLY = 'every = "hourly"\nkeep = "hourly=48"\n'
APP = "tank/data/app"


def profile(snapshots: str = HOURLY, more: str = "") -> Profile:
    """Return a profile of one dataset with a schedule or a policy."""
    return load_text(f"{HEAD}\n[dataset.snapshots]\n{snapshots}{SAID}{more}", "app.toml")


@pytest.mark.parametrize(
    ("snapshots", "reason"),
    [
        (
            'every = "often"\nkeep = "keep=3"\n',
            "'often': it names no interval that zfstune knows",
        ),
        ('every = "daily"\nkeep = "many"\n', "'many': that is no rule"),
        ('every = "daily"\nkeep = "keep=0"\n', "every snapshot in scope"),
        ('every = "daily"\n', "key 'keep' is missing"),
        ('keep = "keep=3"\n', "key 'every' is missing"),
        ('every = "daily"\nkeeps = "keep=3"\n', "unknown key 'keeps'"),
        ("every = 3\n", "it must be text in quotes"),
    ],
)
def test_what_makes_no_sense_is_refused(snapshots: str, reason: str) -> None:
    """The message names file, table and key."""
    with pytest.raises(ProfileError) as no:
        profile(snapshots)
    assert "'app.toml': dataset 'app', snapshots: " in no.value.message
    assert reason in no.value.message


def test_none_needs_no_policy() -> None:
    """A dataset without a schedule needs no policy."""
    [app] = profile('every = "none"\n').datasets
    assert app.snapshots is not None
    assert (app.snapshots.every, app.snapshots.keep) == ("none", "")


def test_a_variant_and_an_heir_take_them_over() -> None:
    """A variant changes values, not schedules; a profile that extends another may."""
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


def test_explain_shows_them() -> None:
    """The explanation has schedule and policy with their reasons, also as JSON."""
    found = explain_profile(load("web"), None, None, DEFAULT_LIMITS)
    text = str(found)
    assert "  snapshots hourly, keeping hourly=48\n      why:        Two days" in text
    datasets = found.to_dict()["datasets"]
    assert isinstance(datasets, list)
    assert datasets[0]["snapshots"]["keep"] == "hourly=48"
    assert datasets[1]["snapshots"] is None

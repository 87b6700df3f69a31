"""A profile as a value: its datasets, its settings, its variants."""

from __future__ import annotations

import pytest

from zfstune.profiles.load import load
from zfstune.profiles.profile import (
    DatasetProfile,
    Profile,
    Setting,
    in_variant,
)
from zfstune.values.errors import ProfileError


def test_an_unknown_variant_is_answered_with_those_there_are() -> None:
    """One profile without the variant is an error, and so are several that all lack it."""
    with pytest.raises(
        ProfileError, match="'sed': profile 'postgres' has no such"
    ) as caught:
        load("postgres:sed")
    assert "balanced, compressed, warehouse, seed" in caught.value.hint
    with pytest.raises(ProfileError, match="'logs' has no such") as caught:
        in_variant([load("logs")], "seed")
    assert caught.value.hint == "it has no variants"


def test_a_variant_is_for_the_profiles_that_have_it() -> None:
    """Of several profiles, those without the variant stay as they are."""
    chosen = in_variant([load("logs"), load("web")], "seed")
    assert [each.name for each in chosen] == ["logs", "web:seed"]
    assert in_variant(chosen, None) == chosen


def test_datasets_and_settings_are_found_by_name() -> None:
    """A path or a property that the profile does not have gives None."""
    atime = Setting("atime", "off", "why", "source")
    profile = Profile("app", "s", (DatasetProfile("app", (atime,)),))
    dataset = profile.dataset("app")
    assert dataset is not None
    assert dataset.setting("atime") == atime
    assert dataset.setting("exec") is None
    assert profile.dataset("app/log") is None

"""Variants in a profile's file: other values for the same datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.profiles.load import load_text
from zfstune.profiles.profile import Setting
from zfstune.values.errors import ProfileError

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile


BASE = """
name = "app"
summary = "An application"
[[dataset]]
path = "app"
mode = "0750"
[dataset.properties.recordsize]
value = "16K"
why = "Pages of 16K."
source = "https://example.org/"
[dataset.properties.atime]
value = "off"
why = "Nobody asks."
source = "https://example.org/atime"
[[dataset]]
path = "app/log"
[variant.big]
summary = "Larger"
source = "https://example.org/big"
"""

AT_ODDS = """
[variant.big.dataset.app]
normalization = { value = "formD", why = "w" }
utf8only = { value = "off", why = "w" }
"""


def app(variant: str) -> Profile:
    """Return the variant `big` of a profile, as `variant` describes it."""
    return load_text(BASE + variant, "app.toml").variant("big")


def refused(variant: str) -> ProfileError:
    """Return the error that a variant is refused with."""
    with pytest.raises(ProfileError) as caught:
        load_text(BASE + variant, "app.toml")
    assert caught.value.message.startswith("cannot load profile 'app.toml': variant 'big'")
    return caught.value


def test_a_variant_changes_what_it_names_and_keeps_the_rest() -> None:
    """A value is replaced with its reason, the source is the variant's, all else stays."""
    big = app('[variant.big.dataset.app]\nrecordsize = {value = "1M", why = "Big."}\n')
    assert (big.name, big.summary, big.variants) == ("app:big", "Larger", ())
    first, second = big.datasets
    assert first.settings == (
        Setting("recordsize", "1M", "Big.", "https://example.org/big"),
        Setting("atime", "off", "Nobody asks.", "https://example.org/atime"),
    )
    assert (first.mode, second.path) == (0o750, "app/log")


def test_a_variant_may_be_all_there_is() -> None:
    """With only = true, values and datasets that it does not name are not there."""
    big = app('only = true\n[variant.big.dataset.app]\natime = "off"\n')
    [dataset] = big.datasets
    assert [s.property for s in dataset.settings] == ["atime"]
    assert dataset.settings[0].why == "Nobody asks."


def test_a_value_may_bring_its_own_source() -> None:
    """A value without a source has the variant's."""
    text = '[variant.big.dataset.app]\nexec = {value="off", why="No.", source="https://x"}'
    assert app(text).datasets[0].settings[-1] == Setting("exec", "off", "No.", "https://x")


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        ("", "dataset: it must be a table"),
        ("only = 1", "key 'only': it must be true or false"),
        ("ony = true", "unknown key 'ony'"),
        ("[variant.big.dataset.ap]", "dataset: unknown key 'ap'"),
        ("[variant.big.dataset]\napp = 1", "dataset 'app': it must be a table"),
        ('[variant.big.dataset.app]\nexec = "off"', "exec: a value that the profile"),
        ('[variant.big.dataset.app]\nrecordsize = "8K"', "a value that the profile"),
        ('[variant.big.dataset.app]\nrecordsize = "zz"', "a value that the profile"),
        ("[variant.big.dataset.app]\natime = 1", "atime: it must be a table"),
        ('[variant.big.dataset.app]\nexec = {value="off"}', "key 'why' is missing"),
        ('[variant.big.dataset.app]\nexec = {value="no", why="w"}', "exec=no"),
        (
            '[variant.big.dataset.app]\nmountpoint = {value="/x", why="w"}',
            "a profile cannot choose",
        ),
        (AT_ODDS, "normalization needs utf8only=on"),
    ],
)
def test_each_fault_is_named_with_its_place(variant: str, reason: str) -> None:
    """The message names variant, dataset and property."""
    assert reason in refused(variant).message


def test_names_of_variants_are_words() -> None:
    """A variant's name ends up in messages and in a user property."""
    text = BASE.replace("variant.big", 'variant."Big one"')
    with pytest.raises(ProfileError, match="must be lowercase words"):
        load_text(text + '[variant."Big one".dataset.app]', "app.toml")

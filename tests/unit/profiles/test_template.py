"""Profiles to go on from: sound as they are, whatever they start from."""

from __future__ import annotations

import pytest

from zfstune.profiles.load import load_shipped, load_text, profile_names
from zfstune.profiles.template import new_profile
from zfstune.values.errors import ProfileError


@pytest.mark.parametrize("base", [None, *profile_names()])
def test_it_is_sound(base: str | None) -> None:
    """It can be loaded, and has the datasets of the profile that it extends."""
    shipped = None if base is None else load_shipped(base)
    found = load_text(new_profile("shop", shipped), "shop.toml")
    assert found.name == "shop"
    paths = [dataset.path for dataset in found.datasets]
    assert paths == (["shop"] if shipped is None else [d.path for d in shipped.datasets])


def test_the_snapshots_can_be_taken_in() -> None:
    """Without its marks, the last part is sound as well."""
    text = new_profile("shop").replace("\n# ", "\n").replace("How often", "# How often")
    text = "\n".join(li for li in text.splitlines() if not li.startswith("or name"))
    assert load_text(text.replace("A profile", "# A"), "x").datasets[0].snapshots


@pytest.mark.parametrize("name", ["", "My Shop", "a/b", 'a"b'])
def test_names_that_no_profile_has(name: str) -> None:
    """A name is a file's, too."""
    with pytest.raises(ProfileError, match="small letters, digits and dashes"):
        new_profile(name)

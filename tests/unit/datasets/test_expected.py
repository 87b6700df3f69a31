"""The datasets that profiles should have, by the notes on existing ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judged import expect
from model_pool import Model, app_profile, applied, pool_info
from zfstune.datasets.expected import placed_roots, see_profiles
from zfstune.profiles.load import load as load_profile
from zfstune.profiles.profile import DatasetProfile, Profile
from zfstune.values.errors import ProfileError
from zfstune.values.frozen import replace
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY
from zfstune.values.properties import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable


def loader(*profiles: Profile) -> Callable[[str], Profile]:
    """Return a function that loads these profiles by name, and no others."""
    known = {profile.name: profile for profile in profiles}

    def load(name: str) -> Profile:
        if name not in known:
            raise ProfileError(name)
        return known[name]

    return load


def roots(model: Model, *profiles: Profile) -> dict[str, set[str]]:
    """Return the names of the profiles below each root."""
    found = placed_roots(model.datasets().values(), loader(*profiles))
    return {root: set(below) for root, below in found.items()}


def test_each_root_that_a_profile_was_applied_below() -> None:
    """A profile may be below two roots, and another one below one of them."""
    one, two = app_profile("one"), app_profile("two", "two", "two/x")
    model = applied(one, two)
    model.run(model.plan(one, root="tank/srv/a").actions)
    assert roots(model, one, two) == {"tank/data": {"one", "two"}, "tank/srv/a": {"one"}}


def test_of_two_paths_that_fit_the_longer_is_meant() -> None:
    """`x/log` ends in `log`, too, and does not hang below a root called x."""
    both = app_profile("p", "log", "x/log")
    assert roots(applied(both), both) == {"tank/data": {"p"}}


def test_what_cannot_be_placed() -> None:
    """A profile that is unknown, or has no such dataset any more, has no root."""
    model = applied(app_profile("gone"))
    assert roots(model) == {}
    assert roots(model, app_profile("gone", "elsewhere")) == {}
    # A path has to match whole names, not the end of a name.
    assert roots(model, app_profile("gone", "one")) == {}


def test_what_is_managed_by_nobody_known() -> None:
    """A managed dataset is expected by its note alone; one that is not managed is not."""
    model = applied(app_profile("gone"))
    model.local["tank/mine"] = {}
    found = expect(model)
    assert set(found) == {"tank/data", "tank/data/gone"}
    assert found["tank/data/gone"].profiles == ("gone",)
    assert found["tank/data/gone"].wanted is None
    assert found["tank/data"].profiles == ()


def test_what_a_profile_should_have_and_has_not() -> None:
    """A dataset that is missing is expected where its profile is."""
    profile = app_profile("app", "app", "app/x", atime="off")
    model = applied(profile)
    del model.local["tank/data/app/x"]
    expected = expect(model, profile)["tank/data/app/x"]
    assert (expected.root, expected.profiles) == ("tank/data", ("app",))
    assert expected.firsts == ("tank/data/app",)
    assert expected.wanted is not None
    assert expected.wanted.inherited["atime"].value == "off"
    assert expected.wanted.inherited["atime"].origin == "tank/data/app"


def test_what_another_profile_has_taken_over() -> None:
    """A profile expects the datasets whose note names it, and those without a note."""
    one, two = app_profile("one", "d", "d/x"), app_profile("two", "d", atime="off")
    model = applied(one)
    model.local["tank/data/d"][PROFILE_PROPERTY] = "two"
    found = expect(model, one, two)
    assert found["tank/data/d"].profiles == ("two",)
    assert found["tank/data/d/x"].profiles == ("one",)
    del model.local["tank/data/d"][PROFILE_PROPERTY]
    assert expect(model, one, two)["tank/data/d"].profiles == ("one",)


def test_what_the_pool_could_not_take() -> None:
    """A lack is listed with the dataset that it is about, and with no other."""
    profile = app_profile("app", "app", "app/x", compression="zstd")
    model = Model(pool=pool_info(features=frozenset({"lz4_compress"})))
    model.run(model.plan(profile).actions)
    found = expect(model, profile)
    assert ["became lz4" in lack for lack in found["tank/data/app"].lacks] == [True]
    assert found["tank/data/app/x"].lacks == ()


@pytest.mark.parametrize("release", [(2, 1, 11), (2, 2)])
def test_what_the_release_is_too_early_for(release: tuple[int, ...]) -> None:
    """A profile that needs a later release says so on its first dataset."""
    docker = load_profile("docker")
    model = Model()
    model.run(model.plan(docker, owner=False).actions)
    limits = replace(DEFAULT_LIMITS, release=release)
    placed = {"tank/data": {"docker": docker}}
    found = see_profiles(placed, model.datasets(), model.pool, limits)
    lacks = [lack for e in found.values() for lack in e.lacks if "needs OpenZFS" in lack]
    too_early = ["profile docker needs OpenZFS 2.2 or later, and this is 2.1.11"]
    assert lacks == (too_early if release < (2, 2) else [])


def owned(name: str, *account: str | int | None, first: str = "shared") -> Profile:
    """Return a profile whose shared dataset has this owner, group and mode."""
    owner, group, mode = account
    shared = DatasetProfile("shared", (), owner, group, mode)  # type: ignore[arg-type]
    return Profile(name, "A test", (shared, DatasetProfile(name, ())))


@pytest.mark.parametrize(
    ("one", "two", "both"),
    [
        (("app", None, None), (None, "postgres", 0o750), ("app", "postgres", 0o750)),
        ((None, "app", 0o700), ("postgres", None, None), ("postgres", "app", 0o700)),
        (("root", "root", 0o755), ("root", "root", 0o755), ("root", "root", 0o755)),
        # Profiles that contradict each other by now: the first one decides.
        (("app", "app", 0o700), ("root", "root", 0o755), ("app", "app", 0o700)),
        ((None, None, 0), ("app", None, 0o755), ("app", None, 0)),
    ],
)
def test_owner_group_and_mode_of_two_profiles(
    one: tuple[str | None, str | None, int | None],
    two: tuple[str | None, str | None, int | None],
    both: tuple[str | None, str | None, int | None],
) -> None:
    """The second profile sets what the first leaves open of owner, group and mode."""
    plain = [owned("one", None, None, None), owned("two", None, None, None)]
    model = applied(*plain)
    found = expect(model, owned("one", *one), owned("two", *two))["tank/data/shared"]
    assert found.wanted is not None
    assert (found.wanted.owner, found.wanted.group, found.wanted.mode) == both
    assert found.profiles == ("one", "two")
    assert found.wanted.profiles == ["one", "two"]


def test_values_of_two_profiles() -> None:
    """The values are joined; of two that differ, that of the first profile counts."""
    plain = [app_profile("one", "d", "one"), app_profile("two", "d", "two")]
    model = applied(*plain)
    one = app_profile("one", "d", "one", atime="off", recordsize="8K")
    two = app_profile("two", "d", "two", compression="lz4", recordsize="16K")
    found = expect(model, one, two)["tank/data/d"]
    assert found.wanted is not None
    assert found.wanted.values == {
        "atime": "off",
        "recordsize": "8192",
        "compression": "lz4",
    }
    assert found.wanted.settings.keys() == found.wanted.values.keys()
    assert found.firsts == ("tank/data/d",)


def test_what_two_profiles_inherit() -> None:
    """A value that one of them sets on the dataset itself is not inherited there."""
    plain = [app_profile("one", "d", "d/x"), app_profile("two", "d/x")]
    model = applied(*plain)
    one = app_profile("one", "d", "d/x", atime="off", recordsize="8K")
    two = app_profile("two", "d/x", recordsize="16K")
    found = expect(model, one, two)["tank/data/d/x"]
    assert found.wanted is not None
    assert found.wanted.inherited.keys() == {"atime"}
    assert found.firsts == ("tank/data/d", "tank/data/d/x")
    assert APPLIED_PROPERTY not in found.wanted.inherited

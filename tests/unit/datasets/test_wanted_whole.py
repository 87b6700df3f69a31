"""The datasets that profiles want, each one whole, and the words of each refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import FEATURES, app_profile, pool_info
from zfstune.datasets.request import Request
from zfstune.datasets.wanted import wanted_datasets
from zfstune.profiles.profile import DatasetProfile, Profile, Setting, Snapshots
from zfstune.values.errors import InvalidProperty, PlanError
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import INHERITED, PropertyValue

if TYPE_CHECKING:
    from zfstune.datasets.wanted import Wanted
    from zfstune.values.state import PoolInfo


def wanted(
    *profiles: Profile, pool: PoolInfo | None = None, **overrides: str
) -> dict[str, Wanted]:
    """Return the wanted datasets of tank/data, by path."""
    request = Request(profiles, overrides=overrides)
    found = wanted_datasets(request, pool or pool_info(), DEFAULT_LIMITS)
    return {each.dataset.removeprefix("tank/data/"): each for each in found}


def test_all_of_a_dataset() -> None:
    """Values are canonical, and each is kept with the setting that asks for it."""
    found = wanted(app_profile("app", "app", "app/x", owner="app", recordsize="8K"))
    assert list(found) == ["app", "app/x"]
    app, below = found.values()
    assert app.dataset == "tank/data/app"
    assert app.values == {"recordsize": "8192"}
    why = "Why recordsize. And more."
    assert app.settings == {"recordsize": Setting("recordsize", "8K", why, "")}
    assert (app.owner, app.group, app.mode, app.snapshots) == ("app", "app", 0o750, None)
    assert (app.profiles, app.inherited, app.gave_way) == (["app"], {}, [])
    above = PropertyValue("8192", INHERITED, "tank/data/app")
    assert (below.values, below.inherited) == ({}, {"recordsize": above})
    assert (below.owner, below.group, below.mode) == (None, None, None)


def test_values_of_the_call() -> None:
    """They stand on the first dataset of each profile, in place of the profile's own."""
    one = app_profile("one", "one", "one/x", recordsize="8K", atime="off")
    found = wanted(one, app_profile("two"), recordsize="16K")
    asked = Setting("recordsize", "16K", "asked for in this call", "")
    for path in ("one", "two"):
        assert found[path].settings["recordsize"] == asked
        assert found[path].values["recordsize"] == "16384"
        assert found[path].asked("recordsize")
    assert not found["one"].asked("atime")
    assert not found["one"].asked("exec")
    assert found["one/x"].values == {}
    assert found["one/x"].inherited["recordsize"].value == "16384"


def test_values_from_above() -> None:
    """The nearest dataset above of the same profile counts, and only values for below."""
    deep = Profile(
        "deep",
        "A test",
        (
            DatasetProfile(
                "d",
                (
                    Setting("recordsize", "8K", "Why.", ""),
                    Setting("atime", "off", "Why.", ""),
                    Setting("quota", "1G", "Why.", ""),
                ),
            ),
            DatasetProfile("d/e", (Setting("recordsize", "16K", "Why.", ""),)),
            DatasetProfile("d/e/f/g", ()),
        ),
    )
    other = app_profile("other", "d/e/f", compression="lz4")
    found = wanted(deep, other)
    assert found["d/e/f/g"].inherited == {
        "recordsize": PropertyValue("16384", INHERITED, "tank/data/d/e"),
        "atime": PropertyValue("off", INHERITED, "tank/data/d"),
    }
    assert found["d/e"].inherited == {
        "atime": PropertyValue("off", INHERITED, "tank/data/d")
    }
    assert found["d/e/f"].inherited == {}


def test_values_that_gave_way() -> None:
    """A value that the pool lacks the feature for is lesser, or is left out."""
    pool = pool_info(features=frozenset({"lz4_compress"}))
    found = wanted(app_profile(compression="zstd", dnodesize="auto"), pool=pool)["app"]
    assert found.values == {"compression": "lz4"}
    assert list(found.settings) == ["compression"]
    lacks = "pool 'tank' has not enabled the feature"
    assert found.gave_way == [
        f"compression=zstd became lz4: {lacks} zstd_compress",
        f"dnodesize=auto is left out: {lacks} large_dnode",
    ]


HOURLY = Snapshots("hourly", "hourly=48", "Why.", "")


def shared(name: str, **wants: object) -> Profile:
    """Return a profile that has these wants for the dataset x."""
    parts = {"owner": None, "group": None, "mode": None, "snapshots": None, **wants}
    return Profile(name, "A test", (DatasetProfile("x", (), **parts),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("aspect", "one", "two"),
    [
        ("owner", "app", "root"),
        ("group", "app", "root"),
        ("mode", 0o750, 0),
        ("snapshots", HOURLY, Snapshots("daily", "hourly=48", "Why.", "")),
        ("snapshots", HOURLY, Snapshots("hourly", "hourly=24", "Why.", "")),
    ],
)
def test_two_profiles_of_one_dataset(aspect: str, one: object, two: object) -> None:
    """What one of them leaves open the other sets; they may not differ."""
    first, second = shared("one", **{aspect: one}), shared("two", **{aspect: two})
    for both in ([first, shared("two")], [shared("two"), first], [first, first]):
        assert getattr(wanted(*both)["x"], aspect) == one
    for both in ([first, second], [second, first]):
        with pytest.raises(PlanError) as caught:
            wanted(*both)
        names = " and ".join(f"'{profile.name}'" for profile in both)
        assert caught.value.message == (
            f"cannot plan 'tank/data/x': profiles {names} want different values of {aspect}"
        )
        assert caught.value.hint == "apply the profiles below different roots (--root)"


def test_values_that_are_written_in_two_ways() -> None:
    """Two profiles that mean the same value do not differ."""
    one, two = app_profile("one", "x", recordsize="8K"), app_profile("two", "x")
    same = app_profile("three", "x", recordsize="8192")
    found = wanted(one, two, same)["x"]
    assert (found.values, found.profiles) == (
        {"recordsize": "8192"},
        ["one", "two", "three"],
    )


CONSENT = "consent to that loss with --allow-unsafe (allow_unsafe=True)"


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        (
            "sync",
            "disabled",
            "cannot set 'sync=disabled': with it, a crash loses confirmed writes",
            CONSENT,
        ),
        (
            "org.zfstune:policy",
            "never",
            (
                "cannot set 'org.zfstune:policy': names that begin with org.zfstune: are "
                "zfstune's own notes"
            ),
            "",
        ),
        (
            "checksum",
            "blake3",
            "cannot set 'checksum=blake3': pool 'tank' has not enabled the feature blake3",
            "`zpool get all tank` lists the features of the pool",
        ),
        (
            "redundant_metadata",
            "most",
            (
                "cannot set 'redundant_metadata=most': pool 'tank' has no second copy to "
                "repair data from"
            ),
            "use redundant_metadata=all: others need a mirror, raidz or draid",
        ),
    ],
)
def test_values_that_are_refused(name: str, value: str, message: str, hint: str) -> None:
    """A value of the call is never lessened: it is refused, with the reason."""
    pool = pool_info("disk", features=FEATURES - {"blake3"})
    with pytest.raises(PlanError) as caught:
        wanted(app_profile(), pool=pool, **{name: value})
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_one_mountpoint_for_two_profiles() -> None:
    """A path is for one profile; none is for any number of them."""
    both = app_profile("a"), app_profile("b")
    with pytest.raises(PlanError) as caught:
        wanted(*both, mountpoint="/srv")
    assert caught.value.hint == "apply the profiles one at a time"
    assert wanted(*both, mountpoint="none")["b"].values == {"mountpoint": "none"}
    assert wanted(both[0], mountpoint="/srv")["a"].values == {"mountpoint": "/srv"}


def test_names_and_values_that_zfs_would_refuse() -> None:
    """Too long a name and too large a record are refused before anything is made."""
    with pytest.raises(PlanError, match=r"cannot plan 'tank/data/a{250}': cannot use '"):
        wanted(app_profile("x", "a" * 250))
    with pytest.raises(InvalidProperty, match="the largest value here is 1M"):
        wanted(app_profile(), recordsize="4M")
    with pytest.raises(InvalidProperty, match="no such property"):
        wanted(app_profile(), nonsense="4M")

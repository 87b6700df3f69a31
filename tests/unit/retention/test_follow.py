"""The datasets that a prune looks at, and the policy that each follows."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from heirs import Heirs
from zfstune.retention.follow import select_datasets
from zfstune.retention.policy import Followed
from zfstune.retention.policy_text import parse_policy
from zfstune.values.errors import NotFound, PolicyError, PoolSuspended
from zfstune.values.frozen import replace
from zfstune.values.marks import POLICY_PROPERTY, PROFILE_PROPERTY
from zfstune.values.state import damage_of

if TYPE_CHECKING:
    from zfstune.retention.follow import Selection
    from zfstune.retention.policy import Policy
    from zfstune.values.state import Dataset


GIVEN = parse_policy("keep=9")


@pytest.fixture
def engine() -> Heirs:
    """Return a pool with a dataset below another, and one beside them."""
    return Heirs("tank", "tank/a", "tank/a/b", "tank/c")


def look(
    engine: Heirs, *datasets: str, given: Policy | None = None, **more: bool
) -> Selection:
    """Select datasets, without consent and without those below unless asked for."""
    options = {"recursive": False, "allow_zero": False} | more
    return select_datasets(engine.seam, given, datasets, pool=None, **options)


def test_a_rule_that_is_given(engine: Heirs) -> None:
    """A given policy is for the named datasets; without names, for managed ones."""
    assert look(engine, "tank/a", given=GIVEN).followed == {
        "tank/a": Followed(GIVEN, "tank/a")
    }
    below = look(engine, "tank/a", given=GIVEN, recursive=True)
    assert list(below.followed) == ["tank/a", "tank/a/b"]
    assert look(engine, given=GIVEN).followed == {}
    engine.marks["tank/c"][PROFILE_PROPERTY] = "logs"
    found = look(engine, given=GIVEN)
    assert found.followed == {"tank/c": Followed(GIVEN, "tank/c")}
    assert found.failed == {}


@pytest.mark.parametrize("text", ["never", "keep=3; match=a never", "keep=many"])
def test_what_is_for_ever_takes_its_name(engine: Heirs, text: str) -> None:
    """A given policy leaves out `never`, and unreadable ones, unless they are named."""
    engine.marks["tank/c"] |= {PROFILE_PROPERTY: "audit", POLICY_PROPERTY: text}
    engine.marks["tank/a"][PROFILE_PROPERTY] = "logs"
    found = look(engine, given=GIVEN)
    assert list(found.followed) == ["tank/a"]
    assert list(found.failed) == (["tank/c"] if text == "keep=many" else [])
    assert list(look(engine, "tank/c", given=GIVEN).followed) == ["tank/c"]


def test_what_is_stored(engine: Heirs) -> None:
    """The nearest policy above is in force, with the dataset it was set on."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=3"
    found = look(engine)
    assert {name: each.set_on for name, each in found.followed.items()} == {
        "tank/a": "tank/a",
        "tank/a/b": "tank/a",
    }
    assert set(found.read) == {"tank", "tank/a", "tank/a/b", "tank/c"}
    assert list(look(engine, "tank/a").followed) == ["tank/a"]
    for names in (("tank/c",), ("tank/a", "tank/c")):
        with pytest.raises(PolicyError, match="cannot prune 'tank/c': no rule"):
            look(engine, *names)
    del engine.marks["tank/a"][POLICY_PROPERTY]
    with pytest.raises(PolicyError, match="cannot prune: no rule"):
        look(engine)


def test_troubles_stay_where_they_are(engine: Heirs) -> None:
    """Errors are kept by dataset; the datasets before and after are followed."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=0"
    engine.marks["tank/c"][POLICY_PROPERTY] = "keep=3"
    found = look(engine)
    assert list(found.followed) == ["tank/c"]
    assert list(found.failed) == ["tank/a", "tank/a/b"]
    assert list(look(engine, allow_zero=True).followed) == ["tank/a", "tank/a/b", "tank/c"]
    found = look(engine, "tank/none", "tank/c")
    assert (list(found.followed), list(found.failed)) == (["tank/c"], ["tank/none"])
    # A dataset that cannot be read is no error for its lack of a policy.
    alone = look(engine, "tank/none")
    assert {name: type(error) for name, error in alone.failed.items()} == {
        "tank/none": NotFound
    }


def test_a_pool_that_waits_is_no_trouble_of_one(engine: Heirs) -> None:
    """A suspended pool ends the call, whether it was known or turns up on the way."""
    engine.unreadable, engine.refuses = ("dataset", "tank/c"), errno.EAGAIN
    with pytest.raises(PoolSuspended):
        look(engine)
    engine.unreadable, engine.suspended = ("", ""), True
    with pytest.raises(PoolSuspended, match=r"^cannot prune pool 'tank'"):
        look(engine, "tank/c", given=GIVEN)


def test_a_least_number_for_all(engine: Heirs) -> None:
    """The least number is added to each scope; without one nothing changes."""
    engine.marks["tank"][POLICY_PROPERTY] = "match=a daily=3; match=b keep=1"
    found = look(engine, "tank")
    assert found.with_least(None) is found
    least = parse_policy("match=a keep=7 daily=3; match=b keep=7 keep=1")
    assert found.with_least(7).followed["tank"] == Followed(least, "tank")


def test_the_pool_that_is_named(engine: Heirs) -> None:
    """Without names of datasets, those of the named pool are looked at, and no others."""
    engine.marks |= {"other": {}, "other/d": {POLICY_PROPERTY: "keep=2"}}
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=3"
    for pool, chosen in (("other", ["other/d"]), ("tank", ["tank/a", "tank/a/b"])):
        found = select_datasets(
            engine.seam, None, (), recursive=False, pool=pool, allow_zero=False
        )
        assert list(found.followed) == chosen
        assert {name.partition("/")[0] for name in found.read} == {pool}


def test_a_damaged_dataset_is_a_trouble_of_its_own(
    engine: Heirs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dataset that a listing could not read fails by name, and the others go on."""
    engine.marks["tank"][POLICY_PROPERTY] = "keep=3"
    whole = engine.dataset

    def dataset(name: str) -> Dataset:
        found = whole(name)
        return replace(found, damaged="it is damaged") if name == "tank/a/b" else found

    monkeypatch.setattr(engine, "dataset", dataset)
    found = look(engine)
    assert list(found.followed) == ["tank", "tank/a", "tank/c"]
    assert "tank/a/b" not in found.read
    assert {name: str(error) for name, error in found.failed.items()} == {
        "tank/a/b": str(damage_of(dataset("tank/a/b")))
    }


def test_a_rule_that_is_given_wins_over_stored_ones(engine: Heirs) -> None:
    """Of managed datasets, a stored keep=0 without consent is no trouble: it is unused."""
    engine.marks["tank/a"] |= {PROFILE_PROPERTY: "logs", POLICY_PROPERTY: "keep=0"}
    engine.marks["tank/c"] |= {PROFILE_PROPERTY: "logs", POLICY_PROPERTY: "daily=3"}
    found = look(engine, given=GIVEN)
    assert found.followed == {
        "tank/a": Followed(GIVEN, "tank/a"),
        "tank/c": Followed(GIVEN, "tank/c"),
    }
    assert found.failed == {}


def test_no_rule_at_all_is_told_with_a_command(engine: Heirs) -> None:
    """The hint names the first dataset without a policy, or else the pool."""
    engine.marks["tank/my own"] = {}
    for names, target in (((), "tank"), (("tank/my own", "tank/c"), "'tank/my own'")):
        with pytest.raises(PolicyError) as no:
            look(engine, *names)
        assert no.value.hint == (
            "give a rule, as in --keep 48, or store a policy, as in: "
            f"zfstune policy set {target} keep=48"
        )

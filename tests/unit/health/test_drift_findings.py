"""Findings on drift, each one whole: what programs read of it and what people read."""

from __future__ import annotations

import pytest

from judged import FIXED, judge
from model_pool import Model, app_profile, applied
from zfstune.health.drift import Asked, drift
from zfstune.health.findings import Finding
from zfstune.values.frozen import replace
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY

AGAIN = "zfstune apply app --pool tank"
BY_HAND = Finding(
    "drift-local",
    "recordsize is 16K, set by hand, and was set to 8K",
    AGAIN,
    "recordsize",
    "8192",
    "16384",
    "local",
)
BELOW = replace(
    BY_HAND,
    note="recordsize is 16K, set by hand, and should follow tank/data/app, which has 8K",
)
UNSAFE = Finding(
    "drift-inherited",
    "sync is disabled: a crash loses confirmed writes",
    "zfs set sync=standard tank",
    "sync",
    "standard",
    "disabled",
    "inherited",
    "tank",
)
FIXED_ONCE = Finding(
    "unsupported",
    "normalization is formD and should be none: it is fixed at creation",
    "create a new dataset and copy the data over: nothing else changes the value",
    "normalization",
    "none",
    "formD",
    "local",
)


def found(model: Model, *profiles: object) -> dict[str, list[Finding]]:
    """Give the findings about the two datasets, without tank/data in their names."""
    verdicts = judge(model, *profiles)  # type: ignore[arg-type]
    return {
        name.removeprefix("tank/data/"): list(verdict.findings)
        for name, verdict in verdicts.items()
        if verdict.findings
    }


def test_a_value_set_by_hand() -> None:
    """Without the profile, the remedy is a command of ZFS that sets the noted value."""
    model = applied(FIXED)
    model.local["tank/data/app"]["recordsize"] = "16384"
    assert found(model, FIXED) == {"app": [BY_HAND]}
    alone = replace(BY_HAND, hint="zfs set recordsize=8192 tank/data/app")
    assert found(model) == {"app": [alone]}


def test_a_value_set_below() -> None:
    """Without the profile, the remedy is a command of ZFS that inherits again."""
    model = applied(FIXED)
    model.local["tank/data/app/x"]["recordsize"] = "16384"
    assert found(model, FIXED) == {"app/x": [BELOW]}
    alone = replace(BELOW, hint="zfs inherit recordsize tank/data/app/x")
    assert found(model) == {"app/x": [alone]}


def test_a_value_that_is_no_longer_set() -> None:
    """The finding tells a default from a value of the dataset above, and names that."""
    model = applied(app_profile(atime="off"))
    model.mounts.clear()
    del model.local["tank/data/app"]["atime"]
    drifted = [f for f in found(model, app_profile(atime="off"))["app"] if f.about]
    default = Finding(
        "drift-inherited",
        "atime is on, the default, and was set to off here",
        AGAIN,
        "atime",
        "off",
        "on",
        "default",
    )
    assert drifted == [default]
    model.local["tank"]["atime"] = "off"
    drifted = [f for f in found(model, app_profile(atime="off"))["app"] if f.about]
    assert drifted == [
        replace(
            default,
            note="atime is off, inherited from tank, and was set to off here",
            found="off",
            source="inherited",
            origin="tank",
        )
    ]


def test_values_that_came_with_a_stream() -> None:
    """A received value is no inherited one, on the dataset itself and below it."""
    model = applied(FIXED)
    del model.local["tank/data/app"]["recordsize"]
    model.received["tank/data/app"] = {"recordsize": "8192"}
    model.received["tank/data/app/x"] = {"recordsize": "4096"}
    above = "recordsize is 8K, received, and was set to 8K"
    below = "recordsize is 4K, received, and should follow tank/data/app, which has 8K"
    assert found(model, FIXED) == {
        "app": [replace(BY_HAND, note=above, found="8192", source="received")],
        "app/x": [replace(BY_HAND, note=below, found="4096", source="received")],
    }


def test_the_profile_says_otherwise_by_now() -> None:
    """Values that were applied and that the profile has no more ask for no action."""
    model = applied(app_profile(recordsize="8K", atime="off"))
    [atime, recordsize] = found(model, app_profile(recordsize="16K"))["app"]
    assert atime == Finding(
        "overridden",
        "atime was set to off, and the profile does not ask for it",
        f"if the profile is right: {AGAIN}",
        "atime",
        None,
        "off",
        "local",
    )
    assert recordsize == Finding(
        "overridden",
        "recordsize was set to 8K, and the profile says 16K",
        f"if the profile is right: {AGAIN}",
        "recordsize",
        "16384",
        "8192",
        "local",
    )


def test_a_value_that_was_fixed_at_creation() -> None:
    """The finding has the value that the dataset was made with, wherever it is from."""
    wants = app_profile(normalization="none")
    model = Model({"tank": {}, "tank/data": {}, "tank/data/app": {}})
    model.local["tank/data/app"]["normalization"] = "formD"
    model.run(model.plan(wants).actions)
    assert found(model, wants) == {"app": [FIXED_ONCE]}
    model.local["tank"]["normalization"] = model.local["tank/data/app"].pop("normalization")
    above = replace(FIXED_ONCE, source="inherited", origin="tank")
    assert found(model, wants) == {"app": [above]}


def test_a_value_that_was_fixed_and_is_not_known() -> None:
    """A property that the dataset does not have at all is called unset."""
    wants = app_profile(normalization="formC")
    model = Model({"tank": {}, "tank/data": {}, "tank/data/app": {}})
    model.run(model.plan(wants).actions)
    [finding] = found(model, wants)["app"]
    assert finding == replace(
        FIXED_ONCE,
        note="normalization is unset and should be formC: it is fixed at creation",
        expected="formC",
        found=None,
        source="default",
    )


def test_a_value_that_nobody_asked_for_and_that_loses_data() -> None:
    """The remedy goes to the dataset that the unsafe value is set on."""
    model = applied(FIXED)
    model.local["tank"]["sync"] = "disabled"
    assert found(model, FIXED) == {name: [UNSAFE] for name in ("tank/data", "app", "app/x")}
    del model.local["tank"]["sync"]
    here = replace(UNSAFE, state="drift-local", origin="")
    hint = "zfs set sync=standard tank/data/app/x"
    model.local["tank/data/app/x"]["sync"] = "disabled"
    assert found(model, FIXED) == {"app/x": [replace(here, hint=hint, source="local")]}
    del model.local["tank/data/app/x"]["sync"]
    model.received["tank/data/app/x"] = {"sync": "disabled"}
    assert found(model, FIXED) == {"app/x": [replace(here, hint=hint, source="received")]}


def test_a_value_fixed_at_creation_beside_others() -> None:
    """A property that cannot be changed any more hides no drift of those after it."""
    wants = app_profile(casesensitivity="mixed", recordsize="8K")
    model = Model({"tank": {}, "tank/data": {}, "tank/data/app": {}})
    model.local["tank/data/app"]["casesensitivity"] = "mixed"
    model.run(model.plan(wants).actions)
    assert found(model, wants) == {}
    model.local["tank/data/app"]["recordsize"] = "16384"
    assert found(model, wants) == {"app": [BY_HAND]}
    model.local["tank/data/app"]["casesensitivity"] = "sensitive"
    fixed = FIXED_ONCE.note.replace("normalization is formD and should be none", "")
    assert found(model, wants)["app"] == [
        BY_HAND,
        replace(
            FIXED_ONCE,
            note=f"casesensitivity is sensitive and should be mixed{fixed}",
            about="casesensitivity",
            expected="mixed",
            found="sensitive",
        ),
    ]


def test_a_value_that_differs_from_note_and_profile() -> None:
    """The remedy restores the noted value, which applying the profile would not do."""
    model = applied(app_profile(recordsize="8K"))
    model.local["tank/data/app"]["recordsize"] = "16384"
    sets = "zfs set recordsize=8192 tank/data/app"
    assert found(model, app_profile(recordsize="32K")) == {
        "app": [replace(BY_HAND, hint=sets)]
    }
    assert found(model, app_profile()) == {"app": [replace(BY_HAND, hint=sets)]}


def test_a_container_that_mounts_by_now() -> None:
    """A dataset that only held others, and that the profile has by now, should mount."""
    model = applied(app_profile("app", "app/x"))
    assert model.local["tank/data/app"]["canmount"] == "off"
    model.local["tank/data/app"][PROFILE_PROPERTY] = "app"
    assert found(model, app_profile("app", "app", "app/x", atime="off"))["app"][-1] == (
        Finding(
            "overridden",
            "canmount was set to off, and the profile says on",
            f"if the profile is right: {AGAIN}",
            "canmount",
            "on",
            "off",
            "local",
        )
    )


@pytest.mark.parametrize("below", ["two", "two:seed", "zero,two"])
def test_a_value_below_one_of_several_profiles(below: str) -> None:
    """A dataset follows the one above it if they share a profile, or its variant."""
    model = applied(app_profile("one", "app", "app/x", recordsize="8K"))
    model.local["tank/data/app"][PROFILE_PROPERTY] = "one,two"
    model.local["tank/data/app/x"][PROFILE_PROPERTY] = below
    model.local["tank/data/app/x"]["recordsize"] = "16384"
    hint = "zfs inherit recordsize tank/data/app/x"
    assert found(model) == {"app/x": [replace(BELOW, hint=hint)]}
    model.local["tank/data/app/x"][PROFILE_PROPERTY] = "three"
    assert found(model) == {}


def test_a_remedy_that_is_not_known() -> None:
    """Where no command applies the profiles again, a notice has no hint."""
    model = applied(app_profile(recordsize="8K"))
    dataset = model.dataset("tank/data/app")
    [finding] = drift(dataset, Asked({"recordsize": "16384"}))
    assert (finding.state, finding.hint) == ("overridden", "")


def test_a_user_property_that_is_gone() -> None:
    """A property that somebody removed is called unset."""
    wants = app_profile(**{"org.example:note": "mine"})
    model = applied(wants)
    del model.local["tank/data/app"]["org.example:note"]
    assert found(model, wants) == {
        "app": [
            Finding(
                "drift-inherited",
                "org.example:note is unset, the default, and was set to mine here",
                AGAIN,
                "org.example:note",
                "mine",
                None,
                "default",
            )
        ]
    }


def test_datasets_that_only_hold_others_share_no_profile() -> None:
    """A dataset without a profile follows none of the values above it."""
    model = applied(app_profile("app", "a/b/app"))
    model.local["tank/data/a"][APPLIED_PROPERTY] = '{"atime":"off"}'
    model.local["tank/data/a"]["atime"] = "off"
    model.local["tank/data/a/b"]["atime"] = "on"
    assert [f for f in found(model).get("a/b", []) if f.about] == []

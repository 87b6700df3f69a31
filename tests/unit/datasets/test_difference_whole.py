"""Changes and cautions of existing datasets, each one whole."""

from __future__ import annotations

import pytest

from model_pool import Model, app_profile, applied
from zfstune.datasets.actions import Adjust, Change
from zfstune.datasets.cautions import Caution
from zfstune.values.frozen import replace
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY

APP, BELOW = "tank/data/app", "tank/data/app/x"
PROFILE = app_profile("app", "app", "app/x", recordsize="8K", atime="off")
ADOPTED = "it existed before and is adopted: its files stay as they are"
WITHDRAWN = "an earlier call gave it with -o, and this call does not"
NO_MORE = "the profile no longer asks for it"
MINE = "zfstune's own note"


def changes(model: Model, *profiles: object, **options: object) -> dict[str, list[Change]]:
    """Return the changes of a plan by dataset."""
    plan = model.plan(*profiles, **options)  # type: ignore[arg-type]
    return {a.dataset: list(a.changes) for a in plan.actions if isinstance(a, Adjust)}


@pytest.mark.parametrize("received", [False, True])
def test_a_value_that_should_be_inherited(*, received: bool) -> None:
    """The change names the dataset that sets it, and how the value came to be here."""
    model = applied(PROFILE)
    values = model.received.setdefault(BELOW, {}) if received else model.local[BELOW]
    values["recordsize"] = "16384"
    why = "the profile sets it on tank/data/app"
    note = "drift: received as 16K" if received else "drift: set by hand to 16K"
    change = Change("recordsize", "16384", None, why, drift=True, note=note)
    assert changes(model, PROFILE) == {BELOW: [change]}


def test_a_dataset_that_is_adopted() -> None:
    """All values are set on the dataset, those below are inherited, and both are noted."""
    model = Model({"tank": {}, "tank/data": {}, APP: {"atime": "off"}, BELOW: {}})
    model.local[BELOW]["atime"] = "on"
    assert changes(model, PROFILE) == {
        APP: [
            Change(
                "recordsize", "131072", "8192", "Why recordsize. And more.", note="adopted"
            ),
            Change(PROFILE_PROPERTY, None, "app", MINE),
            Change(APPLIED_PROPERTY, None, '{"atime":"off","recordsize":"8192"}', MINE),
        ],
        BELOW: [
            Change(
                "atime", "on", None, "the profile sets it on tank/data/app", note="adopted"
            ),
            Change(PROFILE_PROPERTY, None, "app", MINE),
            Change(APPLIED_PROPERTY, None, "{}", MINE),
        ],
    }
    assert model.plan(PROFILE).warnings == (Caution(APP, ADOPTED), Caution(BELOW, ADOPTED))


def test_an_adopted_dataset_that_inherits_the_value() -> None:
    """A value that is right by inheritance is set on the dataset from now on."""
    model = Model({"tank": {"atime": "off"}, "tank/data": {}, APP: {}})
    [change, *_] = changes(model, app_profile(atime="off"))[APP]
    note = "adopted: set on this dataset from now on"
    assert change == Change("atime", "off", "off", "Why atime. And more.", note=note)


def test_values_of_an_earlier_call() -> None:
    """A value that was given with -o goes, or goes back to that of the profile."""
    model = applied(PROFILE, overrides={"quota": "1G", "exec": "off", "recordsize": "16K"})
    before = model.local[APP][APPLIED_PROPERTY]
    after = '{"atime":"off","recordsize":"8192"}'
    assert changes(model, PROFILE)[APP] == [
        Change("exec", "off", None, WITHDRAWN, note=WITHDRAWN),
        Change("recordsize", "16384", "8192", "Why recordsize. And more.", note=WITHDRAWN),
        Change(APPLIED_PROPERTY, before, after, MINE),
    ]
    quota = f"quota=1G stays: {NO_MORE}, but it cannot be inherited"
    assert model.plan(PROFILE).warnings == (Caution(APP, quota),)
    model.local[APP]["exec"] = "on"
    by_hand = f"exec=on stays: {NO_MORE}, but it was set by hand"
    hint = "to drop it: `zfs inherit exec tank/data/app`"
    assert "exec" not in [c.property for c in changes(model, PROFILE)[APP]]
    assert model.plan(PROFILE).warnings == (
        Caution(APP, by_hand, hint),
        Caution(APP, quota),
    )


def test_values_of_this_call() -> None:
    """A value that is given with -o has the call as its reason."""
    asked = "asked for in this call"
    before = '{"atime":"off","recordsize":"8192"}'
    after = '{"-o":"recordsize","atime":"off","recordsize":"16384"}'
    assert changes(applied(PROFILE), PROFILE, overrides={"recordsize": "16K"}) == {
        APP: [
            Change("recordsize", "8192", "16384", asked, note=asked),
            Change(APPLIED_PROPERTY, before, after, MINE),
        ]
    }


def test_a_profile_that_says_otherwise_by_now() -> None:
    """Values go, change and come with the profile, and none of that is drift."""
    model = applied(app_profile(recordsize="8K", atime="off"))
    wants = app_profile(recordsize="16K", compression="lz4")
    assert changes(model, wants) == {
        APP: [
            Change("atime", "off", None, NO_MORE, note=NO_MORE),
            Change(
                "recordsize",
                "8192",
                "16384",
                "Why recordsize. And more.",
                note="the profile now says 16K",
            ),
            Change(
                "compression",
                "on",
                "lz4",
                "Why compression. And more.",
                note="the profile now says lz4",
            ),
            Change(
                APPLIED_PROPERTY,
                '{"atime":"off","recordsize":"8192"}',
                '{"compression":"lz4","recordsize":"16384"}',
                MINE,
            ),
        ]
    }
    assert model.plan(wants).warnings == ()
    model.referenced[APP] = 1 << 30
    [caution] = model.plan(wants).warnings
    assert caution == Caution(
        APP,
        "only data written from now on gets the new recordsize and compression",
        "to rewrite old data: dump and restore it with the application, or stop that and "
        f"run `zfstune retune {APP}` afterwards; plain cp may clone blocks, and send and "
        "receive keep them as they are",
    )


def test_drift_of_a_managed_dataset() -> None:
    """Drift is told by the note: set by hand, received, or not set here any more."""
    wants = app_profile(recordsize="8K")
    model = applied(wants)
    drifted = Change(
        "recordsize",
        "16384",
        "8192",
        "Why recordsize. And more.",
        drift=True,
        note="drift: set by hand to 16K",
    )
    model.local[APP]["recordsize"] = "16384"
    assert changes(model, wants) == {APP: [drifted]}
    del model.local[APP]["recordsize"]
    default = replace(drifted, old="131072", note="drift: no longer set here, now 128K")
    assert changes(model, wants) == {APP: [default]}
    model.local["tank"]["recordsize"] = "8192"
    note = "drift: no longer set here, now 8K from tank"
    assert changes(model, wants) == {APP: [replace(drifted, old="8192", note=note)]}
    model.received[APP] = {"recordsize": "8192"}
    note = "drift: received as 8K"
    assert changes(model, wants) == {APP: [replace(drifted, old="8192", note=note)]}


def test_another_profile_takes_over() -> None:
    """The note names the new profile, and the caution the old one."""
    model = applied(app_profile("old", "x"))
    note = Change(PROFILE_PROPERTY, "old", "new", MINE)
    assert changes(model, app_profile("new", "x")) == {"tank/data/x": [note]}
    assert model.plan(app_profile("new", "x")).warnings == (
        Caution("tank/data/x", "it was managed by profile old until now"),
    )


def test_a_container_that_becomes_a_dataset() -> None:
    """Its canmount is noted, so that a kill half way does not leave it unmountable."""
    model = applied(app_profile("app", "app/x"))
    del model.mounts[BELOW]
    assert changes(model, app_profile("app", "app", "app/x")) == {
        APP: [
            Change(
                "canmount",
                "off",
                "on",
                "it only held other datasets until now, and will be mounted",
                note="adopted",
            ),
            Change(PROFILE_PROPERTY, None, "app", MINE),
            Change(APPLIED_PROPERTY, '{"canmount":"off"}', '{"canmount":"on"}', MINE),
        ]
    }


def test_a_value_that_is_fixed_at_creation() -> None:
    """The caution has both values, and only a new dataset helps."""
    wants = app_profile(normalization="formD", recordsize="8K")
    model = applied(wants)
    model.local[APP] |= {"normalization": "none", "recordsize": "16384"}
    plan = model.plan(wants)
    assert plan.warnings == (
        Caution(
            APP,
            "normalization is none and should be formD: it is fixed at creation",
            "create a new dataset and copy the data over: nothing else changes the value",
        ),
    )
    assert [c.property for c in changes(model, wants)[APP]] == ["recordsize"]
    del model.local[APP]["normalization"]
    [caution] = model.plan(wants).warnings
    assert caution.message.startswith("normalization is unset and should be formD: ")


def test_a_container_that_was_cut_short() -> None:
    """It gets its properties and zfstune's note, and the caution names the properties."""
    model = Model({"tank": {}, "tank/data": {}})
    holds = "it is there only to hold the datasets below it"
    noted = '{"canmount":"off","mountpoint":"/data"}'
    assert changes(model, PROFILE) == {
        "tank/data": [
            Change("canmount", "on", "off", holds),
            Change("mountpoint", "/", "/data", holds),
            Change(APPLIED_PROPERTY, None, noted, MINE),
        ]
    }
    bare = "it is empty and has no properties, as if its creation was cut short"
    assert model.plan(PROFILE).warnings == (
        Caution("tank/data", f"{bare}: it gets canmount=off mountpoint=/data"),
    )
    model = applied(PROFILE)
    del model.local["tank/data"]["canmount"]
    assert changes(model, PROFILE) == {
        "tank/data": [Change("canmount", "on", "off", holds)]
    }

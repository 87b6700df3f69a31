"""The difference between a dataset and the values wanted of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import Model, app_profile, applied, said
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile

from typing import TYPE_CHECKING

from zfstune.datasets.actions import Adjust
from zfstune.datasets.applied import read_given, read_record
from zfstune.profiles.profile import DatasetProfile, Profile, Setting
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY

if TYPE_CHECKING:
    from zfstune.datasets.actions import Change
    from zfstune.datasets.plan import Plan

APP = "tank/data/app"
BELOW = "tank/data/app/x"
PROFILE = app_profile("app", "app", "app/x", recordsize="8K", atime="off")


def changes(plan: Plan) -> dict[tuple[str, str], Change]:
    """Return the changes of a plan by dataset and property, without zfstune's notes."""
    return {
        (action.dataset, change.property): change
        for action in plan.actions
        if isinstance(action, Adjust)
        for change in action.changes
        if change.property not in (PROFILE_PROPERTY, APPLIED_PROPERTY)
    }


def test_a_value_of_its_own_below_the_dataset_that_has_it() -> None:
    """The property is inherited again, and the plan says who had set it and who sets it."""
    model = applied(PROFILE)
    model.local[BELOW]["recordsize"] = "16384"
    [(where, change)] = changes(model.plan(PROFILE)).items()
    assert where == (BELOW, "recordsize")
    assert (change.old, change.new, change.drift) == ("16384", None, True)
    assert change.note == "drift: set by hand to 16K"
    assert change.why == f"the profile sets it on {APP}"
    model.run(model.plan(PROFILE).actions)
    assert "recordsize" not in model.local[BELOW]
    assert not model.plan(PROFILE).pending


def test_a_dataset_that_is_adopted_below() -> None:
    """Its own values are inherited, too, and are no drift: no profile had set them."""
    model = Model({"tank": {}, "tank/data": {}, APP: {}, BELOW: {"atime": "on"}})
    change = changes(model.plan(PROFILE))[BELOW, "atime"]
    assert (change.new, change.drift, change.note) == (None, False, "adopted")


def test_a_profile_that_moved_a_value_up() -> None:
    """A value that the profile set here before, and sets above now, is no drift."""
    earlier = app_profile("app", "app/x", atime="off")
    model = applied(earlier)
    plan = model.plan(PROFILE)
    change = changes(plan)[BELOW, "atime"]
    assert (change.new, change.drift) == (None, False)
    assert change.note == "the profile no longer asks for it here"
    [below] = [a for a in plan.actions if isinstance(a, Adjust) and a.dataset == BELOW]
    assert below.inherited == ("atime",)


@pytest.mark.parametrize("name", ["quota", "canmount", "mountpoint", "compression"])
def test_what_is_not_for_what_lies_below(name: str) -> None:
    """A quota belongs to one dataset, and a mountpoint to its administrator."""
    values = {"quota": "1048576", "canmount": "noauto", "mountpoint": "/x"}
    wants = app_profile("app", "app", "app/x", quota="1G", mountpoint="/srv")
    model = applied(wants)
    model.local[BELOW][name] = values.get(name, "lz4")
    assert (BELOW, name) not in changes(model.plan(wants))


def test_the_nearest_above_is_the_one_that_counts() -> None:
    """A dataset's own value stands, and is the one that the datasets below it inherit."""
    wants = app_profile("app", "app", recordsize="8K")
    other = app_profile("log", "app/log", "app/log/old", recordsize="1M")
    both = [wants, other]
    model = applied(*both)
    model.local["tank/data/app/log/old"]["recordsize"] = "8192"
    change = changes(model.plan(*both))["tank/data/app/log/old", "recordsize"]
    assert change.why == "the profile sets it on tank/data/app/log"
    deep = Profile(
        "deep",
        "A test",
        (
            DatasetProfile("d", (Setting("recordsize", "8K", "Why.", ""),)),
            DatasetProfile("d/e", (Setting("recordsize", "16K", "Why.", ""),)),
            DatasetProfile("d/e/f", ()),
        ),
    )
    model = applied(deep)
    model.local["tank/data/d/e/f"]["recordsize"] = "8192"
    change = changes(model.plan(deep))["tank/data/d/e/f", "recordsize"]
    assert change.why == "the profile sets it on tank/data/d/e"


def test_what_was_given_is_noted_as_such() -> None:
    """The note tells values of the call from those of the profile."""
    model = applied(PROFILE, overrides={"quota": "1G", "recordsize": "16K"})
    note = model.local[APP][APPLIED_PROPERTY]
    assert read_given(note) == {"quota": str(1 << 30), "recordsize": "16384"}
    assert read_record(note)["atime"] == "off"
    assert read_given(model.local[BELOW][APPLIED_PROPERTY]) == {}
    assert not model.plan(PROFILE, overrides={"quota": "1G", "recordsize": "16K"}).pending


def test_what_was_given_counts_until_the_next_call() -> None:
    """A call without the value takes it back, and the plan says why."""
    model = applied(PROFILE, overrides={"quota": "1G", "exec": "off", "recordsize": "16K"})
    plan = model.plan(PROFILE)
    found = changes(plan)
    said_why = "an earlier call gave it with -o, and this call does not"
    assert (found[APP, "exec"].new, found[APP, "exec"].note) == (None, said_why)
    assert (found[APP, "recordsize"].new, found[APP, "recordsize"].note) == (
        "8192",
        said_why,
    )
    assert "cannot be inherited" in said(plan, "quota").message
    model.run(plan.actions)
    assert read_given(model.local[APP][APPLIED_PROPERTY]) == {}
    assert not model.plan(PROFILE).pending


def test_a_value_that_the_file_system_itself_stores() -> None:
    """The version has no source, so it is right wherever it is the one asked for."""
    model = Model()
    model.stored["version"] = "5"
    model.run(model.plan(PROFILE, overrides={"version": "5"}).actions)
    model.local[APP].pop("version")
    assert not model.plan(PROFILE, overrides={"version": "5"}).pending


def test_two_profiles_of_one_dataset() -> None:
    """Profiles that ask for the same compose; group and mode count like properties."""

    def shared(name: str, group: str | None, mode: int | None) -> Profile:
        dataset = DatasetProfile("shared", (), None, group, mode)
        return Profile(name, "A test", (dataset,))

    one = shared("one", "app", 0o750)
    for other in (shared("two", "app", 0o750), shared("two", None, None)):
        plan = Model().plan(one, other)
        assert plan.mountpoints == {"tank/data/shared": "/data/shared"}
    for other, what in (
        (shared("two", "root", 0o750), "group"),
        (shared("two", "app", 0o755), "mode"),
    ):
        with pytest.raises(PlanError, match=f"want different values of {what}") as caught:
            Model().plan(one, other)
        assert "'one' and 'two'" in caught.value.message
        assert "--root" in caught.value.hint


def test_what_was_right_and_never_applied() -> None:
    """A value that is merely inherited is set here, and the plan says that it was right."""
    model = applied(app_profile("app", "app"))
    model.local["tank"]["compression"] = "lz4"
    change = changes(model.plan(app_profile("app", "app", compression="lz4")))[
        APP, "compression"
    ]
    assert (change.old, change.new, change.drift) == ("lz4", "lz4", False)
    assert change.note == "the value was right, but not set here"
    model.local["tank"]["compression"] = "gzip"
    change = changes(model.plan(app_profile("app", "app", compression="lz4")))[
        APP, "compression"
    ]
    assert (change.drift, change.note) == (False, "the profile now says lz4")


def test_drift_says_where_the_value_comes_from_now() -> None:
    """The plan says whether the value was set by hand, inherited or the default."""
    model = applied(PROFILE)
    model.local[APP]["recordsize"] = "16384"
    assert (
        changes(model.plan(PROFILE))[APP, "recordsize"].note == "drift: set by hand to 16K"
    )
    del model.local[APP]["recordsize"]
    note = changes(model.plan(PROFILE))[APP, "recordsize"].note
    assert note == "drift: no longer set here, now 128K"
    model.local["tank"]["recordsize"] = "1048576"
    change = changes(model.plan(PROFILE))[APP, "recordsize"]
    assert change.note == "drift: no longer set here, now 1M from tank"
    assert change.drift
    model.received[APP] = {"recordsize": "4096"}
    note = changes(model.plan(PROFILE))[APP, "recordsize"].note
    assert note == "drift: received as 4K"


@pytest.mark.parametrize(
    ("referenced", "told"), [((1 << 20) + 1, True), (1 << 20, False), (98304, False)]
)
def test_data_that_keeps_its_shape(referenced: int, *, told: bool) -> None:
    """The plan warns where there is more data than an empty filesystem holds."""
    model = applied(PROFILE)
    model.referenced[APP] = referenced
    plan = model.plan(app_profile("app", "app", "app/x", recordsize="16K", atime="on"))
    found = [c.message for c in plan.warnings if "written from now on" in c.message]
    assert found == ["only data written from now on gets the new recordsize"] * told


def test_data_that_is_there_keeps_its_shape() -> None:
    """A new recordsize on a dataset with data brings a warning: only new blocks get it."""
    model = applied(app_profile(recordsize="8K", atime="off"))
    wanted = app_profile(recordsize="16K", atime="on")
    assert not model.plan(wanted).warnings
    model.referenced["tank/data/app"] = 1 << 30
    hint = said(model.plan(wanted), "new recordsize").hint
    assert "`zfstune retune tank/data/app`" in hint
    assert not model.plan(app_profile(recordsize="8K", atime="on")).warnings


def test_what_is_fixed_at_creation_is_reported_only() -> None:
    """A create-only property that differs is a warning, never an action or a note."""
    wanted = app_profile(normalization="formD")
    model = applied(wanted)
    assert model.local["tank/data/app"]["normalization"] == "formD"
    model.local["tank/data/app"]["normalization"] = "none"
    plan = model.plan(wanted)
    assert not plan.pending
    assert "fixed at creation" in said(plan, "normalization").message


def test_a_change_of_profile_is_said() -> None:
    """A dataset that another profile managed is taken over with a warning."""
    plan = applied(app_profile("old", "x")).plan(app_profile("new", "x"))
    assert "profile old until now" in plan.warnings[0].message

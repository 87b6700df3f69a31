"""Applying: loading, planning on an engine, and carrying the actions out."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from model_pool import app_profile
from zfstune.datasets.applied import read_record
from zfstune.datasets.apply import apply, plan
from zfstune.engine._errno import engine_error
from zfstune.values.errors import EngineError, PlanError, ProfileError
from zfstune.values.marks import APPLIED_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.datasets.plan import Plan

APP = "tank/data/app"
PROFILE = app_profile(recordsize="16K", atime="off")


class Recorder(FakeEngine):
    """A pool that records each change, and refuses those of some properties."""

    def __init__(self) -> None:
        super().__init__("tank")
        self.marks["tank"] = {"mountpoint": "/tank", "canmount": "on"}
        self.refused: set[str] = set()

    def create(self, name: str, *, properties: Mapping[str, str]) -> None:
        """Make a filesystem."""
        self.calls.append(("create", (name,)))
        self.marks[name] = dict(properties)

    def set(self, name: str, properties: Mapping[str, str]) -> None:
        """Set those that are not refused; as the kernel, each for itself."""
        self.calls.append(("set", (name, *properties)))
        for prop, value in properties.items():
            if prop not in self.refused:
                self.marks[name][prop] = value
        if self.refused & properties.keys():
            raise engine_error("set", name, errno.ENOSPC)

    def inherit(self, name: str, prop: str) -> None:
        """Drop a local value."""
        self.calls.append(("inherit", (name, prop)))
        del self.marks[name][prop]

    def mount(self, name: str, *, hide: bool) -> None:
        """Mount nothing, and never over something."""
        assert not hide
        self.calls.append(("mount", (name,)))


def test_a_plan_changes_nothing() -> None:
    """Neither does a dry run, and both give the same plan."""
    engine = Recorder()
    shown: list[Plan] = []
    made = plan(PROFILE, engine=engine.seam)
    dry = apply(PROFILE, dry_run=True, engine=engine.seam, show=shown.append)
    assert dry.plan == made
    assert shown == [made]
    assert not dry.changed
    assert dry.to_dict() == {**made.to_dict(), "done": 0}
    assert engine.calls == []


def test_actions_are_carried_out_in_order() -> None:
    """Datasets are created from the top, then mounted; the values are those asked for."""
    engine = Recorder()
    result = apply(PROFILE, engine=engine.seam)
    assert engine.calls == [
        ("create", ("tank/data",)),
        ("create", (APP,)),
        ("mount", (APP,)),
    ]
    assert result.done == result.plan.actions
    assert engine.marks[APP]["recordsize"] == "16384"
    again = plan(PROFILE, engine=engine.seam)
    assert [action.to_dict()["action"] for action in again.actions] == ["mount"]


def test_a_property_that_is_given_up_is_inherited_before_others_are_set() -> None:
    """The note comes last, so that it never names a value that was not set."""
    engine = Recorder()
    apply(PROFILE, engine=engine.seam)
    engine.calls.clear()
    apply(app_profile(recordsize="32K"), engine=engine.seam)
    assert engine.calls == [
        ("inherit", (APP, "atime")),
        ("set", (APP, "recordsize")),
        ("set", (APP, APPLIED_PROPERTY)),
        ("mount", (APP,)),
    ]
    assert read_record(engine.marks[APP][APPLIED_PROPERTY]) == {"recordsize": "32768"}


def test_a_change_that_fails_half_way_notes_the_half_that_is_done() -> None:
    """The error says how many steps are done, and that the next call goes on."""
    engine = Recorder()
    apply(PROFILE, engine=engine.seam)
    engine.refused = {"quota"}
    wanted = app_profile("app", "app", "app/new", recordsize="32K", atime="off", quota="1G")
    with pytest.raises(EngineError) as caught:
        apply(wanted, engine=engine.seam)
    assert "steps are done" not in caught.value.hint
    noted = read_record(engine.marks[APP][APPLIED_PROPERTY])
    assert noted == {"atime": "off", "recordsize": "32768"}
    engine.refused.clear()
    apply(wanted, engine=engine.seam)
    assert read_record(engine.marks[APP][APPLIED_PROPERTY])["quota"] == "1073741824"


def test_an_error_after_the_first_step_counts_the_steps_that_are_done() -> None:
    """The hint is that of ZFS, and how to go on."""
    engine = Recorder()

    def refuse(name: str, *, hide: bool) -> None:
        assert not hide
        raise engine_error("mount", name, errno.EBUSY)

    engine.mount = refuse  # type: ignore[method-assign]
    with pytest.raises(EngineError) as caught:
        apply(PROFILE, engine=engine.seam)
    assert caught.value.hint.endswith("2 of 3 steps are done; run it again to go on")


def test_a_root_in_another_pool_is_refused() -> None:
    """The pool that is named and that of the root must be one."""
    engine = Recorder()
    with pytest.raises(PlanError, match="it is not in pool 'other'"):
        plan(PROFILE, pool="other", root="tank/data", engine=engine.seam)


def test_nothing_to_apply_is_an_error_unless_a_role_was_named() -> None:
    """A role without profiles has an empty plan, even on a machine without a pool."""
    engine = Recorder()
    with pytest.raises(ProfileError, match="cannot apply: no profile is named"):
        plan(engine=engine.seam)
    assert plan(roles="lb", engine=engine.seam).root == "tank/data"
    assert not plan(roles=["lb"], engine=FakeEngine().seam).pending


def test_roles_bring_their_profiles_and_tell_what_earlier_ones_left() -> None:
    """A profile that another role had applied stays, and is listed."""
    engine = Recorder()
    apply(roles="web", owner=False, engine=engine.seam)
    made = plan(roles=["db"], owner=False, engine=engine.seam)
    assert made.profiles == ("postgres",)
    assert "tank/data/www" in {leftover.dataset for leftover in made.leftovers}

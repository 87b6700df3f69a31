"""Plans of retiring: nothing that is in use goes, and each victim is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zfstune.clones.retire_plan import RETIRE_LOSSES, plan_retire
from zfstune.clones.seal import HOLD_TAG, GoldenImage, Seal
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import NONE, PropertyValue, Snapshot

if TYPE_CHECKING:
    from zfstune.clones.retire_plan import RetirePlan

IMAGE = GoldenImage("tank/a", "filesystem", Seal(7), "tank/a@golden", True, (), 1, 2)


def taken(short_name: str, clones: str = "") -> Snapshot:
    """Give a snapshot."""
    values = {"clones": PropertyValue(clones, NONE)}
    return Snapshot(f"tank/a@{short_name}", 7, 7, properties=values)


def plan(*snapshots: Snapshot, image: GoldenImage = IMAGE, **more: Any) -> RetirePlan:
    """Plan to retire tank/a."""
    holds = {"tank/a@golden": [HOLD_TAG]}
    asked = {"lose": (), "below": (), "system": False, "holds": holds, **more}
    return plan_retire(image, snapshots or (taken("golden"),), asked.pop("holds"), **asked)


def test_without_consent_it_is_only_marked() -> None:
    """The way to destroy it is said, with all words that it takes."""
    made = plan(taken("golden"), taken("mine"))
    assert (made.mark, made.victims) == (True, ())
    first, second = made.lines()
    assert first == "retire tank/a: no clone is stamped from it"
    assert second.endswith("zfstune golden retire tank/a --lose image --lose snapshots")


def test_clones_keep_it() -> None:
    """Those of its other snapshots, too; consent changes nothing."""
    made = plan(taken("golden", "tank/y,tank/x"), taken("mine", "tank/z"), lose=("image",))
    assert made.clones == ("tank/x", "tank/y", "tank/z")
    assert (made.destroy, made.victims) == (False, ())
    assert made.lines()[1:] == [f"kept by its clone tank/{x}" for x in "xyz"]


def test_with_consent_every_victim_is_named() -> None:
    """In the order of their end."""
    made = plan(taken("golden"), taken("mine"), lose=RETIRE_LOSSES)
    assert made.victims == ("tank/a@mine", "tank/a@golden", "tank/a")
    assert made.lines()[1:] == [f"destroy {name}" for name in made.victims]
    assert made.to_dict()["destroy"] == list(made.victims)
    assert made.release == "tank/a@golden"


def test_each_loss_takes_its_word() -> None:
    """Nothing is done without it, not even the mark."""
    with pytest.raises(PlanError, match="snapshots: tank/a@mine") as caught:
        plan(taken("golden"), taken("mine"), lose=("image",))
    assert caught.value.hint.endswith("lose=['image', 'snapshots']")
    with pytest.raises(PlanError, match="cannot consent to lose 'all'"):
        plan(lose=("all",))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"system": True}, "this system runs from it"),
        ({"below": ("tank/a/b",)}, "'tank/a/b' lies below it"),
        ({"holds": {"tank/a@golden": [HOLD_TAG, "mine"]}}, "is held by 'mine'"),
        ({"holds": {"tank/a@other": [HOLD_TAG]}}, "'tank/a@other' is held by"),
    ],
)
def test_what_is_in_the_way(more: dict[str, Any], reason: str) -> None:
    """It is no obstacle to the mark alone."""
    with pytest.raises(PlanError, match=reason):
        plan(lose=("image",), **more)
    assert plan(**more).mark


def test_a_run_that_was_killed_is_completed() -> None:
    """The hold, and then the snapshot, may have gone already."""
    retired = replace(IMAGE, seal=Seal(7, retired=True), held=False)
    made = plan(image=retired, holds={}, lose=("image",))
    assert (made.mark, made.release) == (False, "")
    gone = replace(retired, snapshot="")
    made = plan_retire(gone, (), {}, lose=("image",), below=(), system=False)
    assert made.victims == ("tank/a",)

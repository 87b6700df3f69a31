"""Plans of sealing: the steps that are missing, and what forbids them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.clones.seal_plan import DiskSource, plan_import, plan_seal
from zfstune.values.errors import PlanError
from zfstune.values.marks import GOLDEN_PROPERTY
from zfstune.values.state import LOCAL, Dataset, PropertyValue, Snapshot

if TYPE_CHECKING:
    from zfstune.clones.seal_plan import SealPlan


def taken(short_name: str, guid: int, *, here: bool = True) -> Snapshot:
    """Give a snapshot, which zfstune took to seal it or somebody else took."""
    values = {GOLDEN_PROPERTY: PropertyValue("sealed", LOCAL)} if here else {}
    return Snapshot(f"tank/a@{short_name}", guid, guid, properties=values)


def plan(
    short_name: str = "", *snapshots: Snapshot, mark: str = "", ro: str = "off", **more: Any
) -> SealPlan:
    """Plan to seal tank/a."""
    values = {"readonly": PropertyValue(ro, LOCAL)}
    if mark:
        values[GOLDEN_PROPERTY] = PropertyValue(mark, LOCAL)
    dataset = Dataset("tank/a", "filesystem", 1, 1, values)
    return plan_seal(dataset, short_name, snapshots, **{"held": (), **more})


def test_all_steps_in_order() -> None:
    """First nobody writes any more; the mark, by which it is used, comes last."""
    assert plan().lines() == [
        "set readonly=on on tank/a",
        "take tank/a@golden",
        "hold tank/a@golden",
        "mark tank/a as a golden image",
    ]


@given(st.integers(0, 4))
def test_the_next_run_does_what_is_left(done: int) -> None:
    """After any number of the steps."""
    steps = plan().steps
    made = plan(
        "",
        *([taken("golden", 7)] if done > 1 else []),
        ro="on" if done > 0 else "off",
        held=["tank/a@golden"] if done > 2 else [],
        mark="7" if done > 3 else "",
    )
    assert made.steps == steps[done:]
    if done == 4:
        assert made.lines() == ["tank/a is a golden image already"]


def test_a_retired_image_is_taken_back() -> None:
    """By its mark alone."""
    made = plan("", taken("golden", 7), mark="7 retired", ro="on", held=["tank/a@golden"])
    assert made.steps == ("mark tank/a as a golden image",)


def test_a_snapshot_that_is_named_is_sealed() -> None:
    """Whoever took it, and under its own name; the next run finds it without a name."""
    foreign = taken("post-install", 7, here=False)
    made = plan("post-install", foreign)
    assert (made.snapshot, made.take) == ("tank/a@post-install", False)
    again = plan("", foreign, mark="7", ro="on", held=["tank/a@post-install"])
    assert again.steps == ()


@pytest.mark.parametrize(
    ("arguments", "mark", "reason", "hint"),
    [
        (("",), "", "it exists, and zfstune did not take it", "create tank/a@golden"),
        (("none",), "", "there is no such snapshot", "golden create tank/a"),
        (("golden",), "8", "'tank/a@other' is sealed", "replicate tank/a tank/a-2"),
    ],
)
def test_what_is_refused(arguments: tuple[str], mark: str, reason: str, hint: str) -> None:
    """Each with a command that helps."""
    snapshots = (taken("golden", 7, here=False), taken("other", 8))
    with pytest.raises(PlanError, match=reason) as caught:
        plan(*arguments, *snapshots, mark=mark)
    assert hint in caught.value.hint


def test_a_snapshot_that_is_gone_can_be_sealed_anew() -> None:
    """The mark then names the new one."""
    made = plan("", mark="7", ro="on")
    assert (made.take, made.hold, made.mark) == (True, True, True)


def test_the_running_system_stays_writable() -> None:
    """It says so; the caller's own word needs no caution."""
    made = plan(system=True)
    assert not made.readonly
    assert made.cautions == ("tank/a stays writable: this system runs from it",)
    assert made.lines()[-1].startswith("caution: ")
    assert plan(writable=True, system=True).cautions == ()
    assert not plan(writable=True).readonly


def test_what_lies_below_is_not_made_read_only() -> None:
    """It would inherit that, and it is no part of the image."""
    made = plan(children=["tank/a/b"])
    assert not made.readonly
    assert made.cautions == (
        "tank/a/b: below it, and no part of the image",
        "tank/a stays writable: what lies below it would become read-only with it",
    )


@given(st.integers(1, 1 << 50), st.sampled_from([4096, 16384, 1 << 20]))
def test_a_volume_holds_its_disk(size: int, block: int) -> None:
    """In whole blocks, and no block too many."""
    disk = DiskSource("/x.raw", "raw", size, block)
    assert disk.volume_bytes % block == 0
    assert size <= disk.volume_bytes < size + block


def test_a_disk_comes_with_its_snapshot_and_mark() -> None:
    """Only the hold is left to do."""
    made = plan_import("tank/v", DiskSource("/x.raw", "raw", 5000, 16384))
    assert made.lines() == [
        "write /x.raw (raw) to tank/v (16K, in blocks of 16K)",
        "hold tank/v@golden",
    ]
    assert made.to_dict()["snapshot"] == "tank/v@golden"

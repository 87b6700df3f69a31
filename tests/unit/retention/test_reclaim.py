"""How many victims go for a target, and how much is reported as freed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filled_pool import MEGABYTE, Filled, filled, taken
from zfstune.retention.decision import Decision
from zfstune.retention.free_target import FreeTarget
from zfstune.retention.reclaim import only_as_needed, reclaims
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from zfstune.values.errors import ZfstuneError


def decided(engine: Filled, dataset: str, keep: int) -> list[Decision]:
    """Let all but the newest so many go."""
    listed = engine.snapshots(dataset, dated=True)[::-1]
    return [
        Decision(s, keep=number < keep, reasons=("r",)) for number, s in enumerate(listed)
    ]


@pytest.mark.parametrize("missing", range(1, 12))
def test_no_more_go_than_it_takes(missing: int) -> None:
    """With one victim fewer the target would be missed; the others have a reason."""
    engine = filled(12, used=90)
    some = decided(engine, "tank/a", 2)
    target = FreeTarget((10 + missing) * MEGABYTE)
    failed: dict[str, ZfstuneError] = {}
    found = only_as_needed(engine.seam, some, {"tank/a": ("tank/a", target)}, failed)
    freed = reclaims(engine.seam, ["tank/a"], found)["tank/a"]
    assert freed >= missing * MEGABYTE
    assert freed - missing * MEGABYTE <= 2 * MEGABYTE
    assert failed == {}
    assert [d.snapshot for d in found] == [d.snapshot for d in some]
    assert all(d.keep for d in found[:2])


def test_each_target_is_of_its_own_place() -> None:
    """Datasets share a target that is the same; those without one stay as decided."""
    names = ("tank/a", "tank/b", "tank/c")
    snapshots = [
        taken(10 * place + number, (9 - number) * 3600, name)
        for place, name in enumerate(names)
        for number in range(1, 9)
    ]
    engine = Filled(*snapshots, used=90)
    some = [d for name in names for d in decided(engine, name, 1)]
    target = FreeTarget(12 * MEGABYTE)
    targets = {"tank/a": ("tank", target), "tank/b": ("tank", target)}
    found = only_as_needed(engine.seam, some, targets, {})
    gone = [sum(not d.keep for d in found if d.snapshot.dataset == name) for name in names]
    assert gone[2] == 7
    assert 1 <= gone[0] + gone[1] <= 2
    assert found[16:] == tuple(some[16:])


def test_a_place_that_cannot_be_read_fails_its_datasets() -> None:
    """If the free space of a place is not known, its datasets fail; the others go on."""
    engine = filled(12)
    engine.marks["tank/b"] = {}
    some = decided(engine, "tank/a", 2)
    failed: dict[str, ZfstuneError] = {}
    target = FreeTarget(99 * MEGABYTE)
    only_as_needed(engine.seam, some, {"tank/a": ("tank/none", target)}, failed)
    assert list(failed) == ["tank/a"]
    assert isinstance(failed["tank/a"], EngineError)


def test_what_runs_would_free_is_summed_by_dataset() -> None:
    """ZFS is asked for whole runs, which also free what their snapshots share."""
    engine = filled(6)
    some = decided(engine, "tank/a", 0)
    kept = some[2]
    some[2] = Decision(kept.snapshot, keep=True, reasons=("r",))
    # runs of two and of three: 2 * 2 - 1 and 2 * 3 - 1 megabytes
    assert reclaims(engine.seam, ["tank/a", "tank"], some) == {
        "tank/a": 8 * MEGABYTE,
        "tank": 0,
    }

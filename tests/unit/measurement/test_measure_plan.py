"""Plans of measurements: order, sums, and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from made_plan import BATCHES, CANDIDATES, MIB, PLAN, POOL, QUIET
from zfstune.measurement.measure_plan import Fio, check_pool_fit, choose_fio, scratch_bytes
from zfstune.values.errors import Busy, NoSpace, PlanError, ReadOnly
from zfstune.values.frozen import replace
from zfstune.values.pool_activity import PoolActivity
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from zfstune.values.state import PoolInfo


def test_order() -> None:
    """Each candidate has one run of each number, in an order that varies."""
    rounds = [PLAN.order[at : at + 2] for at in range(0, 10, 2)]
    assert [sorted(each) for each in rounds] == [[(n, 0), (n, 1)] for n in range(5)]
    assert len({tuple(index for _, index in each) for each in rounds}) == 2
    assert replace(PLAN, seed=2).order != PLAN.order


def test_sums() -> None:
    """What is written counts both sides of the mirror; time counts fio and its warm-up."""
    data = 16 * MIB  # 8K records of a half, on two devices: filling writes it once
    small = replace(PLAN, candidates=CANDIDATES[:1], runs=1)
    pages = 16 * MIB // 8192 + BATCHES.written_pages
    assert small.written_bytes == data + pages * 8192
    assert PLAN.written_bytes > 5 * (2 * data + small.written_bytes)
    assert PLAN.seconds > 10 + 10 * 40
    assert replace(PLAN, fio=Fio(0, 0)).seconds == PLAN.seconds - 10 * 40


def test_json() -> None:
    """Programs get the same figures."""
    document = PLAN.to_dict()
    assert document["written_bytes"] == PLAN.written_bytes
    assert document["candidates"] == [
        {"recordsize_bytes": 8192, "compression": "lz4"},
        {"recordsize_bytes": 131072, "compression": "off"},
    ]


def test_scratch() -> None:
    """A run needs room for its files, for what fio appends, and for what is pinned."""
    needed = scratch_bytes(BATCHES, CANDIDATES)
    assert needed >= 3 * 16 * MIB
    assert scratch_bytes(BATCHES, CANDIDATES[:1]) < needed


@pytest.mark.parametrize(
    ("limit", "run_s"), [(None, 30), (10_000, 30), (600, 25), (400, 15)]
)
def test_fio_fits_the_limit(limit: int | None, run_s: int) -> None:
    """A limit makes runs shorter, down to three transaction groups."""
    chosen = choose_fio(5, count=10, time_limit_s=limit, only_bytes=False)
    assert chosen == Fio(run_s, 10)


def test_a_limit_that_is_too_short() -> None:
    """Runs that would see too few transaction groups are refused, with what would do."""
    with pytest.raises(PlanError, match="fewer than 3 transaction groups") as caught:
        choose_fio(5, count=10, time_limit_s=390, only_bytes=False)
    assert "--time-limit 400s" in caught.value.hint
    assert choose_fio(5, count=10, time_limit_s=1, only_bytes=True) == Fio(0, 0)


def test_pools_that_fit() -> None:
    """A quiet pool with room takes a measurement."""
    check_pool_fit(POOL, QUIET, 700 * MIB)


@pytest.mark.parametrize(
    ("info", "activity", "kind", "reason"),
    [
        (replace(POOL, readonly=True), QUIET, ReadOnly, "read-only"),
        (POOL, PoolActivity((), "scrub", 0), Busy, "being scrubbed"),
        (POOL, PoolActivity((), "resilver", 0), Busy, "resilvering"),
        (POOL, PoolActivity((), "rebuild", 0), Busy, "being rebuilt"),
        (replace(POOL, free_bytes=200 * MIB), QUIET, NoSpace, "80 % full"),
        (
            replace(POOL, free_bytes=899 * MIB),
            QUIET,
            NoSpace,
            "needs 700M, and 699M are left",
        ),
    ],
)
def test_refused_pools(
    info: PoolInfo, activity: PoolActivity, kind: type[Exception], reason: str
) -> None:
    """A pool that is busy, full or would be is refused, and the message says why."""
    with pytest.raises(kind, match=reason) as caught:
        check_pool_fit(info, activity, 700 * MIB)
    assert "tank" in str(caught.value)


def test_room_counts_parity() -> None:
    """On raidz, the same data needs more room."""
    raidz = Vdev("raidz1", 12, "normal", tuple("abc"), None, width=3, parity=1)
    with pytest.raises(NoSpace, match="it needs"):
        check_pool_fit(replace(POOL, vdevs=(raidz,)), QUIET, 500 * MIB)

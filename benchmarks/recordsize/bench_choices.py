"""Each profile's record size and compression, tried on a pool: nothing beats it in bytes.

Bytes repeat, so they are asserted. How long the whole of it took is left to
pytest-benchmark, which saves it with the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from results_table import figures_in, names_size, row_of

from zfstune.engine.open import open_engine
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.document import to_json
from zfstune.measurement.draw_up import Wishes, draw_up_plan
from zfstune.measurement.job_file import RANDOM
from zfstune.measurement.load_workload import load_workload
from zfstune.measurement.measure import measure
from zfstune.measurement.verdict import verdict_on
from zfstune.values.frozen import replace
from zfstune.values.size import parse_size

if TYPE_CHECKING:
    from typing import Any

    from places import Place
    from results_table import Figures, Row

    from zfstune.measurement.batches import Batches
    from zfstune.measurement.job_file import Workload
    from zfstune.measurement.results import Measurement


_FEWEST_PAGES = 16  # what a measurement takes
# What a measurement of a matrix writes and reads: its layouts are many, and guests slow.
_FEW_BATCHES, _FEW_READS = 2, 64


def few_places(workload: Workload, size_bytes: int, seed: int) -> Batches:
    """Choose the places of a measurement, and take the first of them.

    Nothing is written over before the counting: what a new file and an old one differ in
    is where their blocks lie, not how large they are.
    """
    batches = plan_batches(workload, size_bytes, seed)
    most = _FEW_READS if workload.facts.pattern == RANDOM else len(batches.asked)
    return replace(
        batches,
        settling=(),
        counted=batches.counted[:_FEW_BATCHES],
        asked=batches.asked[:most],
    )


def measured(pool: str, name: str, size: str, *, place: Place) -> Measurement:
    """Measure a workload's usual candidates once, in bytes.

    Args:
        pool: Name of the pool.
        name: Name of the workload.
        size: Length of the files; those of large pages or files are longer where they must.
        place: A pool that is there, or devices; a part of a matrix is measured briefly.
    """
    workload = load_workload(name)
    least = max(workload.file_bytes or 0, _FEWEST_PAGES * workload.facts.page_bytes)
    wishes = Wishes(
        name=name,
        job="",
        pool=pool,
        recordsizes=(),
        compressions=(),
        size_bytes=max(parse_size(size), least),
        runs=1,
        time_limit_s=None,
        sample="",
        only_bytes=True,
        seed=1,
    )
    choose = few_places if place.of_matrix else plan_batches
    idle_s = 5 if place.pool else 1  # nobody else writes to a pool that was just made
    with open_engine() as engine:
        plan = draw_up_plan(engine, wishes, choose_places=choose)
        plan = replace(plan, idle_s=idle_s)
        return measure(engine, plan, command=f"zfstune measure {name}")


@pytest.fixture
def found(
    benchmark: Any, *, place: Place, pool: str, name: str, size: str, figures: Figures
) -> Measurement:
    """Measure, leave the time to pytest-benchmark, and have both saved."""
    result: Measurement = benchmark.pedantic(
        measured, args=(pool, name, size), kwargs={"place": place}, rounds=1
    )
    benchmark.extra_info["measurement"] = to_json(result)
    benchmark.extra_info["verdict"] = verdict_on(result).to_dict()
    figures.update(figures_in({"benchmarks": [{"extra_info": benchmark.extra_info}]}))
    return result


def bench_choice(place: Place, found: Measurement, rows: list[Row]) -> None:
    """The model holds as measure says, and the choice is beaten for a reason alone.

    A choice that another candidate beats in bytes stays where the profile's reason names
    that record size, and so says what it is preferred for.
    """
    verdict = verdict_on(found)
    layout = place.layout or found.pool["layout"]
    assert found.chosen is not None
    rows.append(row_of(layout, int(found.pool["ashift"]), found, verdict))
    assert verdict.findings == ()
    beaten = {each.loser: each.winner for each in verdict.dominated}
    winner = beaten.get(found.chosen)
    assert winner is None or names_size(found.why, winner), beaten

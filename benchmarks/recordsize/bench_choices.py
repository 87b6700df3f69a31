"""Each profile's record size and compression, tried on a pool: nothing beats it in bytes.

Bytes repeat, so they are asserted. How long the whole of it took is left to
pytest-benchmark, which saves it with the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from results_table import figures_in, names_size, row_of

from zfstune.engine.open import open_engine
from zfstune.measurement.document import to_json
from zfstune.measurement.draw_up import Wishes, draw_up_plan
from zfstune.measurement.load_workload import load_workload
from zfstune.measurement.measure import measure
from zfstune.measurement.verdict import verdict_on
from zfstune.values.frozen import replace
from zfstune.values.size import parse_size

if TYPE_CHECKING:
    from typing import Any

    from places import Place
    from results_table import Figures, Row

    from zfstune.measurement.results import Measurement


_FEWEST_PAGES = 16  # what a measurement takes


def measured(pool: str, name: str, size: str, *, idle_s: int) -> Measurement:
    """Measure a workload's usual candidates once, in bytes.

    Args:
        pool: Name of the pool.
        name: Name of the workload.
        size: Length of the files; those of large pages or files are longer where they must.
        idle_s: How long the idle pool is watched first.
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
    with open_engine() as engine:
        plan = replace(draw_up_plan(engine, wishes), idle_s=idle_s)
        return measure(engine, plan, command=f"zfstune measure {name}")


@pytest.fixture
def found(
    benchmark: Any, *, place: Place, pool: str, name: str, size: str, figures: Figures
) -> Measurement:
    """Measure, leave the time to pytest-benchmark, and have both saved."""
    idle_s = 5 if place.pool else 1  # nobody else writes to a pool that was just made
    result: Measurement = benchmark.pedantic(
        measured, args=(pool, name, size), kwargs={"idle_s": idle_s}, rounds=1
    )
    benchmark.extra_info["measurement"] = to_json(result)
    benchmark.extra_info["verdict"] = verdict_on(result).to_dict()
    figures.update(figures_in({"benchmarks": [{"extra_info": benchmark.extra_info}]}))
    return result


def bench_choice(place: Place, found: Measurement, rows: list[Row]) -> None:
    """The model holds to a sector a record, and the choice is beaten for a reason alone.

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

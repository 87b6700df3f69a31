"""Each profile's record size and compression, tried on a pool: nothing beats it in bytes.

Bytes repeat, so they are asserted. How long the whole of it took is left to
pytest-benchmark, which saves it with the figures (``--benchmark-autosave``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.engine.open import open_engine
from zfstune.measurement.document import to_json
from zfstune.measurement.draw_up import Wishes, draw_up_plan
from zfstune.measurement.load_workload import shipped_workloads
from zfstune.measurement.measure import measure
from zfstune.measurement.verdict import verdict_on
from zfstune.values.size import parse_size

if TYPE_CHECKING:
    from typing import Any

    from zfstune.measurement.results import Measurement

NAMES = [workload.facts.name for workload in shipped_workloads()]


def measured(pool: str, name: str, size: str) -> Measurement:
    """Measure a workload's usual candidates once, in bytes."""
    wishes = Wishes(
        name=name,
        job="",
        pool=pool,
        recordsizes=(),
        compressions=(),
        size_bytes=parse_size(size),
        runs=1,
        time_limit_s=None,
        sample="",
        only_bytes=True,
        seed=1,
    )
    with open_engine() as engine:
        return measure(engine, draw_up_plan(engine, wishes), command=f"measure {name}")


@pytest.mark.parametrize("name", NAMES)
def bench_choice(
    benchmark: Any, request: pytest.FixtureRequest, pool: str, name: str
) -> None:
    """The model holds to a sector a record, and no candidate dominates the choice."""
    size = request.config.getoption("--size", default="16M")
    found = benchmark.pedantic(measured, args=(pool, name, size), rounds=1, iterations=1)
    verdict = verdict_on(found)
    benchmark.extra_info["measurement"] = to_json(found)
    benchmark.extra_info["verdict"] = verdict.to_dict()
    assert found.chosen is not None
    assert verdict.findings == ()
    beaten = {each.loser: each.winner.label for each in verdict.dominated}
    assert found.chosen not in beaten, beaten

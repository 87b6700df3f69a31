"""Each profile's record size on each layout, by the model: what beats it has a reason.

`make recordsizes` counts the same on real pools, in a guest, which takes hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from places import ASHIFTS, LAYOUTS
from results_table import names_size

from mounting_engine import MountingEngine
from zfstune.host.compressors import compressed_size
from zfstune.measurement import draw_up
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.draw_up import Wishes, draw_up_plan
from zfstune.measurement.load_workload import shipped_workloads
from zfstune.values.frozen import replace
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.measurement.data_shape import DataShape
    from zfstune.measurement.job_file import Workload
    from zfstune.measurement.measure_plan import MeasurePlan

# Four records of 1M, and 16 pages of each workload.
LEAST_BYTES = 4 << 20
SAME = 0.01
# Devices of a stripe, parity included, and those of parity; draid1 has a spare beside.
STRIPES = {"single": (1, 0), "mirror": (1, 0), "raidz1": (5, 1), "raidz2": (6, 2)} | {
    "draid1": (5, 1)
}

Record = tuple[str, int, int, int]


class Packed:
    """Records of the made data by their place alone: each is made and packed once."""

    def __init__(self) -> None:
        self._shapes: dict[str, Corpus] = {}
        self._sizes: dict[tuple[str, Record], int | None] = {}

    def corpus(self, shape: DataShape, seed: int) -> Any:
        """Give what stands for the data of a shape."""
        known, key = self._shapes, f"{shape.source} {shape.symbols} {shape.spread}"
        known.setdefault(key, Corpus(shape, seed))

        class Places:
            def read(self, file: int, offset: int, size: int) -> Record:
                return key, file, offset, size

        return Places()

    def size(self, compression: str, record: Record) -> int | None:
        """Return the size of a record."""
        if (compression, record) not in self._sizes:
            key, *place = record
            data = self._shapes[key].read(*place)
            self._sizes[compression, record] = compressed_size(compression, data)
        return self._sizes[compression, record]


PACKED = Packed()


def vdev_of(layout: str, ashift: int) -> Vdev:
    """Return the vdev that a pool of the matrix is made of."""
    devices = tuple(f"/dev/{number}" for number in range(LAYOUTS[layout][1]))
    kind = "disk" if layout == "single" else layout
    return Vdev(kind, ashift, "normal", devices, False, *STRIPES[layout])


def plan_on(folder: Path, vdev: Vdev, workload: Workload) -> MeasurePlan:
    """Draw up the plan of a workload on a pool of that vdev."""
    engine = MountingEngine(folder)
    engine.info = replace(engine.info, vdevs=(vdev,))
    pages = 16 * workload.facts.page_bytes
    size = max(LEAST_BYTES, workload.file_bytes or 0, pages)
    wishes = Wishes(workload.facts.name, pool="tank", size_bytes=size, only_bytes=True)
    return draw_up_plan(engine.seam, wishes)


@pytest.mark.parametrize("workload", shipped_workloads(), ids=lambda w: w.facts.name)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("ashift", ASHIFTS)
def test_nothing_beats_the_choice(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ashift: int,
    layout: str,
    workload: Workload,
) -> None:
    """In bytes written, read cold and stored; else the reason names the winner."""
    monkeypatch.setattr(draw_up, "module_parameters", dict)
    monkeypatch.setattr(draw_up, "Corpus", PACKED.corpus)
    monkeypatch.setattr(draw_up, "compressed_size", PACKED.size)
    plan = plan_on(tmp_path, vdev_of(layout, ashift), workload)
    figures = {
        candidate: (
            model.write_amplification,
            model.cold_read_amplification,
            model.allocated_bytes,
        )
        for candidate, model in zip(plan.candidates, plan.predictions, strict=True)
        if model is not None
    }
    assert plan.chosen is not None
    chosen = figures[plan.chosen]
    for candidate, other in figures.items():
        pairs = list(zip(other, chosen, strict=True))
        if all(its <= best * (1 + SAME) for its, best in pairs) and any(
            its < best * (1 - SAME) for its, best in pairs
        ):
            assert names_size(plan.why, candidate), (plan.chosen, chosen, candidate, other)

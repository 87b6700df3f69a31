"""What has changed since another measurement of the same workload."""

from __future__ import annotations

import json

import pytest

from made_measurement import made_measurement
from measured import MEASUREMENT
from zfstune.measurement.changes import changes_since, check_comparable
from zfstune.measurement.results import Measured
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.results import Measurement

BOTH = ((8192, "lz4"), (131072, "lz4"))


def with_counts(measurement: Measurement, factor: float, *names: str) -> Measurement:
    """Give a measurement whose first candidate has other counts."""
    first, *others = measurement.measured
    runs = tuple(
        replace(
            run,
            counts=replace(
                run.counts,
                **{name: round(getattr(run.counts, name) * factor) for name in names},
            ),
        )
        for run in first.runs
    )
    changed = Measured(first.candidate, first.predicted, runs)
    return replace(measurement, measured=(changed, *others))


def test_nothing_has_changed() -> None:
    """A measurement does not differ from itself."""
    found = made_measurement(*BOTH)
    changes = changes_since(found, found)
    assert (changes.changes, changes.circumstances) == ((), ())
    assert changes.sentences() == ["Since now: no figure differs."]


@pytest.mark.parametrize(("factor", "word"), [(1.5, "worse"), (0.5, "better")])
def test_a_figure_has_changed(factor: float, word: str) -> None:
    """It is told of the candidate alone, with the direction in which it is worse."""
    then = made_measurement(*BOTH)
    changes = changes_since(then, with_counts(then, factor, "allocated_bytes"))
    [change] = changes.changes
    assert (change.candidate.label, change.figure.name) == ("8K lz4", "space")
    assert change.ratio.mean == pytest.approx(factor, rel=0.001)
    assert changes.sentences() == [
        f"Since now: 8K lz4, space per byte: {factor:.2f} times what it was, {word}."
    ]
    assert json.loads(json.dumps(changes.to_dict()))["changes"][0]["worse"] is (factor > 1)


@pytest.mark.parametrize(("factor", "count"), [(1.08, 0), (1.2, 1)])
def test_what_moves_by_itself(factor: float, count: int) -> None:
    """What is written differs by some percent from day to day, which is no change."""
    then = made_measurement(*BOTH)
    changes = changes_since(then, with_counts(then, factor, "leaf_written_bytes"))
    assert len(changes.changes) == count


def test_too_few_runs() -> None:
    """Two runs tell that space differs, and not that what is written does."""
    then = made_measurement(*BOTH, runs=2)
    now = with_counts(then, 2, "allocated_bytes", "leaf_written_bytes")
    assert [each.figure.name for each in changes_since(then, now).changes] == ["space"]


def test_other_candidates() -> None:
    """Those that one of them lacks are not compared; where all are, that is said."""
    then = made_measurement((4096, "lz4"))
    changes = changes_since(then, made_measurement(*BOTH))
    assert changes.compared == ()
    assert "no candidate of that measurement" in changes.sentences()[0]


def test_circumstances() -> None:
    """Another kernel, pool layout or parameter is named; free space moves by itself."""
    then = replace(
        MEASUREMENT,
        pool={"layout": "mirror", "free_bytes": "5"},
        machine={"openzfs": "2.1.11"},
    )
    now = replace(
        then,
        pool={"layout": "raidz1", "free_bytes": "6"},
        machine={"openzfs": "2.4.4"},
        parameters={},
    )
    changes = changes_since(then, now)
    assert changes.circumstances == (
        ("pool layout", "mirror", "raidz1"),
        ("openzfs", "2.1.11", "2.4.4"),
        ("zfs_txg_timeout", "5", ""),
    )
    assert changes.sentences()[1:] == [
        "Since now: pool layout was mirror, is raidz1.",
        "Since now: openzfs was 2.1.11, is 2.4.4.",
        "Since now: zfs_txg_timeout was 5, is unknown.",
    ]


def test_what_says_nothing() -> None:
    """Another workload, and files of another size, are refused; the hint gives the size."""
    check_comparable(MEASUREMENT, "db", 1 << 20, "last.json")
    with pytest.raises(PlanError, match="it is about db, and this about x"):
        check_comparable(MEASUREMENT, "x", 1 << 20, "last.json")
    with pytest.raises(PlanError, match="its files have 1M, and these 2M") as caught:
        check_comparable(MEASUREMENT, "db", 2 << 20, "last.json")
    assert caught.value.hint == "measure with --size 1M"

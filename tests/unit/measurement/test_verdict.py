"""Verdicts: who wins, who is beaten, and that no winner is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from measured import COUNTS, MEASUREMENT, RUN, TIMES
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.results import Measured, Prediction
from zfstune.measurement.verdict import Dominated, verdict_on
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.measurement.results import Measurement, Run
    from zfstune.measurement.verdict import Rank

SMALL, MIDDLE, LARGE = (Candidate(size << 10, "lz4") for size in (8, 16, 128))
MODEL = Prediction(5000, 0.5, 16.0, 9, 512)


def run(number: int, *, leaf: int = 3000, p99: float = 0.01, iops: int = 2000) -> Run:
    """Return a run with some of its figures."""
    times = replace(TIMES, p99_s=p99, operations=iops)
    counts = replace(COUNTS, leaf_asked_bytes=leaf, leaf_written_bytes=leaf)
    return replace(RUN, number=number, counts=counts, times=times)


def measured(**runs: tuple[Run, ...]) -> Measurement:
    """Return a measurement of the three candidates, of which the small one is chosen."""
    by_name = {"small": SMALL, "middle": MIDDLE, "large": LARGE}
    found = tuple(Measured(by_name[name], MODEL, of) for name, of in runs.items())
    return replace(MEASUREMENT, chosen=SMALL, measured=found)


def rank(measurement: Measurement, name: str) -> Rank:
    """Return how the candidates stand on a figure."""
    (found,) = (s for s in verdict_on(measurement).ranks if s.figure.name == name)
    return found


def test_a_winner_of_counts() -> None:
    """One run is enough for counts; the profile's choice is set against the best."""
    found = rank(
        measured(small=(run(0, leaf=6000),), large=(run(0),)), "cold_read_amplification"
    )
    assert found.winners == (LARGE,)
    assert found.chosen is not None
    assert found.chosen.mean == pytest.approx(2.0)


def test_counts_that_differ_by_less_than_a_percent() -> None:
    """They do not differ, and both win."""
    found = rank(
        measured(small=(run(0, leaf=3010),), large=(run(0),)), "cold_read_amplification"
    )
    assert found.winners == (SMALL, LARGE)
    assert found.no_difference
    assert found.chosen is None


def test_written_bytes_take_three_runs() -> None:
    """They have metadata of other transaction groups in them, more or less of it."""
    runs = [tuple(run(n, leaf=leaf) for n in range(3)) for leaf in (6000, 3000)]
    few = measured(small=runs[0][:1], large=runs[1][:1])
    assert rank(few, "write_amplification").winners == ()
    enough = measured(small=runs[0], large=runs[1])
    assert rank(enough, "write_amplification").winners == (LARGE,)


def test_times_take_three_runs() -> None:
    """With two runs nobody wins on times, however far they are apart."""
    fast = tuple(run(number, p99=0.001) for number in range(3))
    slow = tuple(run(number, p99=0.1) for number in range(3))
    assert rank(measured(small=fast[:2], large=slow[:2]), "p99").winners == ()
    found = rank(measured(small=slow, large=fast), "p99")
    assert found.winners == (LARGE,)
    assert found.chosen is not None
    assert found.chosen.mean == pytest.approx(100)


def test_times_whose_intervals_overlap() -> None:
    """Where each is faster in some runs, there is no difference."""
    one = tuple(run(number, p99=p99) for number, p99 in enumerate((0.01, 0.03, 0.01)))
    other = tuple(run(number, p99=p99) for number, p99 in enumerate((0.02, 0.01, 0.02)))
    assert rank(measured(small=one, large=other), "p99").winners == (SMALL, LARGE)


def test_higher_is_better_for_operations() -> None:
    """The direction of a figure counts."""
    few = tuple(run(number, iops=100) for number in range(3))
    many = tuple(run(number, iops=900) for number in range(3))
    assert rank(measured(small=few, large=many), "iops").winners == (LARGE,)


def test_dominated() -> None:
    """A candidate that is worse somewhere and better nowhere is named, with the other."""
    found = verdict_on(
        measured(small=(run(0),), middle=(run(0, leaf=4000),), large=(run(0, leaf=2000),))
    )
    assert found.dominated == (Dominated(SMALL, LARGE), Dominated(MIDDLE, SMALL))
    cheap_and_slow = tuple(run(number, leaf=2000, p99=1.0) for number in range(3))
    dear_and_fast = tuple(run(number, leaf=4000, p99=0.1) for number in range(3))
    assert verdict_on(measured(small=cheap_and_slow, large=dear_and_fast)).dominated == ()


def test_zero_against_something() -> None:
    """A candidate that reads nothing in order to write wins over one that does."""
    none = replace(RUN, counts=replace(COUNTS, leaf_read_bytes=0))
    found = rank(measured(small=(none,), large=(run(0),)), "rewrite_reads")
    assert found.winners == (SMALL,)
    both = measured(small=(none,), large=(none,))
    assert rank(both, "rewrite_reads").winners == (SMALL, LARGE)


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"allocated_bytes": 5000 + 9 * 512}, ""),
        ({"allocated_bytes": 5000 + 9 * 529}, ""),
        ({"allocated_bytes": 5000 + 9 * 530}, "a record takes 530 bytes more"),
        ({"allocated_bytes": 5000 - 9 * 530}, "a record takes 530 bytes less"),
        ({"leaf_asked_bytes": 2800}, "a cache answered"),
        ({"idle_bytes": 200}, "others wrote to the pool as well, about 200 meanwhile"),
    ],
)
def test_findings(changed: dict[str, int], finding: str) -> None:
    """What is off by more than a sector and a 32nd of a record, or spoiled, is told."""
    odd = replace(RUN, counts=replace(COUNTS, **changed))
    found = verdict_on(measured(small=(odd,))).findings
    assert len(found) == (1 if finding else 0)
    assert finding in "".join(found)


def test_packed_records_may_be_off_by_more() -> None:
    """By a 32nd of what they take, as compressors differ; others by a sector alone."""

    def found(off_bytes: int, compression: str) -> tuple[str, ...]:
        model = Prediction(9 * 320_000, 0.5, 16.0, 9, 512)
        allocated = model.allocated_bytes + 9 * off_bytes
        odd = replace(RUN, counts=replace(COUNTS, allocated_bytes=allocated))
        huge = Measured(Candidate(1 << 20, compression), model, (odd,))
        return verdict_on(replace(measured(), measured=(huge,))).findings

    for off, compression in ((512 + 10_000, "lz4"), (512, "off")):
        assert found(off, compression) == found(-off, compression) == ()
        assert f"{off + 1} bytes more" in found(off + 1, compression)[0]
        assert f"{off + 1} bytes less" in found(-off - 1, compression)[0]


def test_files_of_one_record() -> None:
    """Where each file is one record in both candidates, neither beats the other."""

    def judged(files: int, compression: str) -> tuple[Dominated, ...]:
        model = replace(MODEL, records=8)
        small = Measured(SMALL, model, (run(0),))
        other = Measured(Candidate(16 << 10, compression), model, (run(0, leaf=2000),))
        procedure = replace(MEASUREMENT.procedure, files=files)
        whole = replace(MEASUREMENT, procedure=procedure, measured=(small, other))
        (cold,) = (
            rank
            for rank in verdict_on(whole).ranks
            if rank.figure.name == "cold_read_amplification"
        )
        assert cold.no_difference == (verdict_on(whole).dominated == ())
        return verdict_on(whole).dominated

    assert judged(8, "lz4") == ()
    assert judged(8, "zstd") != ()
    assert judged(7, "lz4") != ()


def test_vdevs_that_are_not_alike() -> None:
    """Where a record takes less on another vdev, the model's size is no rule."""
    odd = measured(small=(replace(RUN, counts=replace(COUNTS, allocated_bytes=99)),))
    assert verdict_on(odd).findings != ()
    assert verdict_on(replace(odd, pool={"alike": "no"})).findings == ()


@pytest.mark.parametrize(
    ("records", "files", "short"), [(3, 1, True), (4, 1, False), (1, 8, False)]
)
def test_a_file_of_few_records(records: int, files: int, short: bool) -> None:  # noqa: FBT001 (a case)
    """One file that holds fewer than four is said to be too short; small files are not."""
    found = measured(large=(run(0),))
    found = replace(
        found,
        procedure=replace(found.procedure, files=files),
        measured=(Measured(LARGE, replace(MODEL, records=records), (run(0),)),),
    )
    said = [text for text in verdict_on(found).findings if "so short a file" in text]
    advice = "measure with --size 512K or more"
    told = f"128K lz4: so short a file has {records} records; {advice}"
    assert said == ([told] if short else [])


def test_a_discarded_run_is_told() -> None:
    """The reason why times do not count stands among the findings."""
    found = verdict_on(measured(small=(replace(RUN, discarded="the ARC answered"),)))
    assert found.findings == ("8K lz4, run 1: its times do not count: the ARC answered",)


def test_a_finding_is_told_once() -> None:
    """What is found in several runs is one sentence, with their count and the greatest."""
    odd = [
        replace(RUN, number=n, counts=replace(COUNTS, allocated_bytes=5000 + 9 * more))
        for n, more in enumerate((600, 700, 0))
    ]
    cold = [replace(run, counts=replace(COUNTS, leaf_asked_bytes=2800)) for run in odd]
    found = verdict_on(measured(small=tuple(odd[:2]), middle=tuple(odd))).findings
    text = "a record takes up to 700 bytes more than OpenZFS's rules say"
    assert found == (f"8K lz4, all 2 runs; 16K lz4, 2 of 3 runs: {text}",)
    [cached] = verdict_on(measured(small=tuple(cold), large=tuple(cold[:1]))).findings
    assert cached.startswith("8K lz4, all 3 runs; 128K lz4, run 1: a cache answered")


def test_a_reason_with_braces() -> None:
    """A reason is told as it stands, whatever is in it."""
    found = verdict_on(measured(small=(replace(RUN, discarded="{size}"),)))
    assert found.findings == ("8K lz4, run 1: its times do not count: {size}",)


def test_json() -> None:
    """The verdict has winners and the ratio of the profile's choice by figure."""
    found = verdict_on(measured(small=(run(0, leaf=6000),), large=(run(0),))).to_dict()
    figures = found["figures"]
    assert isinstance(figures, dict)
    assert figures["cold_read_amplification"]["winners"] == [
        {"recordsize_bytes": 128 << 10, "compression": "lz4"}
    ]
    assert figures["cold_read_amplification"]["chosen_ratio"]["mean"] == pytest.approx(2.0)

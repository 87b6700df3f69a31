"""Workloads in fio's job files."""

from __future__ import annotations

import pytest

from zfstune.measurement.job_file import read_job
from zfstune.measurement.results import WorkloadFacts
from zfstune.values.errors import ProfileError

JOB = """\
# summary: pages of 8K
# profile: postgres
# dataset: postgres/data
# compressed: 4K=0.6 8K=0.5
# spread: 0.4 0.6
# symbols: 64
# like: rows of a test
# source: https://example.org/pages
# any other: comment
[global]
size=${FILE_SIZE}
numjobs=4
[tables]
rw=randrw
rwmixread=30
bs=8k
iodepth=2
fdatasync=1
time_based
"""


def test_options_and_notes() -> None:
    """The options say what it does, the comments the rest; a job adds to what is global."""
    found = read_job(JOB, "tables")
    assert found.facts == WorkloadFacts(
        name="tables",
        summary="pages of 8K",
        page_bytes=8192,
        align_bytes=8192,
        pattern="random",
        read_share=0.3,
        sync_every=1,
        depth=8,
        source="https://example.org/pages",
        job=JOB,
    )
    assert (found.profile, found.dataset, found.file_bytes) == (
        *("postgres", "postgres/data", None),
    )
    assert found.shape.fractions == {4096: 0.6, 8192: 0.5}
    assert (found.shape.spread, found.shape.symbols) == ((0.4, 0.6), 64)


@pytest.mark.parametrize(
    ("old", "new", "name", "value"),
    [
        ("rw=randrw", "rw=write", "pattern", "sequential"),
        ("# symbols", "# pattern: append\n# symbols", "pattern", "append"),
        ("rw=randrw", "rw=randwrite", "read_share", 0.0),
        ("rw=randrw", "readwrite=randread", "read_share", 1.0),
        ("rwmixread=30\n", "", "read_share", 0.5),
        ("fdatasync=1", "fsync=32", "sync_every", 32),
        ("fdatasync=1", "", "sync_every", 0),
        ("bs=8k", "bs=8k\nblockalign=512", "align_bytes", 512),
        ("bs=8k", "bs=1m", "page_bytes", 1 << 20),
    ],
)
def test_each_option(old: str, new: str, name: str, value: object) -> None:
    """Each option that counts is read in fio's own form."""
    assert getattr(read_job(JOB.replace(old, new), "x").facts, name) == value


def test_a_job_beside() -> None:
    """The first job says what is written; readers beside it count by their number."""
    found = read_job(JOB + "[readers]\nrw=read\nnumjobs=2\nbs=1m\n", "x").facts
    assert (found.page_bytes, found.pattern, found.depth) == (8192, "random", 10)
    assert found.read_share == pytest.approx((4 * 0.3 + 2 * 1.0) / 6)


def test_small_files() -> None:
    """A workload may have files of a size of their own."""
    assert read_job("# file: 16K\n" + JOB, "x").file_bytes == 16384


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("# source", "# sauce", "does not say 'source'"),
        ("bs=8k", "", "does not say 'bs'"),
        ("bs=8k", "bs=eight", "cannot use 'EIGHT' as a size"),
        ("rw=randrw", "rw=trim", "rw=trim is none of"),
        ("[tables]\n", "", "it has no job"),
        ("# symbols", "# pattern: wild\n# symbols", "an unknown pattern 'wild'"),
        ("[global]", "global", "no section headers"),
        ("8K=0.5", "8K=5", "cannot make such data"),
        ("8K=0.5", "8K=half", "could not convert"),
        ("iodepth=2", "iodepth=two", "invalid literal"),
    ],
)
def test_other_files(old: str, new: str, reason: str) -> None:
    """A file that is no such job is refused by its name."""
    with pytest.raises(ProfileError, match=reason) as caught:
        read_job(JOB.replace(old, new), "tables")
    assert "cannot read job 'tables'" in str(caught.value)

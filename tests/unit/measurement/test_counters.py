"""Counters as the kernel writes them."""

from __future__ import annotations

from zfstune.measurement.counters import parse_kstat, parse_processor, zil_counts
from zfstune.measurement.results import ZilCounts

OBJSET = """\
27 1 0x01 7 2160 5214787391 73405258558961
name                            type data
dataset_name                    7    tank/measure me
writes                          4    25
nwritten                        4    204800
zil_commit_count                4    25
zil_itx_needcopy_bytes          4    8192
zil_itx_metaslab_normal_bytes   4    12288
"""


def test_kstat() -> None:
    """Numbers by name; the name of the dataset is none, whatever it looks like."""
    found = parse_kstat(OBJSET)
    assert found["nwritten"] == 204800
    assert "dataset_name" not in found
    assert parse_kstat("") == {}


def test_zil() -> None:
    """What the log did is what its counters grew by; missing ones stand for nothing."""
    after = parse_kstat(OBJSET)
    assert zil_counts({"zil_commit_count": 5}, after, of_host=True) == ZilCounts(
        of_host=True,
        commits=20,
        copied_bytes=0,
        needcopy_bytes=8192,
        indirect_bytes=0,
        main_bytes=12288,
        slog_bytes=0,
    )


def test_processor() -> None:
    """Busy is all but idle and waiting; a guest's time is in the user's already."""
    text = "cpu  100 10 50 1000 200 5 5 1 40 2\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    assert parse_processor(text) == 171

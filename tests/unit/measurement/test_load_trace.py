"""A trace as a workload: what its operations are most of."""

from __future__ import annotations

import pytest

from recorded_traces import RECORDINGS
from zfstune.measurement.load_trace import load_replay, load_trace
from zfstune.values.errors import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def test_a_recording_becomes_a_workload() -> None:
    """Fio's own log of 8K at random, 30 % reads, a sync every fourth write."""
    facts = load_trace(str(RECORDINGS / "fio-iolog-v3.log")).facts
    assert (facts.name, facts.page_bytes, facts.align_bytes) == ("trace", 8192, 8192)
    assert (facts.pattern, facts.sync_every) == ("random", 4)
    assert facts.read_share == pytest.approx(7 / 24, abs=0.005)
    assert "fio iolog v3" in facts.source


def test_what_is_no_trace_is_no_workload(tmp_path: Path) -> None:
    """The error is that of reading the trace."""
    (tmp_path / "x").write_text("hello\n")
    with pytest.raises(InvalidValue, match="cannot read the trace"):
        load_trace(str(tmp_path / "x"))


def test_the_places_of_a_recording() -> None:
    """Fio's own log has each offset, so that all of its writes and reads are taken."""
    found = load_replay(str(RECORDINGS / "fio-iolog-v3.log"), 1 << 30)
    assert (found.page_bytes, found.recorded) == (8192, True)
    assert {size for batch in found.counted for *_, size in batch} == {8192}
    share = len(found.asked) / (len(found.asked) + found.written_pages)
    assert share == pytest.approx(7 / 24, abs=0.005)

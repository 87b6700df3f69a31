"""Bytes are counted over all streams, a rate is kept, and progress is told."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from zfstune.streams.meter import Meter

if TYPE_CHECKING:
    import pytest

    from zfstune.streams.progress import SendProgress


def test_the_real_length_takes_the_place_of_the_estimate() -> None:
    """So that all is done in the end, whatever the estimates were."""
    meter = Meter(300, 2)
    meter.passed(50)
    assert (meter.progress().done_bytes, meter.progress().total_bytes) == (50, 300)
    meter.stream_ended(100, 50)
    meter.passed(250)
    meter.stream_ended(200, 250)
    meter.dataset_ended()
    progress = meter.progress()
    assert (progress.done_bytes, progress.total_bytes) == (300, 300)
    assert (progress.datasets_done, progress.datasets) == (1, 2)


def test_what_is_read_to_be_compared_counts_as_well() -> None:
    """By its estimate first, and by what was read in the end; no rate holds it up."""
    meter = Meter(100, 1, rate_bytes_s=1)
    with meter.reading(50) as read:
        assert meter.progress().total_bytes == 150
        assert meter.progress().comparing
        read(70)
    progress = meter.progress()
    assert (progress.done_bytes, progress.total_bytes) == (70, 170)
    assert not progress.comparing
    unknown = Meter(None, 1)
    with unknown.reading(50, comparing=False) as read:
        read(1)
        assert not unknown.progress().comparing
    assert unknown.progress().total_bytes is None


def test_a_rate_over_all_streams() -> None:
    """Two streams at once get half of it each; parts are small enough to keep it."""
    meter = Meter(0, 2, rate_bytes_s=1_000_000)
    assert meter.most_bytes == 100_000
    begun = time.monotonic()
    threads = [
        threading.Thread(target=lambda: [*map(meter.passed, [50_000] * 3)])
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.29 <= time.monotonic() - begun < 3


def test_a_stop_ends_the_wait() -> None:
    """Whoever waits for the rate goes on at once."""
    meter = Meter(0, 1, rate_bytes_s=1)
    threading.Timer(0.05, meter.stop.set).start()
    begun = time.monotonic()
    meter.passed(1000)
    assert time.monotonic() - begun < 5
    assert Meter(0, 1).most_bytes == 1 << 20
    assert meter.most_bytes == 4096


def test_progress_is_told_by_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not more often, and the rate is that of the last ten seconds."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    told: list[SendProgress] = []
    meter = Meter(10_000, 1, on_progress=told.append)
    for second in range(30):
        now = 1000.5 + second
        meter.passed(100 if second < 15 else 200)
        meter.tick()
        meter.tick()
    assert len(told) == 29
    assert round(told[10].rate_bytes_s) in (100, 105, 110)
    assert round(told[-1].rate_bytes_s) == 200

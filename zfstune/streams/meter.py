"""Count the bytes of all streams of a run, keep to a rate, and tell how far it has come."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager

from zfstune.streams.progress import SendProgress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Meter"]

_WINDOW_S = 10.0  # the rate is that of the last seconds
_EVERY_S = 1.0
_PARTS_A_SECOND = 10
_PIPE_BYTES = 1 << 20
_LEAST_BYTES = 4096


class Meter:
    """Shared by all streams of one run.

    Args:
        total_bytes: The estimated bytes of all streams; None: nobody can tell.
        datasets: How many datasets there are to do.
        rate_bytes_s: The most bytes a second, over all streams; None: as many as can be.
        on_progress: Is called about once a second; None: nobody asks.

    Attributes:
        stop: Set to cut all streams off.
        most_bytes: The most bytes that should pass between two calls of :meth:`passed`.
    """

    def __init__(
        self,
        total_bytes: int | None,
        datasets: int,
        *,
        rate_bytes_s: int | None = None,
        on_progress: Callable[[SendProgress], object] | None = None,
    ) -> None:
        self.stop = threading.Event()
        part = _PIPE_BYTES if rate_bytes_s is None else rate_bytes_s // _PARTS_A_SECOND
        self.most_bytes = min(_PIPE_BYTES, max(_LEAST_BYTES, part))
        self._rate_bytes_s = rate_bytes_s
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._done_bytes = 0
        self._total_bytes = total_bytes
        self._datasets_done = 0
        self._datasets = datasets
        self._comparisons = 0
        self._free_at = 0.0  # when the next bytes may pass
        self._told_at = time.monotonic()
        self._seen = deque([(self._told_at, 0)])

    def passed(self, count: int) -> None:
        """Count bytes that have passed, and wait until more may."""
        with self._lock:
            self._done_bytes += count
            if self._rate_bytes_s is None:
                return
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + count / self._rate_bytes_s
            wait_s = self._free_at - now
        self.stop.wait(wait_s)

    def stream_ended(self, estimated_bytes: int, passed_bytes: int) -> None:
        """Take the real length of a stream for its estimate."""
        with self._lock:
            if self._total_bytes is not None:
                self._total_bytes += passed_bytes - estimated_bytes

    @contextmanager
    def reading(
        self, estimated_bytes: int, *, comparing: bool = True
    ) -> Iterator[Callable[[int], None]]:
        """Count what a block reads again, to compare it; no rate holds that up.

        Args:
            estimated_bytes: The bytes that it will read.
            comparing: Whether progress says that contents are compared.

        Yields:
            A function to call with the number of bytes each time some were read.
        """
        counted = 0

        def read(count: int) -> None:
            nonlocal counted
            with self._lock:
                counted += count
                self._done_bytes += count

        with self._lock:
            self._comparisons += comparing
            if self._total_bytes is not None:
                self._total_bytes += estimated_bytes
        try:
            yield read
        finally:
            self.stream_ended(estimated_bytes, counted)
            with self._lock:
                self._comparisons -= comparing

    def dataset_ended(self) -> None:
        """Count a dataset as done."""
        with self._lock:
            self._datasets_done += 1

    def tick(self) -> None:
        """Tell how far the run has come, if a second has passed since the last time."""
        now = time.monotonic()
        if self._on_progress is not None and now - self._told_at >= _EVERY_S:
            self._told_at = now
            self._on_progress(self.progress())

    def telling(self) -> Callable[[int], None]:
        """Return what counts bytes, and tells of them; for the caller's thread."""

        def passed(count: int) -> None:
            self.passed(count)
            self.tick()

        return passed

    def progress(self) -> SendProgress:
        """Return how far the run has come."""
        now = time.monotonic()
        with self._lock:
            self._seen.append((now, self._done_bytes))
            while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW_S:  # noqa: PLR2004 (the first and the last)
                self._seen.popleft()
            since, before = self._seen[0]
            return SendProgress(
                done_bytes=self._done_bytes,
                total_bytes=self._total_bytes,
                rate_bytes_s=(self._done_bytes - before) / max(1e-9, now - since),
                datasets_done=self._datasets_done,
                datasets=self._datasets,
                comparing=self._comparisons > 0,
            )

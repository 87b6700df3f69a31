"""Keep the kernel from making threads, so that a process can be killed as it waits for one.

kthreadd makes all threads of the kernel, one after the other. Here it may run on one
processor alone, which a process of a higher priority never leaves; the test and what it
starts have the other one.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["no_new_threads", "waiting_for_a_thread"]

KTHREADD = 2
FREE, BUSY = 0, 1  # the processors: kthreadd has to wait for the second one
_LIMIT = Path("/proc/sys/kernel/sched_rt_runtime_us")


@contextmanager
def no_new_threads() -> Iterator[None]:
    """Have whoever asks the kernel for a thread of its own wait until the block ends.

    It goes on soon after that, and everything else goes on meanwhile.
    """
    limit, anywhere = _LIMIT.read_text(), os.sched_getaffinity(KTHREADD)
    own = os.sched_getaffinity(0)
    spinning = os.fork()
    if spinning == 0:
        os.sched_setaffinity(0, {BUSY})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        while True:
            pass
    try:
        os.sched_setaffinity(0, {FREE})
        os.sched_setaffinity(KTHREADD, {BUSY})
        _LIMIT.write_text("-1")  # nothing is kept for processes of a lower priority
        yield
    finally:
        os.kill(spinning, signal.SIGKILL)
        os.waitpid(spinning, 0)
        _LIMIT.write_text(limit)
        os.sched_setaffinity(KTHREADD, anywhere)
        os.sched_setaffinity(0, own)


def waiting_for_a_thread(call: str) -> int:
    """Wait until a process waits for a thread within a call of the kernel; give its id."""
    for _ in range(600):
        for task in Path("/proc").glob("[0-9]*/task/*"):
            with suppress(OSError):
                stack = (task / "stack").read_text()
                if call in stack and "kthread_create" in stack:
                    return int(task.parts[2])
        time.sleep(0.1)
    raise AssertionError(f"nobody waits for a thread in {call}()")

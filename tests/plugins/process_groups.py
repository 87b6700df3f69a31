"""The processes of a group, which outlive the one that was started and killed."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from thread_states import blocked, told

__all__ = ["members", "wait_until_ended"]

_LONGEST_S = 180


def members(group: int) -> list[int]:
    """Give the processes of a group of which a thread still runs.

    A process whose first thread has ended is a zombie, and its others may be in a call
    of the kernel: it counts until they have ended as well.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # The name, in parentheses, may hold blanks and parentheses of its own.
            after_name = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2]
            state, _, its_group = after_name.split()[:3]
            ended = state in "ZX" and len(list((folder / "task").iterdir())) < 2
            if int(its_group) == group and not ended:
                found.append(int(folder.name))
    return found


def wait_until_ended(group: int) -> int:
    """Wait for the end of all processes of a group.

    A command works in a child of its first process. A kill of the first is passed on by
    the kernel, and where the child is in an ioctl, it ends when that does: until then
    datasets still come and go.

    Returns:
        How many were left at the first look.

    Raises:
        AssertionError: Some have not ended after minutes; it says what they wait for.
    """
    until = time.monotonic() + _LONGEST_S
    first = left = members(group)
    while left:
        if time.monotonic() > until:
            states = "\n".join(map(told, left))
            raise AssertionError(f"still there:\n{states}\n{blocked()}")
        time.sleep(0.05)
        left = members(group)
    return len(first)

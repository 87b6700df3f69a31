"""Work in a child that kills itself at a chosen call to the file system."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["kill_at_each_change"]

# The events of Python's audit that stand before a change of files, and before a lock.
CHANGES = frozenset(
    {
        *("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink"),
        *("os.link", "os.chmod", "os.truncate", "fcntl.flock"),
    }
)


def kill_at_each_change(
    work: Callable[[], object], after: Callable[[], object], most: int = 200
) -> int:
    """Have work killed before its first change, its second, and so on to its end.

    Args:
        work: It is begun in a new child each time.
        after: Called after each of these children is dead.
        most: More changes than these are a fault of the test.

    Returns:
        The number of kills.
    """
    for number in range(most):
        killed = _killed(work, number)
        after()
        if not killed:
            return number
    raise AssertionError(f"after {most} kills it has not ended")


def _killed(work: Callable[[], object], number: int) -> bool:
    """Run work in a child that dies before a change; tell whether it came so far."""
    child = os.fork()
    if child == 0:
        left = number

        def hook(event: str, _: object) -> None:
            nonlocal left
            if event in CHANGES:
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

        try:
            sys.addaudithook(hook)
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 (said here, or nowhere)
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), code
    return code != 0

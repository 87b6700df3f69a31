"""Make many calls at the same time, each of which waits for a transaction of the pool.

The calls of all threads share the transaction groups that they wait for: a thousand
clones, made one after the other, would take a thousand of them.
"""

from __future__ import annotations

import queue
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    Item = TypeVar("Item")

__all__ = ["in_parallel"]

_MOST_THREADS = 64
_LOOK_S = 0.2


def in_parallel(work: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Do the work for each item; the first error ends it.

    No work begins after an error or Ctrl-C; what is under way is waited for.

    Raises:
        BaseException: The first error of the work.
    """
    todo: queue.SimpleQueue[Item] = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    stop = threading.Event()
    errors: list[BaseException] = []

    def run() -> None:
        while not stop.is_set():
            try:
                item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                work(item)
            except BaseException as error:  # noqa: BLE001 (raised again by the caller's thread)
                errors.append(error)
                stop.set()

    # Daemons: in a suspended pool a call never returns, and a second interruption must
    # still be able to end this process.
    count = min(_MOST_THREADS, todo.qsize())
    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():  # a join without a limit could not be interrupted
                thread.join(_LOOK_S)
    except BaseException:
        stop.set()
        for thread in threads:
            thread.join()
        raise
    if errors:
        raise errors[0]

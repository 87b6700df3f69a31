"""Do many pieces of work at once, each after those that it needs."""

from __future__ import annotations

import queue
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["work_through"]

_LOOK_S = 0.5


def work_through(
    needs: Mapping[str, Iterable[str]],
    work: Callable[[str], object],
    *,
    jobs: int,
    stop: threading.Event,
    tick: Callable[[], object] = lambda: None,
) -> None:
    """Do pieces of work in threads, and wait for them in the caller's.

    An exception of a piece, or Ctrl-C here, ends it all: no other piece is begun, those
    that are under way are told to stop, and the exception is raised once they have.

    Args:
        needs: Each piece, and the pieces that have to be done before.
        work: Does a piece.
        jobs: How many are done at once.
        stop: Is set to tell the work to stop.
        tick: Is called in the caller's thread about twice a second.
    """
    left = {name: {*before} & needs.keys() for name, before in needs.items()}
    running: dict[str, threading.Thread] = {}
    ended: queue.SimpleQueue[tuple[str, BaseException | None]] = queue.SimpleQueue()

    def run(name: str) -> None:
        try:
            work(name)
        except BaseException as error:  # noqa: BLE001 (raised again by the caller's thread)
            ended.put((name, error))
        else:
            ended.put((name, None))

    try:
        while left or running:
            ready = [name for name, before in left.items() if not before]
            for name in ready[: jobs - len(running)]:
                del left[name]
                # A daemon thread: in a suspended pool a receive never returns, and a
                # second interruption must still be able to end this process.
                running[name] = threading.Thread(target=run, args=(name,), daemon=True)
                running[name].start()
            try:
                name, error = ended.get(timeout=_LOOK_S)
            except queue.Empty:
                tick()
                continue
            del running[name]
            for before in left.values():
                before.discard(name)
            if error is not None:
                raise error  # noqa: TRY301 (it ends the others, as Ctrl-C does)
            tick()
    except BaseException:
        stop.set()
        for thread in running.values():
            thread.join()
        raise

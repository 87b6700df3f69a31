"""Many calls at once: each is made, and the first error ends them."""

from __future__ import annotations

import threading

import pytest

from zfstune.host.in_parallel import in_parallel


def test_each_item_is_done_once() -> None:
    """However many there are; none is fine, too."""
    done: list[int] = []
    in_parallel(done.append, range(500))
    assert sorted(done) == list(range(500))
    in_parallel(done.append, ())


def test_they_are_under_way_together() -> None:
    """A call that waits for all the others gets to its end."""
    barrier = threading.Barrier(8, timeout=10)
    in_parallel(lambda _: barrier.wait(), range(8))


def test_the_first_error_is_raised_and_no_work_begins_after_it() -> None:
    """The rest is left for the next run."""
    done: list[int] = []

    def work(number: int) -> None:
        if number == 0:
            raise ValueError("no")
        done.append(number)

    with pytest.raises(ValueError, match="no"):
        in_parallel(work, range(100_000))
    assert len(done) < 100_000 - 1


def test_an_interruption_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the caller's thread: no further work begins, and the threads end."""
    done: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(number: int) -> None:
        begun.set()
        go_on.wait(10)
        done.append(number)

    join = threading.Thread.join

    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        begun.wait(10)
        if timeout is not None:
            go_on.set()
            raise KeyboardInterrupt
        join(thread)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        in_parallel(work, range(100_000))
    assert len(done) < 100_000

"""Pieces of work in threads: in order, at once, and ended together."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from zfstune.streams.work_through import work_through


def test_each_comes_after_those_that_it_needs() -> None:
    """All are done, needs first; a need that is no piece counts for nothing."""
    done: list[str] = []
    needs = {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": ["elsewhere"]}
    work_through(needs, done.append, jobs=3, stop=threading.Event())
    assert (done[0], {*done[1:3]}, done[3:]) == ("a", {"b", "c"}, ["d"])


@pytest.mark.parametrize("jobs", [1, 3])
def test_as_many_at_once_as_asked_for(jobs: int) -> None:
    """No more, and no fewer where there is enough to do."""
    lock, running, most = threading.Lock(), 0, 0

    def work(_: str) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    needs: dict[str, list[str]] = {str(number): [] for number in range(9)}
    work_through(needs, work, jobs=jobs, stop=threading.Event())
    assert most == jobs


def test_an_exception_ends_all() -> None:
    """Work that is under way is told to stop, and no other is begun."""
    stop = threading.Event()
    seen: list[str] = []

    def work(name: str) -> None:
        seen.append(name)
        if name == "bad":
            raise KeyError(name)
        assert stop.wait(5)

    with pytest.raises(KeyError, match="bad"):
        work_through({"slow": [], "bad": [], "next": ["slow"]}, work, jobs=2, stop=stop)
    assert sorted(seen) == ["bad", "slow"]
    assert stop.is_set()


def test_interrupted() -> None:
    """Ctrl-C reaches the caller's thread at once, and ends the work."""
    stop = threading.Event()
    begun = time.monotonic()
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        work_through({"slow": []}, lambda _: stop.wait(20), jobs=1, stop=stop)
    timer.join()
    assert time.monotonic() - begun < 5


def test_the_caller_is_called_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while nothing ends."""
    monkeypatch.setattr("zfstune.streams.work_through._LOOK_S", 0.01)
    enough = threading.Event()
    threads: list[threading.Thread] = []

    def tick() -> None:
        threads.append(threading.current_thread())
        if len(threads) > 3:
            enough.set()

    work_through(
        {"slow": []}, lambda _: enough.wait(5), jobs=1, stop=threading.Event(), tick=tick
    )
    assert enough.is_set()
    assert {*threads} == {threading.current_thread()}

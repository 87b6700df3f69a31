"""A retune that is killed, and one beside programs that write: nothing is lost."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from retuned_dataset import (
    NEW,
    OLD,
    K,
    block_bytes,
    left_in,
)
from zfstune.measurement.retuning import retune as retuning
from zfstune.measurement.retuning.swap import put_in_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from retuned_dataset import Idle, Place, Run
    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytest_plugins = ["retuned_fixtures"]

# Where a run is killed: in a call of that function of a module of retuning.
MOMENTS = [
    ("copy", "copy_content", 1),
    ("copy", "write_attributes", 3),
    ("swap", "check_copy", 1),
    ("retune", "put_in_place", 2),
    ("spare", "exchange_names", 2),
    ("spare", "exchange_names", 3),
    ("spare", "exchange_names", 4),
    ("retune", "watch", 1),
    ("retune", "drop_originals", 1),
    ("retune", "drop_originals", 3),
]


def killed(name: str, idle: Idle, moment: tuple[str, str, int]) -> None:
    """Kill a run, in a process of its own."""
    where, function, after = moment
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, moment
        return
    try:
        module = importlib.import_module(f"zfstune.measurement.retuning.{where}")
        real, calls = getattr(module, function), []

        def trap(*args: object, **more: object) -> object:
            calls.append(args)
            if len(calls) == after:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **more)

        setattr(module, function, trap)
        zfstune.retune(name, choice=zfstune.Retuning(idle=bool(idle), keep_free="1M"))
    finally:
        os._exit(1)


def test_a_killed_run_is_completed(
    place: Place, engine: Engine, idle: Idle, run: Run
) -> None:
    """Killed at each of ten moments, a run loses nothing, and the next one completes it."""
    name, folder = place
    content = {}
    for number in range(3):
        first = folder / f"{number}"
        first.write_bytes(os.urandom(200 * K))
        for link in ("x", "y"):
            os.link(first, folder / f"{number}{link}")
        content[number] = first.read_bytes()
    for turn, moment in enumerate(MOMENTS):
        engine.set(name, {"recordsize": ("8K", "128K")[turn % 2]})
        killed(name, idle, moment)
        assert left_in(folder) != [], moment
        for number, data in content.items():
            for link in ("", "x", "y"):
                assert (folder / f"{number}{link}").read_bytes() == data, moment
        done = run(name)
        assert (done.left, left_in(folder)) == ((), []), moment
        for number, data in content.items():
            paths = [folder / f"{number}{link}" for link in ("", "x", "y")]
            assert {block_bytes(path) for path in paths} == {(NEW, OLD)[turn % 2]}
            assert len({path.stat().st_ino for path in paths}) == 1
            assert paths[0].stat().st_nlink == 3
            assert paths[0].read_bytes() == data


WRITER = """\
import os, random, sys, time
folder, seconds = sys.argv[1], float(sys.argv[2])
until, last = time.monotonic() + seconds, {}
while time.monotonic() < until:
    name = f"{random.randrange(6)}"
    text = os.urandom(150 << 10)
    how = random.randrange(3)
    if how == 0:
        with open(f"{folder}/{name}", "r+b") as file:
            file.write(text); file.truncate()
    elif how == 1:
        with open(f"{folder}/{name}.new", "wb") as file:
            file.write(text)
        os.rename(f"{folder}/{name}.new", f"{folder}/{name}")
    else:
        try: os.unlink(f"{folder}/{name}")
        except FileNotFoundError: pass
        with open(f"{folder}/{name}", "xb") as file:
            file.write(text)
    last[name] = text
    time.sleep(random.random() / 20)
for name, text in last.items():
    assert open(f"{folder}/{name}", "rb").read() == text, name
print("all there")
"""


def test_a_busy_writer_loses_nothing(
    place: Place, engine: Engine, idle: Idle, run: Run
) -> None:
    """While a program writes, replaces and removes files, each has what it wrote last.

    A release that cannot exchange two names is not let loose beside one.
    """
    name, folder = place
    for number in range(6):
        (folder / f"{number}").write_bytes(os.urandom(150 * K))
    if idle:
        engine.set(name, {"recordsize": "8K"})
        with pytest.raises(zfstune.PlanError, match="cannot exchange two names"):
            zfstune.retune(name, engine=engine)
        return
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, folder, "4"], stdout=subprocess.PIPE, text=True
    )
    sizes, done, left = ["8K", "16K", "32K", "128K"], 0, 0
    turn = 0
    while writer.poll() is None:
        engine.set(name, {"recordsize": sizes[turn % 4]})
        result = run(name)
        done, left, turn = done + result.done, left + len(result.left), turn + 1
    assert writer.communicate()[0] == "all there\n"
    assert done > 0
    assert left > 0
    assert left_in(folder) == []


def test_who_asks_for_the_old_file_gets_it(
    place: Place, engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that looked up the file before the exchange and opens it after it."""
    name, folder = place
    old = folder / "old"
    old.write_bytes(os.urandom(300 * K))
    engine.set(name, {"recordsize": "8K"})
    looked_up = os.open(old, os.O_PATH)
    opener: list[subprocess.Popen[bytes]] = []

    def put_and_ask(spare: Any, copied: Any, placed: Any) -> None:
        put_in_place(spare, copied, placed)
        script = f"f = open('/proc/{os.getpid()}/fd/{looked_up}', 'r+b'); f.write(b'mine')"
        opener.append(subprocess.Popen([sys.executable, "-c", script]))
        time.sleep(2)  # it waits in open() by now

    monkeypatch.setattr(retuning, "put_in_place", put_and_ask)
    done = run(name)
    assert opener[0].wait() == 0
    os.close(looked_up)
    assert [left.reason for left in done.left] == [
        "a program opened it at the moment of the exchange"
    ]
    assert old.read_bytes()[:4] == b"mine"
    assert left_in(folder) == []

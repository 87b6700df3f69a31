"""A call in which the kernel reads or writes a stream shares no descriptors.

A kill that comes while the kernel makes a thread for such a call is forgotten, and then
only the other end of the stream ends it: see native/stream_thread.c.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

# It has both ends of a pipe, as a command has that sends and receives, and stalls.
PROGRAM = """
import os, sys, threading, time
from zfstune.engine.kernel import KernelEngine
engine = KernelEngine()
read_end, write_end = os.pipe()
way, name = sys.argv[1:]
if way == "send":
    work = lambda: engine.send(name, write_end)
else:
    os.write(write_end, sys.stdin.buffer.read(4096))
    work = lambda: engine.receive(name, read_end)
threading.Thread(target=work, daemon=True).start()
print(os.readlink(f"/proc/self/fd/{read_end}"), flush=True)
time.sleep(600)
"""


def tables(pid: int) -> list[list[str]]:
    """Give what the descriptors of each thread are, but for those that went meanwhile."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found.append([str(fd.readlink()) for fd in (task / "fd").iterdir()])
        except OSError:
            continue
    return found


def stream_of_the_call(pid: int) -> str:
    """Wait for a thread that has ZFS and one end of a pipe alone; give that pipe."""
    for _ in range(600):
        for table in tables(pid):
            others = [name for name in table if name != "/dev/zfs"]
            if "/dev/zfs" in table and len(others) == 1:
                return others[0]
        time.sleep(0.1)
    raise AssertionError(f"no thread has ZFS and a stream alone: {tables(pid)}")


@pytest.fixture
def snapshot(dataset: str, engine: Engine) -> str:
    """Take a snapshot that no pipe holds."""
    (Path("/") / dataset / "file").write_bytes(os.urandom(4 << 20))
    name = f"{dataset}@1"
    engine.take_snapshots([name])
    return name


@pytest.fixture
def start(
    snapshot: str, dataset: str, engine: Engine, tmp_path: Path
) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Give a function that starts a program which stalls in a call."""
    started: list[subprocess.Popen[str]] = []

    def start(way: str) -> subprocess.Popen[str]:
        stream = tmp_path / "stream"
        with stream.open("wb") as sink:
            engine.send(snapshot, sink.fileno())
        target = f"{dataset}/{secrets.token_hex(4)}@1"
        argv = [sys.executable, "-c", PROGRAM, way, snapshot if way == "send" else target]
        with stream.open("rb") as source:
            process = subprocess.Popen(
                argv, stdin=source, stdout=subprocess.PIPE, text=True
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("way", ["send", "receive"])
def test_the_other_end_is_not_its_own(
    start: Callable[[str], subprocess.Popen[str]], way: str, pool: str, engine: Engine
) -> None:
    """Its thread has the stream and ZFS; a kill leaves nothing that is busy.

    A receive reads what the thread that checks the stream passes on. That one alone has
    the other end.
    """
    process = start(way)
    assert process.stdout is not None
    given = process.stdout.readline().strip()
    stream = stream_of_the_call(process.pid)
    if way == "send":
        assert stream == given
    else:
        assert stream != given
        assert sum({given, stream} == set(table) for table in tables(process.pid)) == 1
        assert all(table.count(stream) < 2 for table in tables(process.pid))
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    for found in engine.datasets(pool):
        for taken in engine.snapshots(found.name):
            assert engine.holds(taken.name) == {}

"""A process that is killed while OpenZFS makes a thread for it ends all the same.

spl_kthread_create() in module/os/linux/spl/spl-thread.c tries again where a signal broke
it off, and clears the mark that a signal is there: the thread that asked goes on, and
waits for its pipe although it was killed. It ends when the pipe does: see
native/stream_thread.c. tests/lab/test_stream_thread.py asks for what that file promises on
any machine.
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

from kernel_threads import no_new_threads, waiting_for_a_thread
from thread_states import told
from zfstune.streams.remote.frames import DATA, MESSAGE, frame_header
from zfstune.streams.remote.requests import SideCall, write_request

if TYPE_CHECKING:
    from typing import IO

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.two_processors

MIB = 1 << 20
ZFSTUNE = [sys.executable, "-P", "-m", "zfstune"]


@pytest.fixture
def source(dataset: str, engine: Engine) -> str:
    """Give a dataset with a snapshot."""
    (Path("/") / dataset / "file").write_bytes(os.urandom(4 * MIB))
    engine.take_snapshots([f"{dataset}@1"])
    return dataset


@pytest.fixture
def stream(source: str) -> bytes:
    """Give the beginning of a stream, which fits one frame of a client."""
    argv = ["zfs", "send", f"{source}@1"]
    whole = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout
    return whole[: MIB // 2]


@pytest.fixture
def target(source: str) -> str:
    """Name a dataset that is not there yet."""
    return f"{source.partition('/')[0]}/{secrets.token_hex(4)}"


def kill_as_it_waits(call: str) -> int:
    """Kill the process that waits for a thread in a call of the kernel; give its id."""
    pid = waiting_for_a_thread(call)
    os.kill(pid, signal.SIGKILL)
    time.sleep(1)  # it asks for the thread again meanwhile
    return pid


def see_it_end(pid: int) -> None:
    """See that a process that was killed has no thread left, reaped or not."""
    for _ in range(600):
        tasks = list(Path(f"/proc/{pid}/task").glob("*"))
        states = [t for t in tasks if not _is_zombie(t)]
        if not states:
            return
        time.sleep(0.1)
    raise AssertionError(f"still there:\n{told(pid)}")


def _is_zombie(task: Path) -> bool:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def begin(stream: bytes, sink: IO[bytes]) -> None:
    """Write what a process needs to begin, and leave the pipe open."""
    sink.write(stream)
    sink.flush()


def test_receive(stream: bytes, target: str) -> None:
    """From a pipe that stays open."""
    receiving = subprocess.Popen([*ZFSTUNE, "receive", target], stdin=subprocess.PIPE)
    assert receiving.stdin is not None
    with no_new_threads():
        begin(stream, receiving.stdin)
        pid = kill_as_it_waits("dmu_recv_stream")
    see_it_end(pid)
    receiving.stdin.close()
    receiving.wait()


def test_serve(stream: bytes, target: str) -> None:
    """From a client that stays, and goes on to wait for the answer."""
    serving = subprocess.Popen(
        [*ZFSTUNE, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert serving.stdin is not None
    assert serving.stdout is not None
    assert serving.stdout.readline().startswith(b"zfstune-serve ")
    arguments = {"snapshot": f"{target}@1", "origin": "", "raw": False}
    arguments |= {"losing": None, "properties": None}
    request = write_request(SideCall("receive", arguments))
    message = frame_header(MESSAGE, len(request)) + request
    with no_new_threads():
        begin(message + frame_header(DATA, len(stream)) + stream, serving.stdin)
        pid = kill_as_it_waits("dmu_recv_stream")
    see_it_end(pid)
    serving.stdin.close()
    serving.stdout.close()
    serving.wait()

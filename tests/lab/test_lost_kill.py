"""A process that is killed while OpenZFS makes a thread for it ends all the same.

spl_kthread_create() in module/os/linux/spl/spl-thread.c tries again where a signal broke
it off, and clears the mark that a signal is there: the thread that asked goes on, and
waits for its pipe although it was killed. It ends when the pipe does: see
native/stream_thread.c.
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

from kernel_threads import no_new_threads, told, waiting_for_a_thread

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

MIB = 1 << 20
ZFSTUNE = [sys.executable, "-P", "-m", "zfstune"]


@pytest.fixture
def source(dataset: str, engine: Engine) -> str:
    """Give a dataset with a snapshot."""
    (Path("/") / dataset / "file").write_bytes(os.urandom(4 * MIB))
    engine.take_snapshots([f"{dataset}@1"])
    return dataset


@pytest.fixture
def target(source: str) -> str:
    """Name a dataset that is not there yet."""
    return f"{source.partition('/')[0]}/{secrets.token_hex(4)}"


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a program in the place of ssh that runs the command on this machine."""
    program = tmp_path / "ssh"
    program.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("ZFSTUNE_SSH", str(program))


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


def test_receive(source: str, target: str) -> None:
    """From a pipe that stays open."""
    stream = subprocess.run(
        ["zfs", "send", f"{source}@1"], stdout=subprocess.PIPE, check=True
    ).stdout
    receiving = subprocess.Popen([*ZFSTUNE, "receive", target], stdin=subprocess.PIPE)
    assert receiving.stdin is not None
    with no_new_threads():
        receiving.stdin.write(stream[: MIB // 2])
        receiving.stdin.flush()
        pid = kill_as_it_waits("dmu_recv_stream")
    see_it_end(pid)
    receiving.stdin.close()
    receiving.wait()


@pytest.mark.parametrize("where", ["", "far:"])
@pytest.mark.parametrize("call", ["dmu_recv_stream", "dmu_send_impl"])
@pytest.mark.usefixtures("ssh")
def test_replicate(source: str, target: str, call: str, where: str) -> None:
    """On one machine, and with a server between."""
    with no_new_threads():
        replicating = subprocess.Popen([*ZFSTUNE, "replicate", source, f"{where}{target}"])
        pid = kill_as_it_waits(call)
    see_it_end(pid)
    replicating.wait(120)

"""Which processes the tests of ssh wait for."""

from __future__ import annotations

import os
import subprocess
import sys

from ssh_host import processes

# A process whose first thread has ended, as after a kill while another is in the kernel.
HALF_GONE = """
import ctypes, sys, threading
threading.Thread(target=sys.stdin.read).start()
print(flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""
WORDS = f"of-test-ssh-host-{os.getpid()}"


def test_one_that_is_half_gone_is_there() -> None:
    """It has no command line any more, and is seen until all of its threads have ended."""
    argv = [sys.executable, "-c", HALF_GONE, WORDS]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while process_line(process.pid):
            pass
        assert process.pid in processes(WORDS)
        process.kill()
    assert process.pid not in processes(WORDS)


def process_line(pid: int) -> bytes:
    """Give the command line of a process."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 (not yet gone)
        return file.read()

"""A group of processes is waited for to its end, also when its first one is dead."""

from __future__ import annotations

import os
import signal
import subprocess

from process_groups import members, wait_until_ended

# The child is left behind: it reads until the test closes the other end.
SCRIPT = "exec 3<&0; (read -r line <&3) & echo $!; wait"


def test_a_child_that_is_left_behind_counts() -> None:
    """After the first process was killed its child is found, until it has ended."""
    reader, writer = os.pipe()
    first = subprocess.Popen(
        ["sh", "-c", SCRIPT],
        stdin=reader,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    os.close(reader)
    assert first.stdout
    child = int(first.stdout.readline())
    assert sorted(members(first.pid)) == sorted([first.pid, child])
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert members(first.pid) == [child]
    os.close(writer)
    assert wait_until_ended(first.pid) in (0, 1)
    assert members(first.pid) == []
    first.stdout.close()

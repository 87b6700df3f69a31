"""Tell what the threads of a process wait for, where a test finds that it does not end."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

__all__ = ["blocked", "told"]

# Of /proc/PID/task/TID/status. A signal that is pending and not blocked, and yet the
# thread sleeps: it has been told of the signal, and has forgotten it.
_WORDS = ("Name", "State", "Pid", "PPid", "SigPnd", "ShdPnd", "SigBlk")


def told(pid: int) -> str:
    """Return the state of each thread of a process, and where in the kernel it is."""
    lines = []
    for task in sorted(Path(f"/proc/{pid}/task").glob("*")):
        with suppress(OSError):
            status = (task / "status").read_text().splitlines()
            lines += [line for line in status if line.startswith(_WORDS)]
            lines.append((task / "stack").read_text())
    return "\n".join(lines)


def blocked() -> str:
    """Have the kernel log each thread that no signal reaches; return the log's end."""
    Path("/proc/sysrq-trigger").write_text("w")
    log = subprocess.run(["dmesg"], capture_output=True, text=True, check=False).stdout
    return "\n".join(log.splitlines()[-200:])

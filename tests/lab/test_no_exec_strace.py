"""apply, snapshot and prune start no program: strace sees one execve, their own."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.one_release

LIBRARY = """
import sys, zfstune
pool = sys.argv[1]
assert zfstune.apply("postgres", pool=pool).changed
for _ in range(3):
    zfstune.snapshot(f"{pool}/data/postgres", recursive=True)
assert len(zfstune.prune(keep=1, pool=pool).destroyed) == 8
"""
COMMAND = """
import sys
from zfstune.cli.main import main
pool = sys.argv[1]
for line in (
    f"plan postgres --pool {pool}",
    f"apply postgres --pool {pool}",
    f"snapshot -r {pool}/data/postgres",
    f"snapshot -r {pool}/data/postgres",
    f"prune --keep 1 --pool {pool}",
    f"list -t snapshots {pool}",
):
    assert main(line.split()) == 0, line
"""
# Whatever could start a program; a child that only forks shows its own execve.
CALLS = "execve,execveat"


def traced(log: Path, *argv: str) -> list[str]:
    """Run a command under strace, its children too; give the programs it started."""
    strace = ("strace", "-f", "-qq", "-e", f"trace={CALLS}", "-e", "signal=none")
    done = subprocess.run(
        [*strace, "-o", str(log), *argv], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    text = log.read_text()
    return re.findall(r"execve(?:at)?\(.*\) = 0$", text, re.MULTILINE)


@pytest.mark.parametrize("script", [LIBRARY, COMMAND], ids=["library", "command"])
def test_nothing_is_executed(
    script: str, make_pool: Callable[..., str], command: Callable[..., str], tmp_path: Path
) -> None:
    """From Python and from the command line, one execve: the interpreter's."""
    pool = make_pool(options=("-O", "mountpoint=none"))
    started = traced(tmp_path / "log", sys.executable, "-c", script, pool)
    assert len(started) == 1, started
    assert (
        command("zfs", "list", "-Ho", "name", "-t", "snapshot", "-r", pool).count("@") == 4
    )
    command("zpool", "destroy", "-f", pool)


def test_the_trace_would_show_it(tmp_path: Path) -> None:
    """A program that a child of a child starts is seen."""
    script = "import subprocess; subprocess.run(['sh', '-c', 'true; /bin/true'])"
    started = traced(tmp_path / "log", sys.executable, "-c", script)
    assert len(started) >= 2

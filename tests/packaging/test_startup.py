"""The modules that a command does not load: a timer pays for them in each run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import zfstune

# Where it was imported from: an editable install has it on no path of its own.
HOME = str(Path(zfstune.__file__).parents[1])

# Each of these costs more than any module of zfstune's own (benchmarks/README.md).
SLOW = {
    *("dataclasses", "datetime", "inspect", "shutil", "subprocess", "tomllib", "typing"),
    "zlib",
}

PARSE = "from zfstune.cli.parser import build_parser as b; b({0!r}).parse_args({0!r})"


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a new Python has after a statement; no site, no .pth."""
    code = (
        f"import sys; sys.path[:] = {[HOME, *sys.path]!r}; {statement}; print(*sys.modules)"
    )
    argv = [sys.executable, "-I", "-S", "-c", code]
    return set(subprocess.check_output(argv, text=True).split())


@pytest.mark.parametrize(
    ("statement", "needed"),
    [
        ("import zfstune.cli.main", set()),
        (PARSE.format(["prune", "--keep", "48"]), set()),
        (PARSE.format(["snapshot", "tank/a"]), {"datetime"}),  # its name is the time
        ("import zfstune.retention.prune, zfstune.engine.kernel", set()),
    ],
)
def test_a_timer_starts_light(statement: str, needed: set[str]) -> None:
    """A prune or a snapshot loads no slow module before its first ioctl without need."""
    assert loaded_by(statement) & SLOW == needed

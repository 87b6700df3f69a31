"""What a command leaves unimported: its start-up is part of every run of a timer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import zfstune

# Where it was imported from: an editable install has it on no path of its own.
HOME = str(Path(zfstune.__file__).parents[1])

# Each of these costs more than any module of zfstune's own (benchmarks/README.md).
SLOW = {"dataclasses", "datetime", "inspect", "shutil", "tomllib", "typing", "zlib"}

PARSE = "from zfstune.cli.parser import build_parser as b; b({0!r}).parse_args({0!r})"


def loaded_by(statement: str) -> set[str]:
    """Give the modules that a new Python has after a statement; no site, no .pth."""
    code = (
        f"import sys; sys.path[:] = {[HOME, *sys.path]!r}; {statement}; print(*sys.modules)"
    )
    argv = [sys.executable, "-I", "-S", "-c", code]
    return set(subprocess.check_output(argv, text=True).split())


@pytest.mark.parametrize(
    "statement",
    [
        "import zfstune.cli.main",
        PARSE.format(["prune", "--keep", "48"]),
        PARSE.format(["snapshot", "tank/a"]),
        "import zfstune.retention.prune, zfstune.engine.kernel",
    ],
)
def test_a_prune_starts_light(statement: str) -> None:
    """Nothing on the way to the first ioctl of a prune loads a slow module."""
    assert loaded_by(statement) & SLOW == set()

"""The C of native/, compiled as the tests want it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "native"

# What native/build_zfs.py compiles with.
DIALECT = ("-std=gnu11", "-D_GNU_SOURCE", f"-I{NATIVE}")
WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wcast-qual",
    "-Wconversion",
    "-Wformat=2",
    "-Wmissing-prototypes",
    "-Wpointer-arith",
    "-Wshadow",
    "-Wsign-conversion",
    "-Wstrict-prototypes",
    "-Wundef",
    "-Wvla",
    "-Wwrite-strings",
)
# For ThreadSanitizer, which knows one table of descriptors for all threads: a thread with
# a stream has one of its own (unshare(CLONE_FILES)), where it closes what it does not need.
NO_RACE = "race:stream_own_descriptors\nrace:leave_to_thread\n"
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def native(*names: str) -> list[Path]:
    """Return sources of native/ by their names without the suffix."""
    return [NATIVE / f"{name}.c" for name in names]


def compile_c(*args: str | Path) -> str:
    """Run the C compiler; where it fails, fail the test with its messages."""
    argv = [os.environ.get("CC", "gcc"), *map(str, args)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stderr}"
    return done.stderr


def run(
    argv: Iterable[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    limit_s: float = 120,
) -> str:
    """Run a program; fail the test where it fails or writes to stderr."""
    done = subprocess.run(
        list(map(str, argv)),
        capture_output=True,
        text=True,
        check=False,
        timeout=limit_s,
        env=None if env is None else {**os.environ, **env},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def symbols(path: Path, *options: str) -> list[tuple[str, str]]:
    """Return (type, name) of each symbol of an object, as nm lists them."""
    done = subprocess.run(
        ["nm", *options, str(path)], capture_output=True, text=True, check=True
    )
    fields = [line.split() for line in done.stdout.splitlines()]
    return [(words[-2], words[-1]) for words in fields if len(words) > 1]

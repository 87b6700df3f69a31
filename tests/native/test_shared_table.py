"""Threads that share an engine share its table in C: ThreadSanitizer sees no race."""

from __future__ import annotations

import subprocess
from pathlib import Path

from native_code import DIALECT, NO_RACE, WARNINGS, compile_c, native, run

PARTS = (
    *("buf", "kernel_pool", "list", "nvl", "nvl_flat", "nvl_json", "nvl_packed"),
    *("object", "stream_descriptors", "stream_thread", "zfs_ioctl"),
)
# It is loaded before main, so that its calls of malloc() are those that TSan watches.
LIBRARIES = ("-Wl,--no-as-needed", "-l:libnvpair.so.3", "-ldl")
FOUND = 66  # the exit status of a program in which ThreadSanitizer found something


def build(folder: Path, *options: str) -> Path:
    """Compile the program under ThreadSanitizer."""
    program = folder / "shared_table"
    source = Path(__file__).with_name("shared_table.c")
    sanitized = ("-fsanitize=thread", "-g", "-O1", "-Wl,--wrap=ioctl")
    words = (*DIALECT, *WARNINGS, *sanitized, *options)
    compile_c(*words, source, *native(*PARTS), *LIBRARIES, "-o", program)
    return program


def test_threads_share_a_table(tmp_path: Path) -> None:
    """Each thread gets the answers that it would get alone, and no race is reported."""
    known = tmp_path / "known"
    known.write_text(NO_RACE, encoding="utf-8")
    env = {"TSAN_OPTIONS": f"suppressions={known}"}
    printed = run([build(tmp_path)], env=env)
    assert printed.startswith("0 of 200, ")
    # long enough to have asked twice for the pool, whose answer did not fit at first
    assert int(printed.split()[3]) > 20_000


def test_a_race_would_be_found(tmp_path: Path) -> None:
    """A counter that all threads raise without a lock is reported."""
    program = build(tmp_path, "-DRACE")
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == FOUND
    assert "data race" in done.stderr

"""A call that reads or writes a stream has descriptors of its own, and leaves none."""

from __future__ import annotations

from pathlib import Path

import pytest

from native_code import DIALECT, SANITIZERS, WARNINGS, compile_c, native, run


@pytest.mark.parametrize("options", [(), SANITIZERS], ids=["plain", "sanitized"])
def test_its_own_table(tmp_path: Path, options: tuple[str, ...]) -> None:
    """A thread's call has the stream and the device; the main thread's has all there is."""
    program = tmp_path / "own_table"
    source = Path(__file__).with_name("own_table.c")
    compile_c(
        *DIALECT,
        *WARNINGS,
        *options,
        "-g",
        source,
        *native("stream_descriptors", "stream_thread"),
        "-o",
        program,
    )
    # The call keeps stdin, which is the same device here.
    argv = ["sh", "-c", 'exec "$1" </dev/null', "sh", str(program)]
    assert run(argv).splitlines() == ["3 0 0", "3 0 0", "0 1 0"]

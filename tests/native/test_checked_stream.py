"""The thread that checks the records of a stream, under ThreadSanitizer."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from made_stream import ATTRIBUTES, RECORD_BYTES, MadeStream
from native_code import DIALECT, NO_RACE, WARNINGS, compile_c, native

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[bytes, int], tuple[int, bool]]

WHOLE = 1 << 40
BLOCKS = 64


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the program."""
    program = tmp_path_factory.mktemp("checked") / "checked_stream"
    source = Path(__file__).with_name("checked_stream.c")
    parts = native("stream_checked", "stream_descriptors", "stream_check", "stream_record")
    sanitized = (*DIALECT, *WARNINGS, "-fsanitize=thread", "-g", "-O1")
    compile_c(*sanitized, source, *parts, "-o", program)
    return program


def stream(*, last_block: int = 4096) -> bytes:
    """Give a stream with an object, its blocks, and attributes outside of it."""
    made = MadeStream()
    made.object(7, bytes(168), spills=True)
    for number in range(BLOCKS):
        made.write(7, number * 4096, b"x" * 4096)
    made.write(7, BLOCKS * 4096, b"y" * last_block)
    made.spill(7, ATTRIBUTES.ljust(512, b"s"))
    return made.end()


@pytest.fixture(params=[False, True], ids=["shared", "apart"])
def words(request: pytest.FixtureRequest) -> list[str]:
    """Give the thread the program's descriptors, or ones of its own, as for a kernel."""
    return ["apart"] if request.param else []


@pytest.fixture(params=["file", "pipe"])
def read(
    request: pytest.FixtureRequest, program: Path, words: list[str], tmp_path: Path
) -> Read:
    """Give a call that reads a stream from a file or a pipe; it tells what was printed."""
    known = tmp_path / "known"
    known.write_text(NO_RACE, encoding="utf-8")
    env = os.environ | {"TSAN_OPTIONS": f"suppressions={known}"}

    def call(data: bytes, most: int) -> tuple[int, bool]:
        path = tmp_path / "stream"
        path.write_bytes(data)
        # A pipe's writer finds that its reader is gone, as the other end of a wire does.
        by_pipe = request.param == "pipe"
        with path.open("rb") as file:
            done = subprocess.run(
                [
                    "sh",
                    "-c",
                    'cat | "$@"' if by_pipe else '"$@"',
                    "sh",
                    str(program),
                    str(most),
                    *words,
                ],
                stdin=file,
                env=env,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
        assert (done.returncode, done.stderr) == (0, "")
        count, false = done.stdout.split()
        return int(count), false == "1"

    return call


def test_to_the_end(read: Read) -> None:
    """All that follows the first record comes through, and there is no race."""
    data = stream()
    assert read(data, WHOLE) == (len(data) - RECORD_BYTES, False)


def test_a_reader_that_stops(read: Read) -> None:
    """A reader that goes in the middle ends the thread, and no race with it."""
    assert read(stream(), 10_000) == (10_000, False)


def test_a_false_record(read: Read) -> None:
    """The stream ends before a record that no sender writes."""
    data = stream(last_block=4095)
    count, false = read(data, WHOLE)
    assert false
    assert count < len(data) - RECORD_BYTES

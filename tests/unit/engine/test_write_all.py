"""All of it is written, in as many parts as a descriptor takes."""

from __future__ import annotations

import os
import threading

import pytest

from zfstune.engine.write_all import write_all

DATA = os.urandom(300_000)


@pytest.mark.parametrize("data", [b"", DATA, bytearray(DATA), memoryview(DATA)])
def test_through_a_pipe(data: bytes) -> None:
    """A pipe takes less at once, and its reader sees each byte once."""
    read_end, write_end = os.pipe()
    got = bytearray()

    def read() -> None:
        while part := os.read(read_end, 1000):
            got.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    write_all(write_end, data)
    os.close(write_end)
    reader.join()
    os.close(read_end)
    assert got == data


def test_nobody_reads() -> None:
    """The error goes to the caller."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(BrokenPipeError):
        write_all(write_end, DATA)
    os.close(write_end)

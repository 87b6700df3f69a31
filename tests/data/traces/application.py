"""What the recordings beside this file are recordings of: reads, writes and syncs.

    strace -f -ttt -T -y -o strace.txt python3 -S application.py FOLDER

In the recordings all before the first open of the application's own is cut off.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading

BLOCK = 8192
BLOCKS = 16


def overwrite(data: int, chosen: list[int]) -> None:
    """Write blocks at random, each synced."""
    while chosen:
        os.pwrite(data, b"y" * BLOCK, chosen.pop() * BLOCK)
        os.fdatasync(data)


def append_from_two_processes(log: int) -> None:
    """Append lines, from a child and from its parent."""
    child = os.fork()
    if child == 0:
        for _ in range(3):
            os.write(log, b"child line\n")
        os._exit(0)
    os.waitpid(child, 0)
    os.write(log, b"parent\n")


def read_here_and_there(data: int) -> None:
    """Read at the position, after seeking, through a copy, and at places."""
    os.lseek(data, 65536, os.SEEK_SET)
    os.read(data, 16384)
    os.read(data, 100_000)
    os.lseek(data, -BLOCK, os.SEEK_END)
    os.read(data, 4096)
    os.preadv(data, [bytearray(4096), bytearray(4096)], 4096)
    os.pwritev(data, [b"1" * 512, b"2" * 512], 4096)
    copy = os.dup(data)
    os.close(data)
    os.read(copy, 100)
    ends = os.pipe()  # takes the number of the descriptor that was closed
    os.write(ends[1], b"hello")
    os.read(ends[0], 5)
    with contextlib.suppress(OSError):
        os.pread(copy, 10, -1)
    os.close(copy)


def main(folder: str) -> None:
    """Do all of it in a folder."""
    create = os.O_RDWR | os.O_CREAT
    data = os.open(f"{folder}/data, with) = 3 <odd> name", create | os.O_TRUNC)
    for _ in range(BLOCKS):
        os.write(data, b'a"b\\' + b"x" * (BLOCK - 4))
    os.fsync(data)
    chosen = random.Random(3).choices(range(BLOCKS), k=12)  # noqa: S311
    threads = [threading.Thread(target=overwrite, args=(data, chosen)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    append_from_two_processes(os.open(f"{folder}/log", create | os.O_APPEND))
    append_from_two_processes(os.open(f"{folder}/new", create | os.O_APPEND | os.O_EXCL))
    durable = os.open(f"{folder}/durable", create | os.O_DSYNC)
    os.write(durable, b"d" * 512)
    read_here_and_there(data)


main(sys.argv[1])

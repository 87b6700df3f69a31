"""Descriptors: positions, copies, threads, children and names that come late."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from recorded_traces import operations
from zfstune.measurement.traces.descriptors import NO_FILE, NOT_OPENED, Call, Descriptors
from zfstune.measurement.traces.trace import TraceRows

if TYPE_CHECKING:
    from zfstune.measurement.traces.trace import Trace


def followed(*calls: Call) -> Trace:
    """Return the trace of some calls."""
    rows = TraceRows()
    descriptors = Descriptors(rows)
    for call in calls:
        descriptors.take(call)
    return rows.trace("test")


def opened(fd: int, path: str, flags: str = "O_RDWR", process: int = 1) -> Call:
    """Return a call that opens a file."""
    return Call(process, "openat", fd, path=path, flags=flags)


def offsets(trace: Trace) -> list[int]:
    """Return the offset of each operation."""
    return [offset for _, _, offset, _ in operations(trace)]


def test_threads_share_a_table_and_children_copy_it() -> None:
    """What a thread opens, all have; what a child opens, its parent has not."""
    found = followed(
        opened(3, "/a"),
        Call(1, "clone3", 2, flags="CLONE_VM|CLONE_FILES"),
        opened(4, "/b", process=2),
        Call(1, "write", 5, fd=4),
        Call(1, "fork", 9),
        opened(4, "/c", process=9),
        Call(9, "write", 7, fd=4),
        Call(1, "write", 6, fd=4),
        Call(9, "write", 10, fd=3),
        Call(2, "write", 1, fd=3),
    )
    assert operations(found) == [
        ("b", "write", 0, 5),
        ("c", "write", 0, 7),
        ("b", "write", 5, 6),
        ("a", "write", 0, 10),
        ("a", "write", 10, 1),
    ]


def test_a_child_that_is_seen_before_its_parent_returns() -> None:
    """A child may write before the call that made it is seen to end."""
    rows = TraceRows()
    descriptors = Descriptors(rows)
    descriptors.take(opened(3, "/a"))
    descriptors.begin_birth(1, "SIGCHLD")
    descriptors.take(Call(2, "write", 10, fd=3))
    descriptors.take(Call(1, "clone", 2, flags="SIGCHLD"))
    descriptors.take(Call(1, "write", 10, fd=3))
    assert offsets(rows.trace("test")) == [0, 10]


def test_a_number_that_is_used_again_is_another_process() -> None:
    """What a process had open ends with it."""
    rows = TraceRows()
    descriptors = Descriptors(rows)
    descriptors.take(opened(3, "/a"))
    descriptors.end(1)
    descriptors.take(Call(1, "read", 10, fd=3))
    assert rows.trace("test").passed_over == {NOT_OPENED: 1}


def test_what_was_opened_before_is_known_by_its_path() -> None:
    """Its position is not known until it is set."""
    found = followed(
        Call(1, "read", 10, fd=3, path="/a"),
        Call(1, "lseek", 100, fd=3, path="/a"),
        Call(1, "read", 10, fd=3, path="/a"),
        Call(1, "read", 10, fd=3, path="/b"),
    )
    assert [each[::2] for each in operations(found)] == [("a", -1), ("a", 100), ("b", -1)]


def test_a_read_at_a_place_is_one_of_a_file() -> None:
    """Without a path and without an open, pread() and fsync() tell that it is a file."""
    found = followed(
        Call(1, "read", 10, fd=7),
        Call(1, "pread64", 10, fd=7, offset=8192),
        Call(1, "fsync", 0, fd=7),
        Call(1, "write", 5, fd=7),
    )
    assert [each[1:] for each in operations(found)] == [
        ("read", 8192, 10),
        ("sync", -1, 0),
        ("write", -1, 5),
    ]
    assert found.passed_over == {NOT_OPENED: 1}
    assert "descriptor 7 of process 1" in found.names[0]


def test_no_file_stays_no_file() -> None:
    """What is written to a terminal or a pipe is counted, and nothing more."""
    found = followed(
        opened(3, "/dev/null"),
        Call(1, "write", 10, fd=3),
        Call(1, "write", 10, fd=1, path="pipe:[4711]"),
    )
    assert operations(found) == []
    assert found.passed_over == {NO_FILE: 2}


def test_a_name_that_comes_late_keeps_the_size() -> None:
    """By perf a file has no path where it is opened: it is the same once it has one."""
    found = followed(
        opened(3, "", "CREAT|EXCL|APPEND"),
        Call(1, "write", 10, fd=3),
        Call(1, "write", 10, fd=3, path="/log"),
    )
    assert operations(found) == [("log", "write", 0, 10), ("log", "write", 10, 10)]


def test_syncs_of_all_and_durable_writes() -> None:
    """sync() is one of all files; O_DSYNC and RWF_DSYNC make a write durable."""
    found = followed(
        opened(3, "/a", "O_RDWR|O_DSYNC"),
        opened(4, "/b"),
        Call(1, "write", 1, fd=3),
        Call(1, "write", 1, fd=4),
        Call(1, "pwritev2", 1, fd=4, offset=0, flags="RWF_DSYNC"),
        Call(1, "sync", 0),
    )
    assert found.durable.tolist() == [True, False, True, False]
    assert found.files.tolist() == [0, 1, 1, -1]


def test_what_shows_nothing_is_counted() -> None:
    """The bytes that io_uring, sendfile and shared memory move are in no trace of calls."""
    found = followed(
        Call(1, "io_uring_enter", 1, fd=5),
        Call(1, "mmap", 1, fd=3, flags="PROT_READ, MAP_SHARED"),
        Call(1, "mmap", 1, fd=3, flags="PROT_READ, MAP_PRIVATE"),
        Call(1, "mmap", 1, flags="MAP_SHARED|MAP_ANONYMOUS"),
    )
    assert sum(found.passed_over.values()) == 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["read", "write", "pread", "pwrite", "set", "end", "dup", "close"]),
        st.integers(0, 2),
        st.integers(1, 50),
    ),
    max_size=30,
)


@given(steps=STEPS, appends=st.booleans())
def test_positions_are_those_of_the_kernel(
    steps: list[tuple[str, int, int]], *, appends: bool
) -> None:
    """Random calls on a real file: each moves just the bytes that the kernel moved.

    The kernel tells by the position of the descriptor after each call.
    """
    flags = os.O_RDWR | (os.O_APPEND if appends else 0)
    file = os.memfd_create("file")
    fds = {0: os.open(f"/proc/self/fd/{file}", flags | os.O_TRUNC)}
    words = "O_RDWR|O_TRUNC" + ("|O_APPEND" if appends else "")
    calls, wanted = [opened(0, "/a", words)], []
    try:
        for step, slot, number in steps:
            fd = fds.get(slot)
            if step == "dup" and fd is not None and number % 3 not in fds:
                fds[number % 3] = os.dup(fd)
                calls.append(Call(1, "dup", number % 3, fd=slot))
            if fd is None or step == "dup":
                continue
            if step == "close":
                os.close(fds.pop(slot))
                calls.append(Call(1, "close", 0, fd=slot))
            elif step == "set":
                calls.append(Call(1, "lseek", os.lseek(fd, number, os.SEEK_SET), fd=slot))
            elif step == "end":
                place = os.lseek(fd, -1, os.SEEK_END) if os.fstat(fd).st_size else None
                if place is not None:
                    calls.append(
                        Call(1, "lseek", place, fd=slot, flags="SEEK_END", distance=-1)
                    )
            elif step in ("read", "write"):
                done = (
                    len(os.read(fd, number))
                    if step == "read"
                    else os.write(fd, b"x" * number)
                )
                calls.append(Call(1, step, done, fd=slot))
                wanted += [os.lseek(fd, 0, os.SEEK_CUR) - done] if done else []
            elif step == "pread":
                done = len(os.pread(fd, 4, number))
                calls.append(Call(1, "pread64", done, fd=slot, offset=number))
                wanted += [number] if done else []
            elif not appends:
                calls.append(
                    Call(
                        1, "pwrite64", os.pwrite(fd, b"yy", number), fd=slot, offset=number
                    )
                )
                wanted.append(number)
    finally:
        for fd in (file, *fds.values()):
            os.close(fd)
    assert offsets(followed(*calls)) == wanted

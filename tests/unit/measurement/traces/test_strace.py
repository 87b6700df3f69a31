"""strace's output, with and without processes, times and paths: the same operations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorded_traces import RECORDINGS, operations, trace_of
from zfstune.measurement.traces.iolog import read_iolog
from zfstune.measurement.traces.strace import read_strace
from zfstune.measurement.traces.trace import TraceFormatError

# What tests/data/traces/application.py does, beside the order of its two threads.
DATA = "data, with) = 3 <odd> name"
WRITTEN = [(DATA, "write", 8192 * number, 8192) for number in range(16)]
READ = [
    (DATA, "read", 65536, 16384),
    (DATA, "read", 81920, 49152),
    (DATA, "read", 122880, 4096),
    (DATA, "read", 4096, 8192),
    (DATA, "read", 126976, 100),
]
APPENDED = [("new", "write", offset, 11) for offset in (0, 11, 22)]
APPENDED += [("new", "write", 33, 7)]
OVERWRITTEN = [0, 1, 3, 3, 4, 5, 7, 8, 9, 10, 13, 15]


@pytest.mark.parametrize(
    "name", ["strace", "strace-bare", "strace-relative", "strace-terminal"]
)
def test_each_way_to_record_gives_the_same(name: str) -> None:
    """With paths or without, to a file or a terminal: what the application did is found.

    Among it: positions after lseek() and dup(), those of a child and its parent, calls
    that another came into, and a name that looks like the end of a call.
    """
    trace = trace_of(read_strace, (RECORDINGS / f"{name}.txt").read_text())
    found = operations(trace)
    assert found[:16] == WRITTEN
    assert [each for each in found if each[1] == "read"] == READ
    assert [each for each in found if each[0] == "new"] == APPENDED
    assert [each[2:] for each in found if each[0] == "log"] == [(-1, 11)] * 3 + [(-1, 7)]
    pages = [each for each in found[17:] if each[:2] == (DATA, "write") and each[3] == 8192]
    assert sorted(offset // 8192 for _, _, offset, _ in pages) == OVERWRITTEN
    assert [each for each in found if each[1] == "sync"] == [(DATA, "sync", -1, 0)] * 13
    assert (DATA, "write", 4096, 1024) in found
    assert trace.durable.sum() == 1
    assert sum(trace.passed_over.values()) == 2  # the pipe


def test_what_was_not_recorded_is_not_made_up() -> None:
    """Without close, dup and clone, positions that they changed are unknown, not wrong."""
    trace = trace_of(read_strace, (RECORDINGS / "strace-few-calls.txt").read_text())
    found = operations(trace)
    assert [each for each in found if each[1] == "read"] == [
        *READ[:-1],
        (DATA, "read", -1, 100),
    ]
    assert [each for each in found if each[0] == "new"] == [
        (name, kind, -1, size) for name, kind, _, size in APPENDED
    ]


def test_fio_and_strace_agree() -> None:
    """A record of fio by strace holds what fio itself logged, in its order."""
    logged = operations(
        trace_of(read_iolog, (RECORDINGS / "fio-iolog-v3.log").read_text()), names=False
    )
    seen = operations(
        trace_of(read_strace, (RECORDINGS / "strace-of-fio.txt").read_text()), names=False
    )
    # fio lays the file out before, and logs neither that nor the sync at the end.
    assert seen[129 : 129 + len(logged)] == logged
    assert len(logged) == 28


@pytest.mark.parametrize(
    ("times", "at_ns"),
    [
        (("1796048556.130399", "1796048557.000001"), 869_602_000),
        (("12:00:00", "12:00:02"), 2_000_000_000),
        (("23:59:59.5", "00:00:00.25"), 750_000_000),
        (("     0.000000", "     0.000250"), 250_000),
        (("10:00:00 (+     0.000000)", "10:00:01 (+     1.000000)"), 1_000_000_000),
    ],
)
def test_times_of_each_kind(times: tuple[str, str], at_ns: int) -> None:
    """-ttt, -t, -tt, -r and -r -t: the time since the first call, past midnight too."""
    text = "".join(f"{time} pread64(3, , 1, 0) = 1 <0.000021>\n" for time in times)
    trace = trace_of(read_strace, text)
    assert trace.at_ns.tolist() == [0, at_ns]
    assert trace.took_ns.tolist() == [21_000, 21_000]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (r"/a\74b\76", "/a<b>"),
        (r"/a\303\244", "/aä"),
        (r"/a\n\"\\", '/a\n"\\'),
        ("/a (deleted)", "/a (deleted)"),
        ("/dev/sda<block 8:0>", "/dev/sda<block 8:0>"),
    ],
)
def test_paths_are_read_as_they_are(path: str, name: str) -> None:
    """Bytes are written as C does, and the numbers of a device in brackets."""
    trace = trace_of(read_strace, f'pread64(3<{path}>, "x", 1, 0) = 1\n')
    assert trace.names == (name,)


@pytest.mark.parametrize(
    "call",
    [
        'write(1<pipe:[4711]>, "x", 1) = 1',
        'write(1<TCP:[127.0.0.1:1->127.0.0.1:2]>, "x", 1) = 1',
        'write(1</dev/pts/0<char 136:0>>, "x", 1) = 1',
        'read(4<anon_inode:[eventfd]>, "x", 8) = 8',
        'read(4</proc/self/maps>, "x", 8) = 8',
    ],
)
def test_what_is_no_file_is_passed_over(call: str) -> None:
    """Pipes, sockets, terminals and the files of the kernel are no load on a disk."""
    trace = trace_of(read_strace, f"{call}\n")
    assert operations(trace) == []
    assert sum(trace.passed_over.values()) == 1


@pytest.mark.parametrize(
    "call",
    [
        "pread64(3, 0x7f, 1, -1) = -1 EINVAL (Invalid argument) <0.1>",
        'pread64(3, "", 8192, 0) = 0',
        "pread64(3, 0x7f, 1, 0) = ?",
        "pread64(3, 0x7f, 1, 0) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
        "exit_group(0) = ?",
        "+++ exited with 0 +++",
        "--- SIGCHLD {si_signo=SIGCHLD, si_status=0} ---",
        "[ Process PID=4711 runs in 32 bit mode. ]",
        " > /usr/lib/libc.so.6(pread64+0x14) [0x10]",
        "",
    ],
)
def test_what_moved_nothing_is_no_operation(call: str) -> None:
    """Calls that failed, ends of files, signals and words of strace are passed over."""
    assert operations(trace_of(read_strace, f"{call}\n")) == []


@pytest.mark.parametrize("line", ["hello", "pread64(3, 8192", "pread64(3) = 1", "8192 0 R"])
def test_another_line_is_an_error_that_names_it(line: str) -> None:
    """A line that is none of strace's is not passed over in silence."""
    with pytest.raises(TraceFormatError, match="line 2: expected a call as strace"):
        trace_of(read_strace, f"close(3) = 0\n{line}\n")


def test_a_line_that_was_cut_off_ends_the_trace() -> None:
    """If strace was killed while it wrote, what stands before counts."""
    text = 'pread64(3, "", 1, 0) = 1\npread64(3, "", 81'
    assert len(operations(trace_of(read_strace, text))) == 1


CALLS = st.sampled_from(
    [
        'openat(AT_FDCWD, "a", O_RDWR|O_CREAT|O_TRUNC) = 3',
        "close(3) = 0",
        "dup2(3, 4) = 4",
        'read(3, "", 10) = 10',
        'write(4, "", 7) = 7',
        'pwrite64(3, "", 5, 100) = 5',
        "lseek(3, 50, SEEK_SET) = 50",
        "lseek(4, 0, SEEK_END) = 105",
        "fsync(3) = 0",
        "clone(flags=CLONE_FILES) = 9",
        "fork() = 8",
        "+++ exited with 0 +++",
    ]
)


@given(st.lists(st.tuples(st.sampled_from([7, 8, 9]), CALLS), max_size=40), st.data())
def test_a_call_that_another_comes_into_is_the_same_call(
    calls: list[tuple[int, str]], data: st.DataObject
) -> None:
    """Cutting calls in two, with nothing between, changes no operation."""
    whole = "".join(f"{process} {call}\n" for process, call in calls)
    parts = []
    for process, call in calls:
        name, _, rest = call.partition("(")
        if rest and data.draw(st.booleans()):
            args, _, end = rest.rpartition(")")
            parts.append(f"{process} {name}({args} <unfinished ...>\n")
            parts.append(f"{process} <... {name} resumed>){end}\n")
        else:
            parts.append(f"{process} {call}\n")
    assert operations(trace_of(read_strace, "".join(parts))) == operations(
        trace_of(read_strace, whole)
    )

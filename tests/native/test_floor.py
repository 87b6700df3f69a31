"""The objects of native/ show what the C code may not do: keep state, print, fork."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from native_code import DIALECT, NATIVE, WARNINGS, compile_c, native, run, symbols
from zfstune import _zfs

PARTS: tuple[str, ...] = runpy.run_path(str(NATIVE / "build_zfs.py"))["SOURCES"]

# libzpool keeps its pools in globals, so a process has one libzpool and one image (each
# image has a process of its own).
STATE_OF_THE_PROCESS = {
    "image_state": {"image", "image_pool_name"},
    "libzpool": {"zpool", "nowhere"},
}

# nm's letters: common, data, bss, small data and bss, weak and unique objects.
WRITABLE = set("CcDdBbGgSsVvu")
TALKS = {"printf", "puts", "putchar", "perror", "vprintf", "stdout", "stderr", "syslog"}
PROCESSES = {"execv", "execve", "execvp", "execl", "execlp", "posix_spawn", "posix_spawnp"}
PROCESSES |= {"fork", "vfork", "clone", "system", "popen", "wait", "waitpid"}
ENDS = {"abort", "exit", "_exit", "_Exit", "__assert_fail", "quick_exit"}
# Not safe among threads, or without a bound.
UNSAFE = {"strtok", "localtime", "gmtime", "gets", "sprintf", "vsprintf", "strncpy"}
UNSAFE |= {"setenv", "putenv", "unsetenv", "setlocale", "signal", "sigaction", "chdir"}
HARMFUL = TALKS | PROCESSES | ENDS | UNSAFE
# Half a filesystem must not reach a pool in a file, and a cookie that outgrew its room has
# written over the stack: the image's process ends instead.
ALLOWED = {"image_layout": {"abort", "stderr"}, "image_stream": {"abort"}}


@pytest.mark.parametrize("part", PARTS)
def test_no_warnings(part: str, tmp_path: Path) -> None:
    """Each source compiles under a long list of warnings."""
    compile_c("-c", "-O2", *WARNINGS, *DIALECT, *native(part), "-o", tmp_path / "object.o")


@pytest.mark.parametrize("part", PARTS)
def test_nothing_to_analyze(part: str, tmp_path: Path) -> None:
    """GCC's analyzer follows the paths of each function and finds no fault."""
    options = ("-fanalyzer", "-Werror", "-O1", *DIALECT)
    compile_c("-c", *options, *native(part), "-o", tmp_path / "object.o")


@pytest.mark.parametrize(
    "header",
    [path.name for path in sorted(NATIVE.glob("*.h")) if ".cdef." not in path.name],
)
def test_headers_stand_alone(header: str, tmp_path: Path) -> None:
    """Each header includes what it needs, and may be included twice."""
    source = tmp_path / "source.c"
    source.write_text(f'#include "{header}"\n' * 2, encoding="ascii")
    compile_c("-c", *WARNINGS, *DIALECT, source, "-o", tmp_path / "object.o")


def test_no_writable_globals(objects: dict[str, Path]) -> None:
    """No state outlives a call but the handle, so threads share nothing else."""
    kept = {
        part: {
            symbol.partition(".")[0]  # a number follows where it is local to a function
            for letter, symbol in symbols(path)
            if letter in WRITABLE
        }
        for part, path in objects.items()
    }
    assert {part: found for part, found in kept.items() if found} == STATE_OF_THE_PROCESS


def test_only_harmless_calls(objects: dict[str, Path]) -> None:
    """The C code prints nothing, starts and ends no process, changes no global setting."""
    called = {
        part: {
            symbol.removeprefix("__").removesuffix("_chk")
            for _, symbol in symbols(path, "--undefined-only")
        }
        for part, path in objects.items()
    }
    assert {"ioctl", "malloc"} <= called["zfs_ioctl"]
    harm = {part: found & HARMFUL for part, found in called.items() if found & HARMFUL}
    assert harm == ALLOWED


def test_the_extension_exports_its_init_alone() -> None:
    """No symbol of the extension can clash with one of another library."""
    path = Path(_zfs.__file__)
    exported = [name for _, name in symbols(path, "-D", "--defined-only")]
    assert exported == ["PyInit__zfs"]


def test_the_extension_needs_no_library_of_zfs() -> None:
    """The extension loads where no ZFS is installed: it opens the libraries later."""
    listed = run(["readelf", "--dynamic", "--wide", _zfs.__file__]).splitlines()
    needed = [line for line in listed if "(NEEDED)" in line]
    assert needed
    assert not [line for line in needed if "libz" in line or "nvpair" in line]

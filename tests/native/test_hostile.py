"""Nvlists and streams that are hostile, no memory, and a fickle kernel."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from lots import fuzz_seconds, seed, tally
from native_code import DIALECT, ROOT, SANITIZERS, WARNINGS, compile_c, native, run

if TYPE_CHECKING:
    from pathlib import Path

HERE = ROOT / "tests" / "native"
SEED = seed(20240229)
USUAL_SECONDS = 6
SECONDS = fuzz_seconds(USUAL_SECONDS)
MOST = 2**31 - 1
# ASan looks up the functions that it intercepts before main: libnvpair and, through it,
# XDR have to be loaded by then, while the project loads them later.
EARLY = ("-Wl,--no-as-needed", "-l:libnvpair.so.3")
STRICT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
VALGRIND = ("valgrind", "--quiet", "--leak-check=full", "--error-exitcode=9")
DRIVERS = {
    "fuzz": (
        "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc",
        ("buf", "nvl", "nvl_flat", "nvl_json", "nvl_packed"),
    ),
    "fuzz_stream": (
        "-Wl,--wrap=calloc,--wrap=realloc",
        ("buf", "stream_content", "stream_record", "zt_content"),
    ),
    "fake_kernel": (
        "-Wl,--wrap=ioctl",
        (
            *("buf", "list", "nvl", "nvl_flat", "nvl_json", "nvl_packed", "object"),
            *("kernel_pool", "zfs_ioctl"),
        ),
    ),
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build each driver twice: with the sanitizers, and without for valgrind."""
    folder = tmp_path_factory.mktemp("programs")
    for name, (wrap, parts) in DRIVERS.items():
        main = HERE / f"{name}.c"
        files = [
            *WARNINGS,
            *DIALECT,
            "-g",
            "-O1",
            str(main),
            *map(str, native(*parts)),
            wrap,
        ]
        compile_c(*SANITIZERS, *files, *EARLY, "-ldl", "-o", folder / f"{name}.asan")
        compile_c(*files, "-ldl", "-o", folder / name)
    return folder


def fuzz(*command: str | Path, most: int) -> tuple[int, int]:
    """Run the fuzzer; return how many documents were accepted and refused."""
    # Where more time is given, time alone ends it.
    limit = most if SECONDS == USUAL_SECONDS else MOST
    text = run([*command, str(SEED), str(limit), str(SECONDS)], env=STRICT)
    accepted, refused = map(int, text.split())
    tally(inputs=accepted + refused)
    return accepted, refused


@pytest.mark.parametrize(
    ("mode", "most"),
    [("flat", 40_000), ("packed", 40_000), ("xdr", 40_000), ("faults", 2_000)],
)
def test_fuzzing_under_the_sanitizers(programs: Path, mode: str, most: int) -> None:
    """Mutated buffers and failed allocations give an error: no overrun, no leak."""
    accepted, refused = fuzz(programs / "fuzz.asan", mode, most=most)
    assert accepted > 100
    assert refused > 100


@pytest.mark.parametrize(
    ("mode", "most"), [("flat", 1_000), ("packed", 1_000), ("xdr", 1_000), ("faults", 80)]
)
def test_fuzzing_under_valgrind(programs: Path, mode: str, most: int) -> None:
    """Valgrind sees no stray read within libnvpair either, where no sanitizer looks."""
    accepted, refused = fuzz(*VALGRIND, programs / "fuzz", mode, most=most)
    assert accepted > 20
    assert refused > 20


@pytest.mark.parametrize(("mode", "most"), [("stream", 40_000), ("faults", 1_000)])
def test_fuzzing_streams_under_the_sanitizers(programs: Path, mode: str, most: int) -> None:
    """Streams that are cut, changed or lie give an error: no overrun, no leak."""
    accepted, refused = fuzz(programs / "fuzz_stream.asan", mode, most=most)
    assert accepted > 50
    assert refused > 100


@pytest.mark.parametrize(("mode", "most"), [("stream", 1_000), ("faults", 50)])
def test_fuzzing_streams_under_valgrind(programs: Path, mode: str, most: int) -> None:
    """Valgrind sees no use of a byte that nobody wrote."""
    command = (*VALGRIND, programs / "fuzz_stream")
    accepted, refused = fuzz(*command, mode, most=most)
    assert accepted > 5
    assert refused > 20


def rows(*names: str, props: str) -> str:
    """Return the rows that the made-up kernel's pool has under these names and txgs."""
    found = (pair.split(":") for pair in names)
    guid = 2**64 - 1
    return ",".join(f'["{name}",2,{guid},{txg},0,0,{props}]' for name, txg in found)


USED = '{"used":7}'
BAD_A = rows("tank/a:12", props=str(errno.EIO))
BAD_C = f'["tank/c",0,0,0,0,0,{errno.EBADE}]'
SNAPSHOTS = f"0 [{rows('1:11', '2:12', props='null')}]"
ANSWERS = {
    # the second answer is read, after name and cursor were put back
    "grows": '0 {"grown":7,"pad":"' + 20_000 * "x" + '"}',
    # the first buffer, which is too small, is never read
    "goes-away": f"{errno.ENOENT} -",
    "garbage": f"{errno.ENOTSUP} -",
    # the errno of the change, and which property it was
    "errors-fit": f'{errno.ERANGE} {{"quota":7}}',
    # the errno of the change, though its list was never written
    "errors-do-not-fit": f"{errno.ERANGE} -",
    "overlong": f"{errno.ENAMETOOLONG} ",
    "long-name": f"{errno.ENAMETOOLONG} ",
    # the pool's own datasets are not listed
    "tree": f"0 [{rows('tank:10', 'tank/a:12', 'tank/a/b:15', 'tank/c:13', props=USED)}]",
    "vanished": f"0 [{rows('tank:10', 'tank/a:12', 'tank/c:13', props=USED)}]",
    # an errno stands in place of the properties, and the listing goes on; a dataset
    # whose children cannot be listed has a second row
    "damaged": f"0 [{rows('tank:10', props=USED)},{BAD_A},"
    f"{rows('tank/a/b:15', 'tank/c:13', props=USED)},{BAD_C}]",
    "damaged-root": f'0 [["tank",0,0,0,0,0,{errno.EIO}],{BAD_A},'
    f"{rows('tank/a/b:15', 'tank/c:13', props=USED)},{BAD_C}]",
    "stands-still": f'0 [{rows("tank:10", props=USED)},["tank",0,0,0,0,0,{errno.EIO}]]',
    "snapshots": SNAPSHOTS,
    # the fast form of 2.1 holds names alone: the listing runs again, the slower way
    "snapshots-2.1": SNAPSHOTS,
    "snapshots-props": f"0 [{rows('1:11', '2:12', props=USED)}]",
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_fickle_kernel(programs: Path, case: str) -> None:
    """Lists that grow, vanish or do not fit are read right, or not at all."""
    output = run([programs / "fake_kernel.asan", case], env=STRICT)
    assert output == ANSWERS[case] + "\n"
    assert run([*VALGRIND, programs / "fake_kernel", case]) == output


def test_a_listing_cut_short_says_so(programs: Path) -> None:
    """A pool that is suspended during a listing ends it with its errno."""
    output = run([programs / "fake_kernel.asan", "suspended"], env=STRICT)
    assert output.startswith(f"{errno.EAGAIN} ")

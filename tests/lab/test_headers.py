"""What native/ writes down of OpenZFS, against the headers of this guest's release."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from library_page import rows
from native_code import DIALECT, NATIVE, ROOT, compile_c, run
from zfstune.engine import _meanings

HERE = ROOT / "tests" / "native"
# Where libzfslinux-dev and zfs-dkms put them.
INSTALLED = ("-I/usr/include/libspl", "-I/usr/include/libzfs")
LAST_ERROR_OF_2_1 = 1043  # ZFS_ERR_REBUILD_IN_PROGRESS
DIALECT_2_1 = (
    "-DNVP_CONST=",
    "-DNVP_STRINGS=char *const *",
    "-DNVP_NVLISTS=nvlist_t **",
)


@cache
def source() -> Path:
    """Give the module's own source, which zfs-dkms brings."""
    (found,) = Path("/usr/src").glob("zfs-*")
    return found


def release_flags() -> tuple[str, ...]:
    """Give the flags for this release; the libnvpair of 2.1 says const of little."""
    minor = re.match(r"zfs-2\.(\d)", source().name)
    assert minor is not None
    return (f"-DMINOR={minor[1]}", *(DIALECT_2_1 if minor[1] == "1" else ()))


def check(*args: str | Path) -> None:
    """Compile and throw away: what is wrong does not compile."""
    compile_c("-fsyntax-only", *DIALECT, *INSTALLED, *args)


def names(pattern: str, text: str) -> list[str]:
    """Find names in C, which must be there."""
    found = re.findall(pattern, text, re.MULTILINE)
    assert found
    return found


def test_prototypes() -> None:
    """Each function of the table has the type that libnvpair and libzfs_core give it."""
    check(*release_flags(), HERE / "prototypes.c")


def test_a_wrong_prototype_would_be_seen(tmp_path: Path) -> None:
    """The check of prototypes can fail: it does where one is bent."""
    bent = tmp_path / "lzc.h"
    header = (NATIVE / "lzc.h").read_text(encoding="ascii")
    right = "lzc_rename, (const char *, const char *)"
    assert right in header
    bent.write_text(
        header.replace(right, "lzc_rename, (const char *, char *)"), encoding="ascii"
    )
    (tmp_path / "prototypes.c").write_bytes((HERE / "prototypes.c").read_bytes())
    with pytest.raises(AssertionError, match="lzc_rename"):
        check(*release_flags(), f"-I{tmp_path}", tmp_path / "prototypes.c")


def numbers(folder: Path, known: list[str], header: str) -> dict[str, int]:
    """Give what names stand for where this header is included."""
    lines = [f"#include {header}" for header in ("<stdio.h>", "<sys/types.h>", header)]
    lines += ["int main(void) {"]
    lines += [f'\tprintf("{name} %d\\n", (int){name});' for name in known]
    program = folder / "numbers.c"
    program.write_text("\n".join([*lines, "}", ""]), encoding="ascii")
    # libspl's headers know types that ours stand in for
    theirs = INSTALLED if header.startswith("<") else ()
    compile_c(*DIALECT, *theirs, program, "-o", folder / "numbers")
    words = (line.split() for line in run([folder / "numbers"]).splitlines())
    return {name: int(value) for name, value in words}


@pytest.mark.parametrize(
    ("ours", "theirs", "pattern"),
    [
        ("lzc.h", "libzfs_core.h", r"^\t(LZC_[A-Z_]+)(?: =|,|\n)"),
        ("zfs_cmd.h", "sys/fs/zfs.h", r"^\t(ZFS_IOC_[A-Z_]+) ="),
    ],
)
def test_enumerations(tmp_path: Path, ours: str, theirs: str, pattern: str) -> None:
    """Numbers that native/ gives to names of OpenZFS are those that OpenZFS gives them."""
    known = names(pattern, (NATIVE / ours).read_text(encoding="ascii"))
    assert numbers(tmp_path, known, f'"{ours}"') == numbers(tmp_path, known, f"<{theirs}>")


def test_layout_of_zfs_cmd(tmp_path: Path) -> None:
    """Members of the mirrored zfs_cmd_t lie where the module has them, as large."""
    ours = tmp_path / "ours.h"
    ours.write_text('#define ZT_REAL_HEADERS\n#include "zfs_cmd.h"\n', encoding="ascii")
    check(f'-DOURS="{ours}"', f"-I{source()}/include", HERE / "layout.c")


def test_error_numbers(tmp_path: Path) -> None:
    """OpenZFS's own errors have the numbers that _meanings.py writes down."""
    ours = {
        f"ZFS_ERR_{name.lstrip('_')}": value
        for name, value in vars(_meanings).items()
        if name.isupper() and isinstance(value, int) and name != "FIRST_OWN"
    }
    header = Path("/usr/include/libzfs/sys/fs/zfs.h").read_text(encoding="utf-8")
    # a release has those that were appended by its time
    there = [name for name in ours if re.search(rf"\b{name}\b", header)]
    assert {name for name, value in ours.items() if value <= LAST_ERROR_OF_2_1} <= set(
        there
    )
    assert numbers(tmp_path, there, "<sys/fs/zfs.h>") == {
        name: ours[name] for name in there
    }


def test_the_page_has_each_function_of_the_library() -> None:
    """docs/reference/libzfs_core.md has a row for each, with the release that added it."""
    header = Path("/usr/include/libzfs/libzfs_core.h").read_text(encoding="utf-8")
    pattern = r"^(?:_LIBZFS_CORE_H )?(?:int|void|uint64_t|boolean_t) (l\w+)\("
    declared = set(names(pattern, header))
    minor = int(source().name.split(".")[1])
    assert declared == {name for name, row in rows().items() if row.minor <= minor}

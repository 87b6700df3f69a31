"""native/README.md is true: each file has its row, and code looks down the rows."""

from __future__ import annotations

import re
import runpy
from typing import TYPE_CHECKING

import pytest

from native_code import NATIVE, symbols

if TYPE_CHECKING:
    from pathlib import Path

README = NATIVE / "README.md"
ROW = re.compile(r"^\| (`.*`) \| .+ \|$", re.MULTILINE)
NAME = re.compile(r"`([^`]+)`")
INCLUDE = re.compile(r'^#\s*include "([^"]+)"', re.MULTILINE)
# What the functions of a file begin with, by what its name begins with.
PREFIXES = {
    "buf": ("buf_", "json_", "zt_buf_"),
    "image": ("image",),
    "kernel": ("kernel_",),
    "libzpool": ("libzpool_", "zpool"),
    "list": ("list_",),
    "nvl": ("nvl_", "nvp_"),
    "object": ("object_",),
    "stream": ("stream_",),
    "zfs": ("zfs_",),
    "zt": ("zt_",),
}
UNDEFINED = "U"


def rows() -> list[set[str]]:
    """Return the files of each row of the table, from top to bottom."""
    table = README.read_text(encoding="utf-8")
    return [set(NAME.findall(match[1])) for match in ROW.finditer(table)]


def links(objects: dict[str, Path]) -> set[tuple[str, str]]:
    """Return (file, file it includes or calls) for the whole of native/."""
    pairs = {
        (path.name, header)
        for path in NATIVE.glob("*.[ch]")
        for header in INCLUDE.findall(path.read_text(encoding="utf-8"))
    }
    table = {part: symbols(path) for part, path in objects.items()}
    owner = {
        symbol: part
        for part, listed in table.items()
        for letter, symbol in listed
        if letter.isupper() and letter != UNDEFINED
    }
    for part, listed in table.items():
        for letter, symbol in listed:
            if letter == UNDEFINED and symbol in owner:
                pairs.add((f"{part}.c", f"{owner[symbol]}.c"))
    return pairs


def wrong_turns(pairs: set[tuple[str, str]], table: list[set[str]]) -> list[str]:
    """Return each link that goes up the table."""
    place = {name: number for number, row in enumerate(table) for name in row}
    return sorted(
        f"{user} uses {used}" for user, used in pairs if place[used] < place[user]
    )


def test_each_file_has_one_row() -> None:
    """The table names each file of native/ once, and no file that is not there."""
    there = sorted(p.name for p in NATIVE.iterdir() if p.suffix in {".c", ".h", ".py"})
    assert sorted(name for row in rows() for name in row) == there
    sources = runpy.run_path(str(NATIVE / "build_zfs.py"))["SOURCES"]
    assert sorted(f"{part}.c" for part in sources) == [
        name for name in there if name.endswith(".c")
    ]


def test_code_looks_down_the_rows(objects: dict[str, Path]) -> None:
    """No file includes or calls a file of a row above it, so none go in a circle."""
    pairs = links(objects)
    assert ("zt.c", "image.c") in pairs  # by its function
    assert ("zt.c", "zt_impl.h") in pairs  # by its name
    assert wrong_turns(pairs, rows()) == []


@pytest.mark.parametrize(
    ("user", "used"), [("list.c", "zt.c"), ("libzpool.h", "image.h"), ("buf.c", "nvl.h")]
)
def test_a_wrong_turn_is_found(user: str, used: str) -> None:
    """A link that goes up the table is named."""
    assert wrong_turns({(user, used), (used, user)}, rows()) == [f"{user} uses {used}"]


def test_functions_have_the_prefix_of_their_file(objects: dict[str, Path]) -> None:
    """Whoever reads a call knows which file to open."""
    strange = [
        f"{part}.c: {symbol}"
        for part, path in objects.items()
        for letter, symbol in symbols(path)
        if letter.isupper() and letter != UNDEFINED
        if not symbol.startswith(PREFIXES[part.partition("_")[0]])
    ]
    assert strange == []

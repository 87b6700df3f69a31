"""Modules stay under 400 lines, functions under 60, in Python and in C."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from source_tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE_LINES = 400
FUNCTION_LINES = 60


def sources() -> list[Path]:
    """Give the files that people read, scripts without a suffix among them."""
    found = [*ROOT.glob("native/*.[ch]"), *ROOT.glob("*.py"), *ROOT.glob(".ci/*")]
    for folder in ("zfstune", "native", "benchmarks", "tests", "profiles"):
        found += (ROOT / folder).rglob("*.py")
        found += (path for path in (ROOT / folder).rglob("*") if is_script(path))
    return sorted(set(found))


def is_script(path: Path) -> bool:
    """Tell whether a file without a suffix starts with #!."""
    if path.suffix or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def is_shell(path: Path) -> bool:
    """Tell whether a script is for a shell: Python would not parse it."""
    with path.open(encoding="utf-8") as file:
        return re.match(r"#!.*sh\b", file.readline()) is not None


def name(path: Path) -> str:
    """Give a path as it is written in the tree."""
    return path.relative_to(ROOT).as_posix()


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    """Give each function's name and length, its decorators included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - first + 1


def c_functions(text: str) -> Iterator[tuple[str, int]]:
    """Give each function's name and the length of its body.

    The style of native/ makes this simple: only a body opens a brace in column 0.
    """
    signature = ""
    opened = 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.rstrip("\\ \t")  # a function may be the text of a macro
        if bare == "{":
            opened = number
        elif bare == "}" and opened:
            yield signature, number - opened + 1
            opened = 0
        elif not opened and (match := re.match(r"(?:\w[\w\s*]*?[\s*])?(\w+)\(", line)):
            signature = match[1]


@pytest.mark.parametrize("path", sources(), ids=name)
def test_file_is_short(path: Path) -> None:
    """A file can be read in one sitting."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < MODULE_LINES


@pytest.mark.parametrize("path", [p for p in sources() if not is_shell(p)], ids=name)
def test_functions_are_short(path: Path) -> None:
    """A function fits on a screen."""
    functions = c_functions if path.suffix in {".c", ".h"} else python_functions
    lengths = functions(path.read_text(encoding="utf-8"))
    assert [(what, lines) for what, lines in lengths if lines >= FUNCTION_LINES] == []


def test_each_c_file_shows_its_functions() -> None:
    """The scan above finds the functions of every C file."""
    blind = [
        path.name
        for path in ROOT.glob("native/*.c")
        if not list(c_functions(path.read_text(encoding="utf-8")))
    ]
    assert blind == []


def test_c_scan_measures() -> None:
    """The scan names a function and counts its lines."""
    text = "static struct x *\nf(int a,\n    int b)\n{\n\tif (a) {\n\t}\n}\n"
    text += "int g(void)\n{\n}\n"
    assert list(c_functions(text)) == [("f", 4), ("g", 2)]

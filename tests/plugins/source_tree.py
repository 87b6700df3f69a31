"""The source as the packaging tests see it: its modules, and who imports whom."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "zfstune"
# The compiled extension is no file of the tree, its stub is.
EXTENSION = "zfstune._zfs"


@dataclass(frozen=True, slots=True)
class Import:
    """One module of the package that another one imports.

    Attributes:
        line: Where it does.
        target: Full name of the imported module.
    """

    line: int
    target: str


@cache
def modules() -> dict[str, Path]:
    """Give the package's modules by full name, the extension not among them."""
    return {_name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True, slots=True)
class Room:
    """One package, as its row in ARCHITECTURE.md has it.

    Attributes:
        place: Its place in the line of packages; 0 is the front door.
        nouns: Its modules that decide, a package of them with a slash. Of a package with
            modules of both kinds, each stands by itself, as in ``remote/grant``.
        verbs: Its modules that do.
    """

    place: int
    nouns: frozenset[str]
    verbs: frozenset[str]


@cache
def rooms() -> dict[str, Room]:
    """Read the table of packages out of ARCHITECTURE.md, the front door first."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)/` \| ([^|]*) \| ([^|]*) \|", text, re.MULTILINE)
    return {
        name: Room(place, *(frozenset(re.findall(r"`([^`]+)`", cell)) for cell in cells))
        for place, (name, *cells) in enumerate(rows)
    }


def room_of(module: str) -> str:
    """Give the package that a module is in; of what stands before all of them "".

    Args:
        module: Full name, as in ``zfstune.retention.imports.cron``.
    """
    parts = module.split(".")[1:]
    return parts[0] if parts and (PACKAGE / parts[0]).is_dir() else ""


def is_noun(module: str) -> bool:
    """Tell whether a module is one that decides."""
    parts = module.split(".")[1:]
    room = rooms().get(parts[0]) if len(parts) > 1 else None
    if room is None:
        return False
    return "/".join(parts[1:]) in room.nouns or f"{parts[1]}/" in room.nouns


def imports(source: str, module: str, known: frozenset[str]) -> list[Import]:
    """Give what a module imports from the package, wherever it does.

    Args:
        source: Its text.
        module: Its full name, of a package where that ends in ``.__init__``.
        known: All modules; tells a submodule from a name within a module.
    """
    found: list[Import] = []
    _Walk(module, known, found).visit(ast.parse(source))
    return found


class _Walk(ast.NodeVisitor):
    def __init__(self, module: str, known: frozenset[str], found: list[Import]) -> None:
        self.module = module
        self.known = known
        self.found = found

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(node.lineno, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._base(node)
        for alias in node.names:
            submodule = f"{base}.{alias.name}"
            self._add(node.lineno, submodule if submodule in self.known else base)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.module.split(".")[: -node.level]
        return ".".join([*parts, *(node.module or "").split(".")]).rstrip(".")

    def _add(self, line: int, name: str) -> None:
        if name == "zfstune" or name.startswith("zfstune."):
            self.found.append(Import(line, name))

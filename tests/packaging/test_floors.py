"""Imports point down the floors of ARCHITECTURE.md."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from source_tree import EXTENSION, floor_name, floors, imports, modules

if TYPE_CHECKING:
    from source_tree import Import

KNOWN = frozenset({*modules(), EXTENSION})
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic"}


def imports_of(module: str) -> list[Import]:
    """Give what a module of the tree imports from the package."""
    path = modules()[module]
    name = f"{module}.__init__" if path.stem == "__init__" else module
    return imports(path.read_text(encoding="utf-8"), name, KNOWN)


def wrong_turns(module: str, found: list[Import]) -> list[str]:
    """Give the imports that point up, or at the extension from outside the engine."""
    here = floor_name(module)
    wrong = []
    for item in found:
        there = floor_name(item.target)
        missing = {here, there} - floors().keys()
        if missing:
            wrong.append(f"line {item.line}: not in the table: {sorted(missing)}")
        elif floors()[there] > floors()[here]:
            wrong.append(f"line {item.line}: '{here}' imports '{there}' from above")
        if item.target == EXTENSION and here != "engine/":
            wrong.append(f"line {item.line}: only engine/ may import the extension")
    return wrong


def test_table_and_tree_agree() -> None:
    """Each module has its place in the table, and each place its module."""
    assert set(floors()) == {floor_name(module) for module in KNOWN}


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_point_down(module: str) -> None:
    """No module imports from a floor above its own, wherever the import stands."""
    assert wrong_turns(module, imports_of(module)) == []


@pytest.mark.parametrize(
    ("module", "source", "target"),
    [
        ("zfstune.names", "import zfstune.planner", "zfstune.planner"),
        ("zfstune.names", "from zfstune import planner", "zfstune.planner"),
        ("zfstune.names", "from zfstune import apply", "zfstune"),
        ("zfstune.names", "from . import planner", "zfstune.planner"),
        ("zfstune.names", "from .planner import Plan", "zfstune.planner"),
        ("zfstune.names", "def f():\n    import zfstune.cli", "zfstune.cli"),
        ("zfstune.names", "if TYPE_CHECKING:\n    import zfstune.engine", "zfstune.engine"),
        ("zfstune.planner", "from zfstune import _zfs", "zfstune._zfs"),
        ("zfstune.cli.__init__", "from zfstune import _zfs", "zfstune._zfs"),
        ("zfstune.engine.native", "from ..applying import apply", "zfstune.applying"),
    ],
)
def test_wrong_turn_is_found(module: str, source: str, target: str) -> None:
    """Each way to write an import is seen, so that the test above means something."""
    known = KNOWN | {"zfstune.planner", "zfstune.applying"}
    found = imports(source, module, known)
    assert [item.target for item in found] == [target]
    assert len(wrong_turns(module.removesuffix(".__init__"), found)) == 1


def test_no_import_goes_in_a_circle() -> None:
    """Importing a module never comes back to it before it is ready."""
    graph = {
        module: {item.target for item in imports_of(module) if item.at_import} - {module}
        for module in modules()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_module_is_named_for_nothing() -> None:
    """A module's name says what is in it."""
    assert {
        name for name in KNOWN if name.rpartition(".")[2].strip("_") in SHAPELESS
    } == set()


@pytest.mark.parametrize(
    "module", sorted(m for m in modules() if floors().get(floor_name(m), 9) < 3)
)
def test_no_clock_is_read_below_the_engine(module: str) -> None:
    """Values and decisions take the time as an argument."""
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    read = [
        f"line {node.lineno}: {ast.unparse(node.func)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
    ]
    assert read == []

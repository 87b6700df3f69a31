"""The three rules of ARCHITECTURE.md: down the line, nouns decide, one seam to ZFS."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from source_tree import EXTENSION, PACKAGE, imports, is_noun, modules, room_of, rooms

if TYPE_CHECKING:
    from source_tree import Import


KNOWN = frozenset({*modules(), EXTENSION})
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
# Modules of the standard library, and of two extras, that give values for values: they
# open nothing, read no clock and start nothing. Of random, that is true of Random(seed).
PURE = frozenset(
    {
        *("__future__", "ast", "bisect", "collections", "contextlib", "datetime"),
        *("binascii", "difflib", "fnmatch", "functools", "graphlib", "hashlib", "heapq"),
        *(
            "importlib",
            "io",
            "ipaddress",
            "itertools",
            "json",
            "math",
            "operator",
            "re",
            "stat",
        ),
        *("string", "struct", "textwrap", "tomllib", "types", "typing", "zlib"),
        *("array", "configparser", "numpy", "random", "yaml"),
    }
)
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic"}


def imports_of(module: str) -> list[Import]:
    """Give what a module of the tree imports from the package."""
    path = modules()[module]
    name = f"{module}.__init__" if path.stem == "__init__" else module
    return imports(path.read_text(encoding="utf-8"), name, KNOWN)


def wrong_turns(module: str, found: list[Import]) -> list[str]:
    """Give the imports that go up the line, or to the extension past the engine."""
    here = room_of(module)
    wrong = []
    for item in found:
        there = room_of(item.target)
        if item.target == EXTENSION:
            if here != "engine":
                wrong.append(f"line {item.line}: only engine/ may import the extension")
        elif here and there and rooms()[there].place < rooms()[here].place:
            wrong.append(f"line {item.line}: '{here}' imports '{item.target}' from above")
        elif here not in ("", "cli") and not there:
            wrong.append(f"line {item.line}: '{here}' imports the front of the package")
    return wrong


def impurities(module: str, source: str) -> list[str]:
    """Give what a module that decides must not do: reach out, or import one that does."""
    tree = ast.parse(source)
    found = [
        f"line {item.line}: imports '{item.target}', which does"
        for item in imports(source, module, KNOWN)
        if not is_noun(item.target) and item.target in modules()
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called == "open" or called.rpartition(".")[2] in CLOCKS:
                found.append(f"line {node.lineno}: calls {called}()")
            continue
        else:
            continue
        tops = {name.partition(".")[0] for name in names} - {"zfstune", ""}
        found += [f"line {node.lineno}: imports '{top}'" for top in sorted(tops - PURE)]
    return found


def test_table_and_tree_agree() -> None:
    """Each module has its place in the table, and each place its module."""
    for name, room in rooms().items():
        folder = PACKAGE / name
        there = {path.stem for path in folder.glob("*.py")} - {"__init__"}
        for inner in {path.parent for path in folder.glob("*/__init__.py")}:
            inside = {f"{inner.name}/{path.stem}" for path in inner.glob("*.py")}
            inside -= {f"{inner.name}/__init__"}
            mixed = inside & (room.nouns | room.verbs)
            there |= inside if mixed else {f"{inner.name}/"}
        assert room.nouns | room.verbs == there, name
        assert not room.nouns & room.verbs, name
    assert set(rooms()) == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    beside = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    beside = {name for name in beside if not name.startswith("_zfs.")}
    assert beside == {"__init__.py", "__main__.py", "py.typed"}


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_down_the_line(module: str) -> None:
    """No module imports from a package before its own, wherever the import stands."""
    assert wrong_turns(module, imports_of(module)) == []


@pytest.mark.parametrize("module", sorted(m for m in modules() if is_noun(m)))
def test_nouns_decide(module: str) -> None:
    """A module named by a noun takes values and gives values, and does nothing."""
    found = impurities(module, modules()[module].read_text(encoding="utf-8"))
    assert found == []


@pytest.mark.parametrize("name", sorted(rooms()))
def test_a_package_holds_its_docstring_alone(name: str) -> None:
    """What a package holds is found in a module with a name, not in its front."""
    for path in (PACKAGE / name).rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) == 2, path
        assert isinstance(body[0], ast.Expr), path
        assert ast.unparse(body[1]) == "from __future__ import annotations", path


@pytest.mark.parametrize(
    ("module", "source", "target"),
    [
        ("values.names", "import zfstune.cli.main", "cli.main"),
        ("values.names", "from zfstune.cli import main", "cli.main"),
        ("values.names", "from zfstune import apply", ""),
        ("values.names", "from ..cli import main", "cli.main"),
        ("values.names", "from zfstune.datasets.apply import plan", "datasets.apply"),
        ("values.names", "def f():\n    import zfstune.cli.main", "cli.main"),
        ("values.names", "if TYPE_CHECKING:\n    import zfstune.cli.main", "cli.main"),
        ("datasets.planner", "from zfstune import _zfs", "_zfs"),
        ("cli.__init__", "from zfstune import _zfs", "_zfs"),
        ("engine.kernel", "from ..datasets.apply import apply", "datasets.apply"),
        ("host.nfs", "from zfstune.engine.kernel import x", "engine.kernel"),
    ],
)
def test_wrong_turn_is_found(module: str, source: str, target: str) -> None:
    """Each way to write an import is seen, so that the test above means something."""
    found = imports(source, f"zfstune.{module}", KNOWN)
    assert [item.target for item in found] == [f"zfstune.{target}".rstrip(".")]
    assert len(wrong_turns(f"zfstune.{module}".removesuffix(".__init__"), found)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "def f():\n    from subprocess import run",
        "from time import time",
        "def f():\n    return open('/etc/passwd')",
        "from datetime import datetime\ndef f():\n    return datetime.now()",
        "from zfstune.retention.prune import prune",
        "if TYPE_CHECKING:\n    from zfstune.engine.protocol import Engine",
        "import zfstune.host.nfs",
    ],
)
def test_what_does_is_found(source: str) -> None:
    """Each way to reach out is seen."""
    assert len(impurities("zfstune.retention.policy", source)) == 1


ABOVE_THE_ENGINE = sorted(
    module
    for module in modules()
    if room_of(module) and rooms()[room_of(module)].place < rooms()["engine"].place
)


def uses_of_errno(source: str) -> list[str]:
    """Give the places where a module looks at the number of an error, or makes one."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, ast.keyword):
            names = [node.arg or ""]
        else:
            continue
        found += [f"line {node.lineno}" for name in names if name == "errno"]
    return found


@pytest.mark.parametrize("module", ABOVE_THE_ENGINE)
def test_no_number_of_zfs_is_known_above_the_engine(module: str) -> None:
    """An error of the engine says by its class what a caller may do about it."""
    assert uses_of_errno(modules()[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import errno",
        "from errno import EBUSY",
        "def f(error):\n    return error.errno == 16",
        "NotFound(operation='find', target='x', errno=2, reason='gone')",
    ],
)
def test_each_use_of_a_number_is_found(source: str) -> None:
    """Each way to know a number is seen, so that the test above means something."""
    assert uses_of_errno(source) == ["line " + ("2" if "def" in source else "1")]


def test_no_import_goes_in_a_circle() -> None:
    """No module leads back to itself, by imports within functions and for types either."""
    graph = {
        module: {item.target for item in imports_of(module)} - {module}
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


# Names that a package's modules share by agreement: each verb of cli/ adds its
# arguments, each reader of imports/ reads a tool's settings, two modules are programs.
SHARED_NAMES = {"add_arguments", "main", "read"}


def public_names(source: str) -> set[str]:
    """Return the functions, classes and constants that a module defines for others."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")} - {"TYPE_CHECKING"}


def test_no_two_things_have_one_name() -> None:
    """A name says which thing is meant, wherever it is read."""
    homes: dict[str, list[str]] = {}
    for module, path in modules().items():
        for name in public_names(path.read_text(encoding="utf-8")):
            homes.setdefault(name, []).append(module)
    twice = {name: found for name, found in homes.items() if len(found) > 1}
    assert twice.keys() - SHARED_NAMES == set(), twice


# Words that name nothing: a reader has to find out what the variable holds.
NAMELESS = {"of", "one", "told", "ours", "mine", "theirs", "astray"}


def nameless_variables(source: str) -> list[str]:
    """Return the variables and parameters of a module whose name says nothing."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.arg):
            name = node.arg
        else:
            continue
        if name in NAMELESS:
            found.append(f"line {node.lineno}: {name}")
    return found


@pytest.mark.parametrize("module", sorted(modules()))
def test_variables_say_what_they_hold(module: str) -> None:
    """No variable is called by a word that could stand for anything."""
    assert nameless_variables(modules()[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source", ["one = 1", "for mine in x: pass", "def f(of): pass", "[told for told in x]"]
)
def test_a_nameless_variable_is_found(source: str) -> None:
    """Each way to name a variable is seen."""
    assert len(nameless_variables(source)) == 1

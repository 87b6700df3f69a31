"""The public names: what ``import zfstune`` promises."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from types import ModuleType

import pytest

import zfstune
from source_tree import PACKAGE, modules

FUNCTIONS = (
    "apply",
    "checkpoint",
    "clone",
    "open",
    "plan",
    "prune",
    "rollback",
    "snapshot",
    "verify",
)


def test_all_is_sorted_and_complete() -> None:
    """``__all__`` lists every public name once, in order."""
    assert sorted(set(zfstune.__all__)) == zfstune.__all__
    own = {
        name
        for name, value in vars(zfstune).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert own - {"annotations", "TYPE_CHECKING"} <= set(zfstune.__all__)


def test_type_checkers_see_the_same_names() -> None:
    """The imports under TYPE_CHECKING are those names, no more and no fewer."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    seen = {
        alias.asname or alias.name
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(zfstune.__all__) - {"__version__"}


def test_every_error_is_public() -> None:
    """Whoever catches an error finds its class in the package."""
    errors = importlib.import_module("zfstune.values.errors")
    assert set(errors.__all__) <= set(zfstune.__all__)


@pytest.mark.parametrize("name", zfstune.__all__)
def test_name_resolves(name: str) -> None:
    """Each public name is there, and stays the same object."""
    assert getattr(zfstune, name) is getattr(zfstune, name)


def test_unknown_name_is_an_attribute_error() -> None:
    """A name that is not public is not there, and ``dir`` lists those that are."""
    with pytest.raises(AttributeError, match="module 'zfstune' has no attribute 'ruin'"):
        _ = zfstune.ruin  # type: ignore[attr-defined]  # mypy finds the typo, too
    assert set(zfstune.__all__) <= set(dir(zfstune))


def test_no_module_shadows_a_public_name() -> None:
    """Importing every submodule, in any order, leaves the functions functions."""
    for module in modules():
        if not module.endswith("__main__"):
            importlib.import_module(module)
    for name in FUNCTIONS:
        assert callable(getattr(zfstune, name)), name
    assert {module.partition(".")[2] for module in modules()} & set(
        zfstune.__all__
    ) == set()


def loaded_by(statement: str) -> set[str]:
    """Give the modules that a statement loads in a new Python."""
    code = f"import sys; a = {{*sys.modules}}; {statement}; print(*{{*sys.modules}} - a)"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True).split())


def test_importing_loads_next_to_nothing() -> None:
    """``import zfstune`` loads itself and what ``typing`` takes, so it costs nothing."""
    allowed = loaded_by("import __future__, typing") | {"zfstune"}
    assert loaded_by("import zfstune") <= allowed


def test_stub_names_what_the_extension_has() -> None:
    """``_zfs.pyi`` declares each function and constant of the built extension."""
    extension = importlib.import_module("zfstune._zfs")
    tree = ast.parse((PACKAGE / "_zfs.pyi").read_text(encoding="utf-8"))
    assert declared(tree, "lib") == set(dir(extension.lib))


def declared(tree: ast.Module, variable: str) -> set[str]:
    """Give the members of the stub's class for `variable`."""
    kinds = {variable} | {
        ast.unparse(node.annotation)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == variable
    }
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in kinds:
            names |= {m.name for m in node.body if isinstance(m, ast.FunctionDef)}
            names |= {
                ast.unparse(m.target) for m in node.body if isinstance(m, ast.AnnAssign)
            }
    return names

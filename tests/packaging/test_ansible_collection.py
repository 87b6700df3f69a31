"""The Ansible collection, as far as it can be judged without Ansible."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import zfstune
from source_tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLLECTION = ROOT / "packaging" / "ansible"
MODULES = {path.stem for path in (COLLECTION / "plugins" / "modules").glob("*.py")}


PAGE = ROOT / "docs" / "howto" / "fleet.md"
FOLDERS = COLLECTION / "plugins"
PREFIX = "zfstune.storage."


def texts(file: Path) -> dict[str, str]:
    """Give the texts that a Python file assigns to names, wherever they stand."""
    return {
        node.targets[0].id: node.value.value
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def options(module: str) -> set[str]:
    """Give the options of a module, those of all modules among them."""
    shared = texts(FOLDERS / "doc_fragments" / "zfstune.py")["DOCUMENTATION"]
    own = texts(FOLDERS / "modules" / f"{module}.py")["DOCUMENTATION"]
    return {name for text in (shared, own) for name in yaml.safe_load(text)["options"]}


def tasks(found: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each use of a module in parsed YAML, with its options."""
    if isinstance(found, list):
        for each in found:
            yield from tasks(each)
    elif isinstance(found, dict):
        for name, value in found.items():
            if name.startswith(PREFIX):
                yield name.removeprefix(PREFIX), value
            else:
                yield from tasks(value)


def read(name: str) -> Any:
    """Give a YAML file of the collection."""
    return yaml.safe_load((COLLECTION / name).read_text(encoding="utf-8"))


def test_it_has_the_version_of_zfstune() -> None:
    """A collection and the command that it drives are of one release."""
    assert read("galaxy.yml")["version"] == zfstune.__version__


def test_common_options_reach_all_modules() -> None:
    """The group for module_defaults has each module, and none that is gone."""
    groups = read("meta/runtime.yml")["action_groups"]
    assert groups == {"zfstune": sorted(MODULES)}


def test_pages_name_all_modules() -> None:
    """Its README has a row for each, and the page about fleets shows each."""
    readme = (COLLECTION / "README.md").read_text(encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    for module in MODULES:
        assert f"| `{module}` |" in readme
        assert f"zfstune.storage.{module}:" in page


def test_each_core_has_the_same_exceptions() -> None:
    """What sanity tests pass over is the licence alone, of each module, on each core."""
    for file in (COLLECTION / "tests" / "sanity").glob("ignore-*.txt"):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert [line.partition(" #")[0] for line in lines] == [
            f"plugins/modules/{module}.py validate-modules:missing-gplv3-license"
            for module in sorted(MODULES)
        ]


def test_roles_have_a_default_for_each_option() -> None:
    """What the documentation of a role says of a default is what the role has."""
    for folder in (COLLECTION / "roles").iterdir():
        name = f"roles/{folder.name}"
        options = read(f"{name}/meta/argument_specs.yml")["argument_specs"]["main"][
            "options"
        ]
        defaults = read(f"{name}/defaults/main.yml")
        assert defaults.keys() == options.keys()
        for option, told in options.items():
            assert told.get("default", defaults[option]) == defaults[option]


def test_a_host_may_have_an_older_python() -> None:
    """What runs on a host is in the Python of 3.8, which ansible-core 2.19 still takes."""
    files = sorted(FOLDERS.rglob("*.py"))
    assert files
    for file in files:
        ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_a_wrong_option_is_found() -> None:
    """The check below would notice an option that there is not."""
    [(module, words)] = tasks([{"tasks": [{"zfstune.storage.policy": {"data": "a"}}]}])
    assert not words.keys() <= options(module)


@pytest.mark.parametrize("place", ["page", *sorted(MODULES)])
def test_examples_use_options_that_exist(place: str) -> None:
    """Each task of the page, and of a module's own examples, has options of its module."""
    if place == "page":
        text = PAGE.read_text(encoding="utf-8")
        blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    else:
        blocks = [texts(FOLDERS / "modules" / f"{place}.py")["EXAMPLES"]]
    used = [use for block in blocks for use in tasks(yaml.safe_load(block))]
    assert used
    for module, words in used:
        assert words.keys() <= options(module)

"""The Ansible collection, as far as it can be judged without Ansible."""

from __future__ import annotations

from typing import Any

import yaml

import zfstune
from source_tree import ROOT

COLLECTION = ROOT / "packaging" / "ansible"
MODULES = {path.stem for path in (COLLECTION / "plugins" / "modules").glob("*.py")}


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
    page = (ROOT / "docs" / "howto" / "fleet.md").read_text(encoding="utf-8")
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

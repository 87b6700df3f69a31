"""ARCHITECTURE.md: what it names is there, it stays one page, and tests mirror modules."""

from __future__ import annotations

import re

import pytest

from source_tree import PACKAGE, ROOT, modules, rooms

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
UNIT = ROOT / "tests" / "unit"
MOST_LINES = 110
# Words in code font that have a slash and yet name no place in the tree.
OTHER = {"/dev/zfs"}


def named_places() -> list[str]:
    """Return the places that the page names, beside the table that test_rooms.py reads."""
    table = re.compile(r"^\| `\w+/` \|.*$", re.MULTILINE)
    words = re.findall(r"`([^`\s]+)`", table.sub("", TEXT))
    return sorted({w for w in words if "/" in w or w.endswith((".c", ".h"))} - OTHER)


def is_there(place: str) -> bool:
    """Tell whether a file, a folder or a module is in the tree."""
    for folder in (ROOT, PACKAGE, ROOT / "native"):
        if (folder / place).exists() or (folder / f"{place}.py").is_file():
            return True
    return False


@pytest.mark.parametrize("place", named_places())
def test_each_named_place_exists(place: str) -> None:
    """A reader who follows the page to a file finds it."""
    assert is_there(place)


def test_a_place_that_is_gone_is_seen() -> None:
    """The test above can fail."""
    assert not is_there("datasets/gone")
    assert not is_there("native/gone.c")


def test_it_is_one_page() -> None:
    """The page can be read in one sitting."""
    assert len(TEXT.splitlines()) <= MOST_LINES


def module_names() -> dict[str, set[str]]:
    """Return each folder of tests/unit with the names of the modules it mirrors."""
    mirrored: dict[str, set[str]] = {}
    for module, path in modules().items():
        folder, _, name = module.removeprefix("zfstune.").rpartition(".")
        # The parts of the protocol hold no code, and test_protocol.py reads all of them.
        if folder and path.name != "__init__.py" and not name.startswith("protocol_"):
            mirrored.setdefault(folder.replace(".", "/"), set()).add(name.lstrip("_"))
    return mirrored


@pytest.mark.parametrize("folder", sorted(module_names()))
def test_unit_tests_mirror_modules(folder: str) -> None:
    """Each module has a test file of its name, and each file the name of a module.

    A topic may stand behind the module's name: test_planner_exports.py.
    """
    names = module_names()[folder]
    files = {path.stem.removeprefix("test_") for path in (UNIT / folder).glob("test_*.py")}
    assert names - files == set()
    known = {name for name in files if any(f"{name}_".startswith(f"{m}_") for m in names)}
    assert files - known == set()


def test_each_package_has_its_folder_of_tests() -> None:
    """No unit test stands beside the folders, where nobody looks for it."""
    folders = {path.name for path in UNIT.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == set(rooms())
    assert list(UNIT.glob("test_*.py")) == []

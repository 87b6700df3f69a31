"""What the pages say is what the code does."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache

import pytest

import zfstune
from source_tree import ROOT
from zfstune.profiles.load import load_text
from zfstune.profiles.pool_rules import FACTS

PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def page(name: str) -> str:
    """Give the text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def help_of(*verb: str) -> str:
    """Give what ``zfstune [VERB] --help`` prints."""
    argv = [sys.executable, "-m", "zfstune", *verb, "--help"]
    return subprocess.check_output(argv, text=True, cwd=ROOT)


def verbs(*below: str) -> set[str]:
    """Give the verbs of the command, or of a verb that has some, from its own help."""
    found = re.findall(r"^ {4}([a-z]+) {2,}\S", help_of(*below), re.MULTILINE)
    assert found or below, help_of()
    return set(found)


def commands(text: str) -> list[list[str]]:
    """Give the zfstune command lines in a page's console blocks, split into words."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.split()[2:] for line in lines if re.match(r"[#$] zfstune ", line)]


def test_readme_shows_every_verb() -> None:
    """Each verb of the command stands in the README."""
    text = page("README.md")
    assert [verb for verb in sorted(verbs()) if f"zfstune {verb}" not in text] == []


def test_readme_shows_only_what_exists() -> None:
    """Each command line in the README has a verb and options that the help knows."""
    lines = commands(page("README.md"))
    assert lines
    for words in lines:
        verb: tuple[str, ...] = ()
        for word in words:
            if word in verbs(*verb):
                verb = (*verb, word)
            elif word.startswith("-"):
                assert re.search(rf"(?<!\S){re.escape(word)}\b", help_of(*verb)), words
        assert verb, words


def test_every_help_says_the_exit_codes() -> None:
    """The README's exit codes are those of the command, and each help names some."""
    documented = set(re.findall(r"^\| (\d+) \|", page("README.md"), re.MULTILINE))
    assert documented == {"0", "1", "2", "3", "4", "5"}
    for verb in [(), *((verb,) for verb in sorted(verbs()))]:
        text = help_of(*verb)
        _, found, status = text.lower().partition("exit status")
        assert found, verb
        assert set(re.findall(r"(?<![\d+])\d\b", status)) <= documented


def test_readme_python_uses_public_names() -> None:
    """The Python in the README parses, and takes from zfstune what is exported."""
    blocks = re.findall(
        r"^```python\n(.*?)^```", page("README.md"), re.MULTILINE | re.DOTALL
    )
    assert blocks
    used = {
        node.attr
        for block in blocks
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "zfstune"
    }
    assert used
    assert used <= set(zfstune.__all__)


def test_readme_lists_every_profile() -> None:
    """Each profile has its row, and each row its profile."""
    rows = re.findall(
        r"^\| \[[\w-]+\]\(profiles/([\w-]+)\.toml\)", page("README.md"), re.MULTILINE
    )
    assert sorted(rows) == sorted(path.stem for path in ROOT.glob("profiles/*.toml"))


def test_the_profile_in_the_docs_is_sound() -> None:
    """What people copy from works, and the facts listed there are all there are."""
    text = page("docs/reference/profiles.md")
    [example] = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shop = load_text(example, "shop.toml")
    assert [d.path for d in shop.datasets][-1] == "pictures"
    assert shop.variant("archive").datasets[-1].settings[-1].value == "zstd-19"
    [line] = [line for line in text.splitlines() if line.startswith("- **`where`**")]
    assert set(re.findall(r"`([a-z-]+)`", line)) == {"where", *FACTS}


def test_changelog_has_this_version() -> None:
    """The newest entry of the changelog is the version of the package."""
    newest = re.search(r"^## \[(.+?)\]", page("CHANGELOG.md"), re.MULTILINE)
    assert newest
    assert newest[1] == zfstune.__version__


def test_pages_and_makefile_agree() -> None:
    """Each target stands in CONTRIBUTING's table, and no page names one that is not."""
    targets = set(re.findall(r"^([a-z]+):.*##", page("Makefile"), re.MULTILINE))
    listed = set(re.findall(r"^\| `make ([a-z]+)`", page("CONTRIBUTING.md"), re.MULTILINE))
    text = "\n".join(map(page, PAGES))
    named = set(re.findall(r"(?:`|^    )make ([a-z]+)", text, re.MULTILINE))
    assert listed == targets - {"help", "host"}
    assert named <= targets


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Each relative link of a page names a file of the tree."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page(name))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_no_output_is_left_to_paste() -> None:
    """The README shows what the commands print."""
    assert re.findall(r"<!-- OUTPUT [a-z]+", page("README.md")) == []

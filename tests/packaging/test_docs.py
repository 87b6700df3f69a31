"""What the pages say is what the code does."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

import zfstune
from source_tree import ROOT
from zfstune.profiles.load import load_text
from zfstune.profiles.pool_rules import FACTS

PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


WITH_PYTHON = (
    "README.md",
    *sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/*/*.md")),
)


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
    """Each verb of the command stands in the README's table, and no other."""
    table = re.findall(r"^\| [^|]+ \| ((?:`[a-z]+` ?)+)\|", page("README.md"), re.MULTILINE)
    assert sorted(re.findall(r"[a-z]+", " ".join(table))) == sorted(verbs())


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
    """Each help names some exit codes, and none that is not documented."""
    codes = page("docs/reference/exit-codes.md")
    documented = set(re.findall(r"^\| (\d+) \|", codes, re.MULTILINE))
    assert documented == {"0", "1", "2", "3", "4", "5"}
    for verb in [(), *((verb,) for verb in sorted(verbs()))]:
        text = help_of(*verb)
        _, found, status = text.lower().partition("exit status")
        assert found, verb
        assert set(re.findall(r"(?<![\d+])\d\b", status)) <= documented


def calls_of(block: str) -> dict[str, list[ast.Call]]:
    """Give the names of zfstune that some Python uses, with the calls of each."""
    found: dict[str, list[ast.Call]] = {}
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "zfstune":
            found.setdefault(node.attr, [])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("zfstune."):
            name = ast.unparse(node.func).split(".")[1]
            found.setdefault(name, []).append(node)
    return found


def takes(function: Any, call: ast.Call) -> bool:
    """Tell whether a function takes the arguments of a call."""
    named = {word.arg: None for word in call.keywords if word.arg is not None}
    try:
        inspect.signature(function).bind(*call.args, **named)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("name", [p for p in WITH_PYTHON if "```python" in page(p)])
def test_python_in_pages_uses_public_names(name: str) -> None:
    """The Python of a page parses, and calls what is exported as it can be called."""
    for block in re.findall(r"^```python\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL):
        for public, calls in calls_of(block).items():
            assert public in zfstune.__all__
            for call in calls:
                if ast.unparse(call.func) == f"zfstune.{public}":
                    assert takes(getattr(zfstune, public), call), ast.unparse(call)


def test_a_call_that_cannot_be_made_is_seen() -> None:
    """An option that a function lacks, and an argument too many, are both seen."""
    [call] = calls_of("zfstune.prune(keep=48)")["prune"]
    assert takes(zfstune.prune, call)
    for wrong in ("zfstune.prune(kept=48)", "zfstune.checkpoint()"):
        [(name, [call])] = calls_of(wrong).items()
        assert not takes(getattr(zfstune, name), call)


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

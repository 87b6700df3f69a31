"""The pages of docs/: they build without a warning, and list what the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import zfstune
from source_tree import ROOT
from zfstune.cli.help_endings import ending_of
from zfstune.cli.parser import build_parser
from zfstune.profiles.roles import ROLES
from zfstune.retention.rule_text import RULE_EXAMPLES
from zfstune.values import marks

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"
PAGES = (
    *sorted(DOCS.rglob("*.md")),
    *(ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING")),
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(name: str) -> str:
    """Give the text of a page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as a forge and MyST name them."""
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the pages as `make docs` does."""
    folder = tmp_path_factory.mktemp("pages")
    options = ("-b", "html", "-W", "--keep-going", "-n", "-q", "-d", folder / "doctrees")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, DOCS, folder / "html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_the_pages_build(built: Path) -> None:
    """Each page is built; it names no other host for what it needs to be shown."""
    for page in DOCS.rglob("*.md"):
        html = built / page.relative_to(DOCS).with_suffix(".html")
        text = html.read_text(encoding="utf-8")
        assert re.findall(r"<(?:script|img|iframe)[^>]* src=\"(?:https?:)?//", text) == []
        assert re.findall(r"<link [^>]*rel=\"stylesheet\"[^>]*href=\"https?:", text) == []


def test_every_public_name_is_documented(built: Path) -> None:
    """The page of names has an entry for each, and those of the module `golden`."""
    text = (built / "reference" / "api.html").read_text(encoding="utf-8")
    listed = set(re.findall(r'id="zfstune\.(\w+)"', text))
    assert set(zfstune.__all__) - listed == {"__version__", "golden"}
    assert 'id="zfstune.clones.golden.stamp"' in text


def test_every_verb_is_documented(built: Path) -> None:
    """The page of verbs has a section for each verb."""
    text = (built / "reference" / "verbs.html").read_text(encoding="utf-8")
    [verbs] = [a for a in build_parser()._actions if a.metavar == "VERB"]
    assert isinstance(verbs.choices, dict)
    for verb in verbs.choices:
        assert f'id="zfstune-{verb}"' in text, verb


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Each link names a file of the tree and a heading of it, or another host by https."""
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        if re.match(r"\w+:", name):
            assert name.startswith("https://"), link
            continue
        target = (page.parent / name) if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_links_are_seen() -> None:
    """A heading's anchor is that of a forge, and no comment in a console is a heading."""
    found = anchors(DOCS / "howto" / "replication.md")
    assert "failover-and-back" in found
    assert not any(anchor.startswith("zfstune-") for anchor in found)
    assert LINK.findall("[a](b.md#c) and [d](https://e)") == ["b.md#c", "https://e"]


def test_exit_codes_are_those_of_the_command() -> None:
    """The page has each status that the help of the command has."""
    listed = re.findall(
        r"^\| ([\d+N]+) \|", text_of("reference/exit-codes.md"), re.MULTILINE
    )
    assert listed == re.findall(r"^  ([\d+N]+)  ", ending_of(""), re.MULTILINE)


def test_every_profile_and_role_is_listed() -> None:
    """Each profile has its row, each role its own, and no row is left over."""
    text = text_of("reference/shipped-profiles.md")
    rows = re.findall(
        r"^\| \[[\w-]+\]\(../../profiles/([\w-]+)\.toml\)", text, re.MULTILINE
    )
    assert sorted(rows) == sorted(path.stem for path in ROOT.glob("profiles/*.toml"))
    roles = re.findall(r"^\| `([\w-]+)` \| (.*?) ?\| (.*?) ?\|$", text, re.MULTILINE)
    assert roles == [
        (role.name, ", ".join(f"`{a}`" for a in role.aliases), ", ".join(role.profiles))
        for role in sorted(ROLES, key=lambda role: role.name)
    ]


def test_every_mark_is_listed() -> None:
    """Each user property that zfstune writes has its row."""
    listed = re.findall(
        r"^\| `(org\.zfstune:.*?)` \|", text_of("reference/properties.md"), re.MULTILINE
    )
    owned = {value for name, value in vars(marks).items() if name.endswith("_PROPERTY")}
    assert sorted(listed) == sorted({*owned, f"{marks.TARGET_PREFIX}NUMBER"})


def test_every_rule_is_listed() -> None:
    """Each word of a policy stands on its page, and so does each option for one."""
    text = text_of("reference/policies.md")
    for word in (*RULE_EXAMPLES, "match", "regex"):
        assert f"`{word}=" in text, word
    for word in ("unreplicated", "never", "all-of-them"):
        assert f"`{word}`" in text, word

"""The manual pages are made from the parser, and mandoc has no complaint about them."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import zfstune
from manual import pages
from source_tree import ROOT
from zfstune.cli.parser import VERBS, build_parser

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the pages, as the release does."""
    made = tmp_path_factory.mktemp("manual")
    written = pages(build_parser(), version=zfstune.__version__, date="2026-11-30")
    for name, text in written.items():
        (made / name).write_text(text)
    return made


def shown(page: Path) -> str:
    """Return what ``man`` shows of a page, in one line."""
    done = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=200", page],
        capture_output=True,
        text=True,
        check=True,
    )
    return " ".join(re.sub(".\b", "", done.stdout).split())


def test_mandoc_has_no_complaint(folder: Path) -> None:
    """No error, no warning and no matter of style in any page."""
    found = sorted(folder.iterdir())
    assert len(found) == 1 + len(VERBS)
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "style", *found],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_mandoc_is_asked(tmp_path: Path) -> None:
    """A page with a fault is found, so the test above can fail."""
    page = tmp_path / "bad.8"
    page.write_text(".TH BAD\n.XX\n")
    done = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("verb", VERBS)
def test_each_option_stands_in_the_page_of_its_verb(verb: str, folder: Path) -> None:
    """Its line of the help heads the page, and each option is there, nested verbs' too."""
    text = shown(folder / f"zfstune-{verb}.8")
    assert f"zfstune-{verb} - {VERBS[verb]}" in text
    actions = build_parser()._actions
    [verbs] = [each for each in actions if isinstance(each, argparse._SubParsersAction)]
    parsers = [verbs.choices[verb]]
    for parser in parsers:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
            elif not isinstance(action, argparse._HelpAction):
                missing = [word for word in action.option_strings if word not in text]
                assert missing == []
    assert text.count("EXIT STATUS") == 1
    if verb == "schedule":  # the examples of its actions stand behind all of them
        assert "EXAMPLES zfstune schedule set tank/home --every hourly zfstune" in text
    assert "SEE ALSO zfstune(8)" in text


def test_the_first_page_names_the_others(folder: Path) -> None:
    """It has each verb with its line, the environment, and the files."""
    text = shown(folder / "zfstune.8")
    for verb, line in VERBS.items():
        assert f"zfstune-{verb}(8) {line}" in text
    assert "ZFSTUNE_POOL" in text
    assert "/etc/zfstune/profiles.d/*.toml" in text
    assert "--take-over-from" in text
    assert "--keep-hourly" not in text


def test_the_script_writes_all_files(tmp_path: Path) -> None:
    """The pages and the completions get the places that they have below /usr/share."""
    script = ROOT / "packaging" / "pages" / "make_pages.py"
    env = {"SOURCE_DATE_EPOCH": "1796072732", "PATH": "/usr/bin"}
    for folder in ("one", "two"):
        subprocess.run([sys.executable, script, tmp_path / folder], env=env, check=True)
    one, two = (
        {
            path.relative_to(tmp_path / folder).as_posix(): path.read_text()
            for path in (tmp_path / folder).rglob("*")
            if path.is_file()
        }
        for folder in ("one", "two")
    )
    assert one == two
    assert {
        "man/man8/zfstune.8",
        "man/man8/zfstune-apply.8",
        "bash-completion/completions/zfstune",
        "zsh/site-functions/_zfstune",
        "fish/vendor_completions.d/zfstune.fish",
    } <= set(one)
    assert '.TH ZFSTUNE 8 2026-11-30 "zfstune' in one["man/man8/zfstune.8"]

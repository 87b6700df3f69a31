"""The end of each help: examples that parse, and the statuses that the verb can have."""

from __future__ import annotations

import argparse
import ast
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from source_tree import ROOT
from zfstune.cli import exit_status
from zfstune.cli.help_endings import ENDINGS, ending_of
from zfstune.cli.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 80
CHECKED = {"PARTLY": 3, "PENDING": 4}


def parsers(parser: argparse.ArgumentParser, words: str = "") -> Iterator[tuple[str, str]]:
    """Give the words of each verb that has none below, and its help."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not below:
        yield words, parser.format_help()
        return
    for word, inner in below[0].choices.items():
        yield from parsers(inner, f"{words} {word}".strip())


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    """Give the help of each verb."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(WIDTH))
        return dict(parsers(build_parser()))


def test_each_verb_has_an_ending(helps: dict[str, str]) -> None:
    """A new verb needs a row, and no row is of an old one."""
    assert set(ENDINGS) == set(helps)
    for words, text in helps.items():
        assert text.endswith(ending_of(words)), words


def test_no_line_is_wider_than_a_terminal(helps: dict[str, str]) -> None:
    """80 columns are enough for each help."""
    wide = [
        (words, line)
        for words, text in helps.items()
        for line in text.splitlines()
        if len(line) > WIDTH
    ]
    assert wide == []


@pytest.mark.parametrize("words", ENDINGS)
def test_examples_parse(words: str) -> None:
    """Each example is a command line of its verb, as the parser knows it."""
    assert 2 <= len(ENDINGS[words].examples) <= 3
    for example in ENDINGS[words].examples:
        argv = shlex.split(example.partition(" > ")[0].partition(" < ")[0])
        args = build_parser(argv).parse_args(argv)
        assert args.verb == words.split(maxsplit=1)[0]
        assert words in example


@pytest.mark.parametrize("verb", sorted({words.split()[0] for words in ENDINGS}))
def test_statuses_are_those_of_the_code(verb: str) -> None:
    """A verb whose modules end with 3 or 4 says so, and no other one does."""
    sources = Path(ROOT, "zfstune", "cli")
    names = [verb, *(p.stem for p in sources.glob(f"{verb}_*.py") if verb != "policy")]
    used = {
        node.attr
        for name in names
        for node in ast.walk(ast.parse((sources / f"{name}.py").read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "exit_status"
    }
    said = {
        number
        for words, ending in ENDINGS.items()
        if words.split()[0] == verb and verb != "check"
        for number in ending.statuses
    }
    assert {CHECKED[name] for name in used if name in CHECKED} == said & {3, 4}


def test_the_program_and_groups() -> None:
    """The program's help has every status; that of a group has an example of each verb."""
    text = ending_of("")
    for number, meaning in exit_status.TEXTS.items():
        assert f"  {number}  {meaning}\n" in text
    assert "  zfstune golden stamp " in ending_of("golden")
    assert "  3  " not in ending_of("apply")
    assert "  5  " not in ending_of("profile new")

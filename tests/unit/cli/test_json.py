"""Programs read what the command says: each action prints JSON where it is asked to."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from zfstune.cli.parser import _MODULES, _VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is for programs as it is.
OTHERWISE = {
    ("profile", "schema"): "it is JSON",
    ("metrics",): "Prometheus's format; `check --json` has the same",
}


def actions(
    parser: argparse.ArgumentParser, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Give what a verb does, by the words that ask for it."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not below:
        yield words, parser
    for each in below:
        for word, child in each.choices.items():
            yield from actions(child, (*words, word))


@pytest.mark.parametrize("verb", _VERBS)
def test_each_has_it(verb: str) -> None:
    """But for what is JSON, or another format for programs, anyway."""
    parser = argparse.ArgumentParser()
    import_module(f"zfstune.cli.{_MODULES.get(verb, verb)}").add_arguments(parser)
    found = dict(actions(parser, (verb,)))
    assert found
    for words, action in found.items():
        asked = "--json" in action._option_string_actions
        assert asked == (words not in OTHERWISE), words

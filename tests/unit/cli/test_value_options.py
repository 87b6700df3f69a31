"""The options that several verbs have."""

from __future__ import annotations

import argparse

import pytest

from zfstune.cli.value_options import add_dry_run, add_raw, add_values, add_without


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    """Give a parser with all of them."""
    made = argparse.ArgumentParser()
    add_values(made, "a value")
    add_without(made, "a property")
    add_raw(made, "so")
    add_dry_run(made)
    return made


def test_what_they_read(parser: argparse.ArgumentParser) -> None:
    """A value may have an equals sign; without options all is left as it is."""
    words = ["-o", "a=b=c", "-o", "d=", "-x", "e", "--no-raw", "-n", "--json"]
    read = vars(parser.parse_args(words))
    assert read == {
        "properties": [("a", "b=c"), ("d", "")],
        "without": ["e"],
        "raw": False,
        "dry_run": True,
        "json": True,
    }
    assert parser.parse_args(["--raw"]).raw is True
    assert vars(parser.parse_args([])) == {
        "properties": [],
        "without": [],
        "raw": None,
        "dry_run": False,
        "json": False,
    }


@pytest.mark.parametrize("words", ["-o a", "-o =b", "--raw --no-raw"])
def test_what_they_refuse(
    parser: argparse.ArgumentParser, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A usage error says what is meant."""
    with pytest.raises(SystemExit):
        parser.parse_args(words.split())
    assert ("is not PROPERTY=VALUE" in capsys.readouterr().err) is words.startswith("-o")

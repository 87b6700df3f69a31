"""The options that several verbs have."""

from __future__ import annotations

import argparse

import pytest

from zfstune.cli.value_options import (
    add_dry_run,
    add_raw,
    add_values,
    add_without,
    duration_value,
    size_value,
    whole_value,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


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


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (size_value, "8K", 8192),
        (size_value, "8Q", "'8Q' is no size: 'Q' is no unit"),
        (duration_value, "30m", 1800),
        (duration_value, "5", "'5' is no time: write 90s, 30m or 2h"),
        (duration_value, "xm", "'xm' is no time: it is no whole number"),
        (whole_value(), "0", 0),
        (whole_value(1, 9), "0", "'0' is no number: the least is 1"),
        (whole_value(1, 9), "10", "'10' is no number: the largest number allowed is 9"),
        (whole_value(), "\x1b[2J", "'\\x1b[2J' is no number: it is no whole number"),
    ],
)
def test_values_of_options(read: Callable[[str], int], text: str, value: int | str) -> None:
    """Each reader gives the number, or says in one form what is wrong with the text."""
    if isinstance(value, int):
        assert read(text) == value
        return
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        read(text)
    assert str(caught.value) == value

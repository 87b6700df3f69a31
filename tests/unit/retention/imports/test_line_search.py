"""grep over names of snapshots: each pattern is read as grep reads it, or refused."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reading_oracle import cases
from zfstune.retention.imports.line_search import Search
from zfstune.retention.imports.reading import LeftOut, NotKeptError

SHORTS = (
    *("daily", "daily-1", "xdaily", "Daily", "a.b", "axb", "aab", "ab", "b", "a+b", "a|b"),
    *("2026-01-31", "auto-daily", "auto-hourly-2", "x", "db", "www", "tank", "d"),
)
DATASETS = ("tank/www", "tank/db", "daily", "x/tank/db")
pieces = st.sampled_from(
    (
        *("daily", "a", "b", "d", "-", "1", "@", "@a", "db@", "tank/db@", ".", "\\.", "*"),
        *("^", "$", "[0-9]", "[^0-9]", "[ab]", "[.]", "+", "|", "?", "(", ")", "{", "}"),
        *("\\+", "\\|", "x", "w", "/", "\\*", "\\[", "]", "hour", "[a-z]", "\\w"),
    )
)


# Most patterns of random pieces are refused, and only the others are compared.
@settings(max_examples=cases(60), suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.lists(pieces, min_size=1, max_size=4).map("".join),
    st.sampled_from((["-F"], ["-E"], [], ["-e"])),
    st.sampled_from(DATASETS),
)
def test_grep_itself(pattern: str, options: list[str], dataset: str) -> None:
    """The expression matches just the snapshots of a dataset that grep lets through."""
    words = [*options, pattern] if options == ["-e"] else [*options, "--", pattern]
    try:
        scope = Search.parse(words).scope(dataset)
    except NotKeptError:
        assume(False)
    lines = "".join(f"{dataset}@{short}\n" for short in SHORTS)
    grep = subprocess.run(
        ["grep", *words], input=lines, capture_output=True, text=True, check=False
    )
    by_grep = [line.partition("@")[2] for line in grep.stdout.splitlines()]
    assert by_grep == [each for each in SHORTS if re.fullmatch(scope or ".*", each)]


@pytest.mark.parametrize(
    ("pattern", "other", "apart"),
    [
        ("@a", "@b", True),
        ("@ab", "@a", False),
        ("@a", "@ab", False),
        ("hour", "day", None),
        ("hour", "ho", False),
        ("ho", "hour", False),
        ("@hour", "day", None),
        ("@hour", "ho", False),
        ("h.ur", "day", False),
        ("day", "h*", False),
        ("tank/db@", "@a", False),
    ],
)
def test_apart(pattern: str, other: str, apart: bool | None) -> None:  # noqa: FBT001
    """Two searches are apart, or share only names with both words, or may find the same."""
    assert Search.parse([pattern]).apart(Search.parse([other])) is apart
    assert Search.parse([other]).apart(Search.parse([pattern])) is apart


def test_the_dataset_it_seeks() -> None:
    """A pattern names a dataset if it begins with one, or can be for one alone."""
    anchored = Search.parse(["^tank/db@a"])
    assert anchored.dataset([], None) == "tank/db"
    loose = Search.parse(["db@"])
    assert loose.dataset(["tank/db"], None) == "tank/db"
    assert loose.dataset(["tank/www"], None) == ""
    assert loose.dataset([], ("tank/db", "tank/www")) == "tank/db"
    with pytest.raises(NotKeptError, match="matches 2 datasets"):
        loose.dataset([], DATASETS)
    with pytest.raises(NotKeptError, match="depends on which datasets") as unknown:
        loose.dataset([], None)
    assert unknown.value.hint == LeftOut.unknown_tree("").hint != ""
    assert Search.parse(["daily"]).dataset([], None) == ""


@pytest.mark.parametrize(
    ("words", "search"),
    [
        (["-F", "a."], Search("a.", False, False, (("a", True), (r"\.", True)))),
        (["-F", "--", "^a"], None),
        (["^a.$"], Search("^a.$", True, True, (("a", True), (".", False)))),
        (["a+"], Search("a+", False, False, (("a", True), (r"\+", True)))),
        (["-E", "a+"], None),
        (["-FE", "a*"], Search("a*", False, False, (("a*", False),))),
        (["-EF", "a*"], None),
        (["-EG", "a+"], Search("a+", False, False, (("a", True), (r"\+", True)))),
        ([r"a\$"], Search(r"a\$", False, False, (("a", True), (r"\$", True)))),
        (["-"], Search("-", False, False, ((r"\-", True),))),
        (["-eab"], Search("ab", False, False, (("a", True), ("b", True)))),
        (["-e", "-F"], Search("-F", False, False, ((r"\-", True), ("F", True)))),
        (["--", "-F"], Search("-F", False, False, ((r"\-", True), ("F", True)))),
    ],
)
def test_what_a_pattern_is_read_as(words: list[str], search: Search | None) -> None:
    """The last of several kinds of patterns counts, as with grep; `-e` takes the next."""
    if search is None:
        with pytest.raises(NotKeptError):
            Search.parse(words)
    else:
        assert Search.parse(words) == search

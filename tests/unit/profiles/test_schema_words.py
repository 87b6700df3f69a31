"""Each word of a profile, in the schema as in the reader."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from json_schema import faults
from zfstune.profiles.load import load, load_text
from zfstune.profiles.pool_rules import FACTS
from zfstune.profiles.schema import profile_schema
from zfstune.values.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Iterator

ARGUED = {"value": "off", "why": "w.", "source": "s", "disagrees": "d"}
RULE = {"pool": "redundant", "value": "on", "why": "w.", "source": "s"}
WHOLE: dict[str, Any] = {
    "name": "app",
    "summary": "An application",
    "advice": "a",
    "needs": {"openzfs": "2.2", "why": "w.", "source": "s"},
    "dataset": [
        {
            "path": "app/x",
            "owner": "app",
            "group": "app",
            "mode": "0750",
            "snapshots": {
                "every": "hourly",
                "keep": "keep=3",
                "why": "w.",
                "source": "s",
                "disagrees": "d",
            },
            "properties": {
                "atime": {**ARGUED, "where": [RULE]},
                "org.example:note": ARGUED,
                "canmount": ARGUED,
            },
        }
    ],
    "variant": {
        "v": {
            "summary": "s",
            "source": "s",
            "only": True,
            "dataset": {
                "app/x": {"atime": "off", "exec": ARGUED, "org.example:note": "off"}
            },
        }
    },
}
# The words that a profile may lack, by the word that they belong to.
OPTIONAL = {
    "": {"advice", "needs", "variant"},
    "dataset": {"owner", "group", "mode", "snapshots", "properties"},
    "snapshots": {"keep", "disagrees"},
    "atime": {"disagrees", "where"},
    "org.example:note": {"disagrees"},
    "canmount": {"disagrees"},
    "where": {"source"},
    "v": {"source", "only"},
    "exec": {"disagrees", "source"},
}


def refused(profile: dict[str, Any]) -> bool:
    """Tell whether the reader refuses a profile."""
    try:
        with patch.object(tomllib, "loads", lambda _: profile):
            load_text("", "x")
    except ProfileError:
        return True
    return False


def tables(value: Any, word: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all tables of a profile with the word that each belongs to."""
    if isinstance(value, dict):
        yield word, value
        for name, below in value.items():
            yield from tables(below, name)
    if isinstance(value, list):
        for each in value:
            yield from tables(each, word)


def words() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Yield each word that stands in a table, the table, and the profile of both.

    Names of datasets, properties and variants are no words of the format.
    """
    named = {"properties", "variant", "app/x"}
    for number, (word, table) in enumerate(tables(WHOLE)):
        for name in () if word in named or "app/x" in table else table:
            copy = json.loads(json.dumps(WHOLE))
            yield word, name, list(tables(copy))[number][1], copy


def refuses(profile: dict[str, Any]) -> bool:
    """Tell whether the schema refuses a profile."""
    return any(faults(profile_schema(), profile))


def test_all_words_at_once() -> None:
    """A profile that has every word is sound, with a dataset or with one to extend."""
    assert list(faults(profile_schema(), WHOLE)) == []
    assert not refused(WHOLE)
    text = 'name = "app"\nsummary = "s"\nextends = "postgres"'
    assert load_text(text, "app").datasets == load("postgres").datasets
    assert not refuses(tomllib.loads(text))
    assert refuses({"name": "app", "summary": "s"})
    assert refused({"name": "app", "summary": "s"})
    assert {name for _, name, *_ in words()} | {"extends"} == {
        *("name", "summary", "advice", "needs", "openzfs", "extends", "dataset", "path"),
        *("owner", "group", "mode", "snapshots", "every", "keep", "properties", "value"),
        *("why", "source", "disagrees", "where", "pool", "variant", "only"),
    }


def test_words_that_are_missing() -> None:
    """Schema and reader ask for the same words, and do without the same."""
    for word, name, table, profile in words():
        del table[name]
        wanted = name not in OPTIONAL.get(word, ())
        assert (word, name, refuses(profile)) == (word, name, wanted)
        # The schema cannot tell that snapshots, and a bare value of a variant, need more.
        wanted = wanted or name == "keep" or (word, name) == ("dataset", "properties")
        assert (word, name, refused(profile)) == (word, name, wanted)


@pytest.mark.parametrize("wrong", [7, "", None, [7], {"x": 7}])
def test_values_of_another_kind(wrong: object) -> None:
    """No word takes a number, nothing at all, or a table of other words."""
    for word, name, table, profile in words():
        table[name] = wrong
        assert (word, name, refuses(profile)) == (word, name, True)
        assert (word, name, refused(profile)) == (word, name, True)


def test_words_that_nobody_knows() -> None:
    """A word that is written another way is refused wherever it stands."""
    for word, name, table, profile in words():
        table[name.upper()] = table[name]
        assert (word, name, refuses(profile)) == (word, name, True)
        assert (word, name, refused(profile)) == (word, name, True)


@pytest.mark.parametrize("fact", [*FACTS, "nonsense"])
def test_facts_of_a_pool(fact: str) -> None:
    """A rule asks for one of the facts that zfstune knows."""
    profile = json.loads(json.dumps(WHOLE))
    profile["dataset"][0]["properties"]["atime"]["where"][0]["pool"] = fact
    assert refuses(profile) == refused(profile) == (fact not in FACTS)


def test_what_an_editor_shows() -> None:
    """The schema says what it is for, and each description is a sentence."""
    schema: Any = profile_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "zfstune profile"
    found = [
        table["description"]
        for word, table in tables(schema)
        if word != "properties" and "description" in table
    ]
    assert len(found) > len(FACTS)
    for text in found:
        assert re.fullmatch(r"[A-Z]\S* .*[a-z].*\.", text), text

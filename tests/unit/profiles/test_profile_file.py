"""The file of a profile: read whole, or refused with the place of the fault."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.profiles.load import load_text
from zfstune.profiles.profile import DatasetProfile, PoolRule, Profile, Setting
from zfstune.values.errors import ProfileError

SOUND = """
name = "app"
summary = "An application"

[[dataset]]
path = "app"
owner = "www-data"
group = "adm"
mode = "0750"

[dataset.properties.recordsize]
value = "16K"
why = "Pages of 16K."
source = "https://example.org/"

[[dataset]]
path = "app/log"
"""


def _refused(text: str) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        load_text(text, "app.toml")
    assert caught.value.message.startswith("cannot load profile 'app.toml': ")
    return caught.value


def test_a_sound_profile_is_read_whole() -> None:
    """Everything in the file comes out as a value, in the order of the file."""
    assert load_text(SOUND, "app.toml") == Profile(
        "app",
        "An application",
        (
            DatasetProfile(
                "app",
                (Setting("recordsize", "16K", "Pages of 16K.", "https://example.org/"),),
                "www-data",
                "adm",
                0o750,
            ),
            DatasetProfile("app/log", ()),
        ),
        "app.toml",
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name = "app"', "", "top level: key 'name' is missing"),
        ('name = "app"', 'name = "App"', "must be lowercase"),
        ('name = "app"', 'name = "../app"', "must be lowercase"),
        ('name = "app"', 'name = ""', "key 'name' is empty"),
        ('name = "app"', f'name = "{"a" * 65}"', "must be lowercase"),
        ('name = "app"', "name = 1", "must be text in quotes"),
        ('summary = "An application"', "", "key 'summary' is missing"),
        ('path = "app"\n', "", "dataset 1: key 'path' is missing"),
        ('path = "app"\n', 'path = "/app"\n', "'/app' is absolute"),
        ('path = "app"\n', 'path = "../app"\n', "'..' part"),
        ('path = "app"\n', 'path = "a/./b"\n', "'.' or '..' part"),
        ('path = "app"\n', 'path = "a//b"\n', "empty, "),
        ('path = "app"\n', 'path = "app/"\n', "empty, "),
        ('path = "app"\n', 'path = "a@b"\n', "'@'"),
        ('path = "app"\n', 'path = "a%b"\n', "'%'"),
        ('path = "app"\n', 'path = "app/log"\n', "'app/log': key 'path': an earlier"),
        ('path = "app"\n', 'path = "app/log/x"\n', "after its child 'app/log/x'"),
        ('owner = "www-data"', 'owner = "a:b"', "key 'owner': 'a:b'"),
        ('owner = "www-data"', 'owner = ""', "key 'owner' is empty"),
        ('group = "adm"', "group = 4", "key 'group': it must be text"),
        ('mode = "0750"', 'mode = "rwx"', "'rwx' is not an octal mode"),
        ('mode = "0750"', 'mode = "10000"', "'10000' is not an octal mode"),
        ('mode = "0750"', "mode = 0o750", "key 'mode': it must be text"),
        ('mode = "0750"', 'mode = "\u0667"', "not an octal mode"),
        ('value = "16K"', "", "dataset 'app', property recordsize: key 'value' is missing"),
        ('why = "Pages of 16K."', 'why = " "', "key 'why' is empty"),
        ('source = "https://example.org/"', "", "key 'source' is missing"),
        ('value = "16K"', 'value = "9K"', "recordsize=9K"),
        ('value = "16K"', "value = 16384", "key 'value': it must be text in quotes"),
        ("properties.recordsize", "properties.recordsise", "recordsise"),
        ("properties.recordsize", "properties.volsize", "volsize"),
        ("properties.recordsize", "properties.used", "used"),
        ("properties.recordsize", "properties.mountpoint", "a profile cannot choose where"),
        ("properties.recordsize", "properties.canmount", "a profile cannot choose where"),
        ("properties.recordsize", 'properties."org.zfstune:applied"', "own notes"),
        ('[dataset.properties.recordsize]\nvalue = "16K"',
         '[dataset.properties.sync]\nvalue = "disabled"', "may not disable sync"),
        ('[dataset.properties.recordsize]\nvalue = "16K"',
         '[dataset.properties.checksum]\nvalue = "off"', "may not turn checksums off"),
        ("[dataset.properties.recordsize]", "[dataset.properties]", "it must be a table"),
        ("[[dataset]]", "[dataset]", "line 16, column"),
        ('recordsize]\nvalue = "16K"', 'canmount]\nvalue = "noauto"', "cannot choose"),
        ('why = "Pages', 'disagrees = 1\nwhy = "Pages', "key 'disagrees': it must be text"),
        ("summary =", "sumary =", "top level: unknown key 'sumary'"),
        ("owner =", "user =", "dataset 'app': unknown key 'user'"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(old: str, new: str, reason: str) -> None:
    """The message names file, table and key."""
    assert old in SOUND
    assert reason in _refused(SOUND.replace(old, new, 1)).message


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("owner =", "onwer =", "did you mean 'owner'?"),
        ("value =", "valeu =", "did you mean 'value'?"),
        ("properties.recordsize", "properties.recordsise", "did you mean 'recordsize'?"),
        ('recordsize]\nvalue = "16K"', 'atime]\nvalue = "offf"', "mean 'off'? use one of"),
        ('recordsize]\nvalue = "16K"', 'compression]\nvalue = "zst"', "'zstd'? use one of"),
        ("why =", 'mode = "0750"\nwhy =', "belongs to the [table] above it"),
        ("why =", 'name = "x"\nwhy =', "belongs to the [table] above it"),
        ("[dataset.properties.recordsize]", '[dataset.properties]\natime = "off"',
         'as in { value = "...", why = '),
    ],
)  # fmt: skip
def test_hints_name_the_nearest_word(old: str, new: str, hint: str) -> None:
    """The hint on a misspelt word is the nearest word."""
    assert hint in _refused(SOUND.replace(old, new, 1)).hint


RULED = SOUND.replace(
    '[[dataset]]\npath = "app/log"',
    '[[dataset.properties.recordsize.where]]\npool = "raidz"\nvalue = "32K"\n'
    'why = "Parity."\n\n[[dataset]]\npath = "app/log"',
)


def test_a_rule_for_certain_pools_is_read() -> None:
    """A rule without a source has that of the value."""
    [setting] = load_text(RULED, "app.toml").datasets[0].settings
    assert setting.rules == (PoolRule("raidz", "32K", "Parity.", "https://example.org/"),)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('pool = "raidz"', 'pool = "radiz"', "where: key 'pool': there is no fact 'radiz'"),
        ('pool = "raidz"', 'pool = "__import__"', "there is no fact '__import__'"),
        ('pool = "raidz"\n', "", "key 'pool' is missing"),
        ('value = "32K"', 'value = "33K"', "recordsize=33K"),
        ('why = "Parity."', "", "key 'why' is missing"),
        ('why = "Parity."', 'why = "P."\nwhere = []', "unknown key 'where'"),
        ("[[dataset.properties.recordsize.where]]", "[dataset.properties.recordsize.where]",
         "key 'where': it must be [[...where]] tables"),
        ('recordsize]\nvalue = "16K"', 'sync]\nvalue = "standard"', "may not disable"),
    ],
)  # fmt: skip
def test_faults_of_a_rule_are_named(old: str, new: str, reason: str) -> None:
    """Facts are a closed list, and a rule can do no more than a profile."""
    assert old in RULED
    text = RULED.replace(old, new, 1)
    if "sync" in new:
        text = text.replace("recordsize.where", "sync.where").replace("32K", "disabled")
    assert reason in _refused(text).message


def test_values_that_contradict_each_other_are_refused() -> None:
    """Properties that are sound alone are also checked together."""
    table = '[dataset.properties.{}]\nvalue = "{}"\nwhy = "w"\nsource = "s"\n'
    text = 'name = "a"\nsummary = "s"\n[[dataset]]\npath = "a"\n'
    sound = text + table.format("normalization", "formD")
    assert load_text(sound, "app.toml").datasets[0].settings
    assert "utf8only" in _refused(sound + table.format("utf8only", "off")).message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "end of document: invalid value"),
        ('name = "a"\nname = "b"\n', "line 2, column 11: cannot overwrite a value"),
        ("x = " + "[" * 3000, "TOML: it is nested too deeply"),
        ("x" + ".x" * 30_000 + " = 1", "line 1: it has more than 500 dots"),
        ("x = {" + ".x" * 30_000 + " = 1}", "line 1: it has more than 500 dots"),
        ("x = 1" + "0" * 5000, "TOML: a number in it has thousands of digits"),
        ("\ufeffname = 'a'", "line 1, column 1: it begins with a byte order mark"),
        ("[x]\ny.z = 1\n[x]\n", "line 3, column 3: cannot declare ('x',) twice"),
        (f"{'y' * 9000} = 1\n" * 2, "column 9005: cannot overwrite a value"),
        ("x = 2026-13-45", "line 1"),
        ("", "key 'name' is missing"),
        ("#" * 70_000, "larger than 64 KiB"),
        ("#" + "é" * 40_000, "larger than 64 KiB"),
        ("name = 'a'\nsummary = 's'", "no [[dataset]] table"),
        ("name = 'a'\nsummary = 's'\ndataset = []", "no [[dataset]] table"),
        ("name = 'a'\nsummary = 's'\ndataset = [1]", "dataset 1: it must be a table"),
    ],
)
def test_text_that_is_no_profile_is_refused(text: str, reason: str) -> None:
    """Syntax errors come with line and column, and size and depth are bounded."""
    assert reason in _refused(text).message


def test_a_record_for_newer_releases_is_for_the_planner_to_cut() -> None:
    """A profile may ask for a value that only some systems take."""
    text = SOUND.replace("16K", "16M", 1)
    assert load_text(text, "x").datasets[0].settings[0].value == "16M"


def test_messages_keep_control_characters_out() -> None:
    """Control characters in a hostile file do not reach the terminal."""
    error = _refused(SOUND.replace("owner =", '"a\\u001b[2J" ='))
    assert "\x1b" not in error.message + error.hint


@pytest.mark.parametrize("key", ["summary", "why", "source", "disagrees"])
def test_sentences_are_fit_for_a_terminal(key: str) -> None:
    """Several lines are joined; characters that would move the cursor are refused."""
    text = SOUND.replace("source =", 'disagrees = "x"\nsource =')
    line = re.search(rf"^{key} = .*$", text, re.MULTILINE)
    assert line
    several = text.replace(line[0], f'{key} = """\nOne\n  and\\u00a0two.\n"""')
    found = load_text(several, "app.toml")
    given = found.summary if key == "summary" else found.datasets[0].settings[0]
    assert (given if isinstance(given, str) else getattr(given, key)) == "One and two."
    for wrong in ("\\u001b[2J", "\\u009b2J", "\\u202e", "a\\u0007"):
        error = _refused(text.replace(line[0], f'{key} = "{wrong}"'))
        assert f"key '{key}': it holds characters that cannot be printed" in error.message


_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))
_keys = st.sampled_from(
    [
        "name",
        "summary",
        "dataset",
        "path",
        "owner",
        "mode",
        "properties",
        "recordsize",
        "variant",
        "extends",
        "only",
        "x",
    ]
)
_trees = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=5),
)


@given(st.dictionaries(_keys, _trees, max_size=5))
def test_any_table_is_a_profile_or_an_error(table: dict[str, object]) -> None:
    """Whatever TOML gives, the reader answers with a profile or a ProfileError."""
    from unittest.mock import patch

    with patch.object(tomllib, "loads", lambda _: table):
        try:
            found = load_text("", "x")
        except ProfileError:
            return
    assert found.datasets


@given(st.text(max_size=60))
def test_any_text_is_a_profile_or_an_error(text: str) -> None:
    """Whatever the text, nothing but a ProfileError comes out."""
    with pytest.raises(ProfileError):
        load_text(text, "x")

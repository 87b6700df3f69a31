"""YAML as text: PyYAML reads it, without its guesses and within bounds."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from zfstune.retention.imports import yaml_text
from zfstune.retention.imports.yaml_text import (
    Quoted,
    is_null,
    read_truth,
    read_yaml,
    read_yaml_number,
)
from zfstune.values.errors import PolicyError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb:\n  c: x y # z\n", {"a": "1", "b": {"c": "x y"}}),
        ("- a\n-\n  - b\n- c: d\n  e: f\n", ["a", ["b"], {"c": "d", "e": "f"}]),
        ("a: [1, 'x, y', {b: [] }]", {"a": ["1", "x, y", {"b": []}]}),
        ("listen: :8888\nurl: a:b\n", {"listen": ":8888", "url": "a:b"}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("a: &x [1]\nb: *x\n", {"a": ["1"], "b": ["1"]}),
        ("---\na:\nb: ~\n", {"a": "", "b": "~"}),
        ("a: '<<'\n'<<': b\n", {"a": "<<", "<<": "b"}),
        ("a: ! 12\nb: ! [c]\n", {"a": "12", "b": ["c"]}),
        ("x", "x"),
        ("# nothing\n\n", None),
        ("null", None),
    ],
)
def test_yaml_is_read(text: str, value: object) -> None:
    """Blocks, flows, quotes, comments and aliases are read."""
    assert read_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\n---\nb: 2\n", 2, "zfstune reads only one"),
        ("a: *x\n", 1, ""),
        ("a: !!int 3\n", 1, "tag:yaml.org,2002:int is not supported"),
        ("a:\n- !x {}\n", 2, "the tag !x is not supported"),
        ("a: 1\nb: 1\na: 2\n", 3, "the key 'a' is given twice"),
        ("a: {b: 1, 'b': 2}\n", 1, "the key 'b' is given twice"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "does not read the merge key <<"),
        ("? [a]\n: b\n", 1, "a key is no text"),
        ("a:\n\tb: 1\n", 2, "found character"),
        ("a: b: c\n", 1, "mapping values are not allowed"),
        ("[" * 51 + "]" * 51, 1, "nested too deeply"),
        ("".join(f"{' ' * n}a:\n" for n in range(60)), 51, "nested too deeply"),
        ("a: &a [*a]\n", 1, "no anchor &a stands before it"),
        ("k: &m n\n&m r: s\n", 2, "the anchor &m is defined a second time"),
    ],
)
def test_what_is_refused(text: str, line: int, problem: str) -> None:
    """A refusal names the line, and nothing is guessed."""
    with pytest.raises(PolicyError, match=rf"^cannot read line {line}: ") as no:
        read_yaml(text)
    assert problem in no.value.message


def test_a_depth_that_is_still_read() -> None:
    """Fifty lists in each other are read."""
    value = read_yaml("[" * 50 + "]" * 50)
    for _ in range(49):
        assert isinstance(value, list)
        [value] = value
    assert value == []


def test_bytes_that_are_no_text_of_yaml() -> None:
    """A control character or half of a surrogate pair is refused without a line."""
    for text in ("a: \x01\n", "a: \udc80\n"):
        with pytest.raises(PolicyError, match=r"^cannot read it as YAML: "):
            read_yaml(text)


def test_aliases_that_explode() -> None:
    """A few lines that stand for billions of nodes are refused before they are walked."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(PolicyError, match="line 6: its aliases make it too large"):
        read_yaml("\n".join(lines))


def test_a_long_list() -> None:
    """Each element is looked at once, so that 100 KB are read at once."""
    assert read_yaml("- ab\n" * 20_000) == ["ab"] * 20_000
    assert read_yaml(f"[{'ab, ' * 25_000}]") == ["ab"] * 25_000


def test_scalars() -> None:
    """Quotes make a text of a truth, a number or nothing."""
    text = "[yes, 'yes', 12, '12', ~, '~', '', No, |\n yes\n ]"
    value = read_yaml(
        "- yes\n- 'yes'\n- 12\n- \"12\"\n- ~\n- '~'\n- ''\n- No\n- >-\n  yes\n"
    )
    assert isinstance(value, list), text
    quoted = [isinstance(each, Quoted) for each in value]
    assert quoted == [False, True, False, True, False, True, True, False, True]
    assert [read_truth(each) for each in value] == [True, *[None] * 6, False, None]
    assert [read_yaml_number(each) for each in value] == [None, None, 12, *[None] * 6]
    assert [is_null(each) for each in value] == [*[False] * 4, True, *[False] * 4]


@pytest.mark.parametrize("word", ["007", "1_000", "0x1", "-1", "+1", "1.0", "", "1" * 10])
def test_numbers_that_tools_read_differently(word: str) -> None:
    """A number that tools read differently counts as none."""
    assert read_yaml_number(word) is None
    assert read_yaml_number("0") == 0
    assert read_yaml_number("1" * 9) == 111_111_111


def test_things_that_are_no_scalar() -> None:
    """A list is neither a truth nor a number nor nothing."""
    assert read_truth([]) is read_yaml_number({}) is None
    assert not is_null([])
    assert not is_null(None)


def test_without_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML, the error says how to install it."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(PolicyError, match="PyYAML is not installed") as no:
        read_yaml("a: b")
    assert no.value.hint == "pip install 'zfstune[readers]', or apt install python3-yaml"


def test_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML without libyaml reads the same."""
    monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    assert read_yaml("a: ['1', yes]\nb: &x |\n  c\n") == {"a": ["1", "yes"], "b": "c\n"}
    with pytest.raises(PolicyError, match=r"^cannot read line 1: "):
        read_yaml("a: ]\n")


FRAGMENTS = (
    *("a: 1", "b:", "- c", "-", "- d: 2", "- - e", "f: 'g # h'", "i: [1, {j: k}]"),
    *("'l': m", "n: {", "o: p,", "}", "# q", "r: s # t", '"u": "v\\\\w"', "", "x#y: z"),
    *("- 'a'", "b: c:d", "- [", "1, 2", "]", "e: -1", "--- ", "g: {h: [], i: }", "- -"),
    *("k: &m n", "o: *m", "p: |", "  q", "&m r: s"),
)
documents = st.lists(st.sampled_from(FRAGMENTS), max_size=7).flatmap(
    lambda lines: st.lists(st.integers(0, 4), min_size=len(lines), max_size=len(lines)).map(
        lambda indents: "\n".join(" " * n + x for n, x in zip(indents, lines, strict=True))
    )
)


@settings(max_examples=300)
@given(documents | st.text(alphabet="ab:-#{}[],'\" \n\\&*", max_size=40))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    """Any text is refused, or read as PyYAML's own loader reads it."""
    with suppress(PolicyError):
        value = read_yaml(text)
        itself = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (text alone)
        assert value == itself or (value is None and itself in (None, "", "~", "null"))


def test_truths_are_those_of_yaml_1_1() -> None:
    """The truths are those of PyYAML's resolver, and the single letters of go-yaml."""
    resolved = {
        word: import_module("yaml").safe_load(word)
        for word in (*yaml_text._TRUE, *yaml_text._FALSE)
        if len(word) > 1
    }
    assert {word for word, value in resolved.items() if value is True} == {
        word for word in yaml_text._TRUE if len(word) > 1
    }
    assert {word for word, value in resolved.items() if value is False} == {
        word for word in yaml_text._FALSE if len(word) > 1
    }

"""Command lines: each gives the same words as in bash, or is refused."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reading_oracle import cases
from zfstune.retention.imports.reading import NotKeptError
from zfstune.retention.imports.shell_words import Command, ForLoop, ReadLoop, parse_line

VALUES = {"d": "tank/db", "long_1": "x"}
pieces = st.sampled_from(
    (
        *("a", "b/c", " ", "  ", "\t", "'", '"', "'a b'", '"a  b"', "\\ ", "\\'", '\\"'),
        *("$d", "${d}", '"$d"', "'$d'", "$long_1", "${long_1}x", "\\$d", '"\\$d"', "\\\\"),
        *("{}", "{", "}", "*", "?", "~", "#", " # a", "a#b", "=", "^a", "-n1", "%", "!"),
        *('"\\a"', '"\\\\"', "''", '""', "a'b'\"c\"", ".", ":", "@", "[0-9]", "$", "1"),
    )
)


@settings(max_examples=cases(80))
@given(st.lists(pieces, min_size=1, max_size=5).map("".join))
def test_bash_itself(words: str) -> None:
    """Quotes, escapes, variables and comments give the same words as in bash."""
    try:
        [pipeline] = parse_line(f"printf {words}")
        [command] = pipeline.stages
        assert isinstance(command, Command)
        words_here = [word.expand(VALUES) for word in command.words[1:]]
    except NotKeptError:
        assume(False)
    assert command.redirects == ()
    sets = "".join(f"{name}={value}; " for name, value in VALUES.items())
    shown = subprocess.run(
        ["bash", "-c", f'{sets}set -- {words}\nprintf \'%s\\0\' "$#" "$@"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [str(len(words_here)), *words_here] == shown.split("\0")[:-1]


READ = (
    *("a; b", "a | b", "a; b;", "a || true; b", "a || :", "a 2>/dev/null", "a > b 2>&1"),
    *("for x in a b; do c; done", "for x in a b\ndo c\ndone", "a >> b", "a 2>&1 | b"),
    *("while read x; do a; done", "while read -r x; do a; b; done"),
    "for x in $(a); do b; done",
)
REFUSED = (
    *("a && b", "a & b", "(a)", "a < b", "a || b", "if a; then b; fi", "a; ; b", "| a"),
    *("a |", "for x in a; do b", "for x; do b; done", "for x in a; b; done", "a $((1))"),
    *("while true; do a; done", "while read; do a; done", "until a; do b; done", ">"),
    *("a > ", "a *", "a ?", "a [b]", "a {b,c}", "a ~", "~/a", "a $x$", "a 'b", "a $(b"),
    *('a "`b`"', "a $'b'", "a ${b:-c}", "a ${b", "a !b", "! a", "a \\", "a 'b'2>c"),
    *("a $?", "a $1", "a ${1}", "a $(b $(c))", "a <(b)", "a >(b)", "done", "do"),
    *(
        "a > $x",
        'a 2> "$x"',
        "a > ${x}",
        "a `b",
        "a &> b",
        "a |& b",
        'a "$(b)"',
        "a\n\\",
        "time a",
        "{ a; }",
        "[[ a ]]",
    ),
)


@pytest.mark.parametrize("line", READ)
def test_what_is_read(line: str) -> None:
    """Lists, pipelines, loops and redirections are read, and bash accepts them too."""
    assert parse_line(line)
    subprocess.run(["bash", "-n", "-c", line], check=True)


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused(line: str) -> None:
    """A line in which a shell would do more, or something else, is refused."""
    with pytest.raises(NotKeptError):
        parse_line(line)


def test_a_value_that_is_not_known() -> None:
    """A variable without a known value is refused when the word is used."""
    [pipeline] = parse_line("a $x")
    [command] = pipeline.stages
    assert isinstance(command, Command)
    with pytest.raises(NotKeptError, match=r"the value of \$x is not known"):
        command.words[1].expand({"y": "z"})


def test_the_parts_of_a_loop() -> None:
    """A loop has a name, words and a body."""
    [pipeline] = parse_line("for x in a 'b c' $d $(e f); do g $x; done 2>/dev/null")
    [loop] = pipeline.stages
    assert isinstance(loop, ForLoop)
    assert loop.name == "x"
    assert [word.command for word in loop.words] == ["", "", "", "e f"]
    assert [word.bare for word in loop.words] == ["a", "", "", ""]
    assert [word.expand({"d": "v"}) for word in loop.words[:3]] == ["a", "b c", "v"]
    [inner] = loop.body
    assert isinstance(inner.stages[0], Command)
    [pipeline] = parse_line("a | while read -r line; do b; done")
    assert isinstance(pipeline.stages[1], ReadLoop)
    assert pipeline.stages[1].name == "line"


def test_redirections() -> None:
    """A redirection has its target, and a number only if it stands alone."""
    [pipeline] = parse_line("a b2>c 2>>d >&2 2>&1")
    [command] = pipeline.stages
    assert isinstance(command, Command)
    assert [word.expand({}) for word in command.words] == ["a", "b2"]
    assert command.redirects == ((">", "c"), ("2>>", "d"), (">", "&2"), ("2>", "&1"))


def test_the_parts_of_a_quoted_word() -> None:
    """Variables in double quotes are told from text, in any form and order."""
    [pipeline] = parse_line('"a $d-${e}" "\\$f" \'$g\'')
    [command] = pipeline.stages
    assert isinstance(command, Command)
    values = {"d": "D", "e": "E"}
    assert [word.expand(values) for word in command.words] == ["a D-E", "$f", "$g"]
    kinds = [[kind for kind, _ in word.parts if kind != "text"] for word in command.words]
    assert kinds == [["variable", "variable"], [], []]
    assert all(word.quoted and not word.bare for word in command.words)


@pytest.mark.parametrize("word", [r"\for", "'for'", '"for"', r"f\or"])
def test_a_quoted_word_is_no_word_of_the_grammar(word: str) -> None:
    """A quote or a backslash makes the name of a command of it."""
    [pipeline] = parse_line(f"{word} x")
    [command] = pipeline.stages
    assert isinstance(command, Command)
    assert [(each.bare, each.expand({})) for each in command.words] == [
        ("", "for"),
        ("x", "x"),
    ]


@pytest.mark.parametrize(
    ("line", "count"), [("a;\n\n\nb", 2), ("a\n\nb\n\n", 2), ("a || true\n\nb;c", 3)]
)
def test_blank_lines_between_commands(line: str, count: int) -> None:
    """Any number of line ends may follow a command."""
    assert len(parse_line(line)) == count


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("for x in a; b c; done", "b"),
        ("for x in a; do b", "the end"),
        ("for x", "the end"),
        ("while true; do a; done", "true"),
        ("a; ; b c", ";"),
        ("a | for x in b; do c; done d e", "d"),
        ("a || b c", "||"),
        ("a >> | b", ">>"),
        ("then a", "then"),
        ("for", "the end"),
    ],
)
def test_what_is_not_expected_is_named(line: str, named: str) -> None:
    """The message names the first word or sign that does not fit, or the end."""
    with pytest.raises(NotKeptError) as no:
        parse_line(line)
    assert no.value.reason == f"'{named}' is not expected in that place"


def test_a_line_that_is_refused_is_quoted_in_part() -> None:
    """The message shows where the reading stopped: twenty characters, no more."""
    with pytest.raises(NotKeptError) as no:
        parse_line("a *23456789012345678901")
    assert no.value.reason == "'*2345678901234567890' is not made of plain words"

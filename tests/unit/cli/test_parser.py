"""A generator of pages gets a parser with all verbs; a run loads the chosen verb alone."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from zfstune.cli.parser import VERBS, build_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., tuple[int, str, str]]

# These verbs take neither options nor names.
BARE = {("profile", "schema")}
# These verbs print a format for programs, so they need no --json.
WITHOUT_JSON = {
    ("profile", "schema"): "it prints JSON",
    ("schema",): "it prints JSON",
    ("serve",): "a program on another host reads it",
    ("metrics",): "it prints Prometheus's format; `check --json` has the same figures",
}


def walk(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Return each verb by its words, the way that shtab walks over a parser."""
    if words:
        yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from walk(below, (*words, word))


def test_every_verb_is_there_with_its_options() -> None:
    """Each verb, and each verb below a verb, takes more than -h."""
    verbs = dict(walk(build_parser()))
    assert {words[0] for words in verbs} == {*VERBS}
    bare = {words for words, parser in verbs.items() if len(parser._actions) == 1}
    assert bare == BARE
    assert "--keep" in verbs["prune",]._option_string_actions
    assert "--every" in verbs["schedule", "install"]._option_string_actions


def test_every_verb_has_json() -> None:
    """Programs read the output of each verb that does something, by --json."""
    for words, parser in walk(build_parser()):
        if any(isinstance(a, argparse._SubParsersAction) for a in parser._actions):
            continue
        has_json = "--json" in parser._option_string_actions
        assert has_json == (words not in WITHOUT_JSON), words


@pytest.mark.parametrize(
    ("argv", "loaded"),
    [
        (["prune", "--keep", "48"], {"prune"}),
        (["--image", "x", "roles"], {"roles"}),
        (["--help"], set()),
        (["roles", "--help"], {"roles"}),
        ([], set()),
    ],
)
def test_a_run_loads_the_chosen_verb_alone(argv: list[str], loaded: set[str]) -> None:
    """No other verb's module is imported, and none where no verb was chosen."""
    code = (
        "import sys\nfrom zfstune.cli.parser import VERBS, build_parser\n"
        f"try: build_parser({argv!r}).parse_args({argv!r})\n"
        "except SystemExit: pass\n"
        "found = [v for v in VERBS if 'zfstune.cli.' + v in sys.modules]\n"
        "print(*found, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert {*done.stderr.splitlines()[-1].split()} == loaded


def test_verbs_that_are_only_words_are_not_loaded() -> None:
    """A dataset that is called like a verb does not bring that verb's module along."""
    args = build_parser(["list", "plan"]).parse_args(["list", "plan"])
    assert args.datasets == ["plan"]


@pytest.mark.parametrize(
    ("words", "name", "listed"),
    [
        ("plan logs --pool tank web", "profiles", ["logs", "web"]),
        ("plan --pool tank logs web -n", "", []),
        ("plan --pool tank", "profiles", []),
        ("verify logs --no-owner web --json tank/a", "targets", ["logs", "web", "tank/a"]),
        ("checkpoint one --pool tank tank/a", "words", ["one", "tank/a"]),
        (
            "rollback one --lose script tank/a --json tank/b",
            "datasets",
            ["tank/a", "tank/b"],
        ),
        ("snapshot tank/a -r tank/b", "datasets", ["tank/a", "tank/b"]),
        ("profile check a.toml b.toml", "files", ["a.toml", "b.toml"]),
    ],
)
def test_options_may_stand_between_names(words: str, name: str, listed: list[str]) -> None:
    """Names before and behind an option are one list; a wrong option stays wrong."""
    argv = words.split()
    parser = build_parser(argv)
    if not name:
        with pytest.raises(SystemExit, match="2"):
            parser.parse_args(argv)
        return
    assert getattr(parser.parse_args(argv), name) == listed


@pytest.mark.parametrize(
    ("columns", "widest"), [("200", 198), ("50", 48), ("nonsense", 78), ("0", 78)]
)
def test_the_help_has_the_width_of_the_terminal(
    columns: str, widest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """$COLUMNS decides where it is a number; without a terminal it is 80."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("os.get_terminal_size", lambda: (_ for _ in ()).throw(OSError()))
    parser = build_parser(["roles"])
    parser.description = "word " * 100
    lines = [line for line in parser.format_help().splitlines() if "word" in line]
    assert widest - 5 < max(map(len, lines)) <= widest


@pytest.mark.parametrize(
    ("argv", "verb", "reason"),
    [
        (["explain", "postgres", "nosuch"], "explain", "unrecognized arguments: nosuch"),
        (["list", "-o", "name"], "list", "unrecognized arguments: -o"),
        (
            ["snapshot", "--imagine", "x.zpool", "tank"],
            "snapshot",
            "unrecognized arguments: --imagine",
        ),
        (["profiles", "--jsn"], "profiles", "--jsn; did you mean '--json'?\n"),
        (["policy"], "policy", "required: ACTION, one of set, show, clear, "),
        (["rollback"], "rollback", "the following arguments are required: NAME\n"),
        (
            ["policy", "set"],
            "policy set",
            "the following arguments are required: DATASET\n",
        ),
        (["checkpoint"], "checkpoint", "the following arguments are required: NAME\n"),
    ],
)
def test_the_usage_is_that_of_the_verb(
    argv: list[str], verb: str, reason: str, run: Run
) -> None:
    """After a verb, its own usage is shown, and the arguments that are missing."""
    status, out, err = run(*argv)
    assert (status, out) == (2, "")
    assert err.startswith(f"usage: zfstune {verb} ")
    assert f"zfstune {verb}: error: " in err
    assert reason in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("snapshto tank", "there is no 'snapshto': did you mean 'snapshot'? see `zfstune "),
        (
            "golden stmap a b",
            "there is no 'stmap': did you mean 'stamp'? see `zfstune golden ",
        ),
        ("xyzzy", "there is no 'xyzzy': see `zfstune --help`"),
    ],
)
def test_a_verb_that_is_none(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that was most likely meant is named."""
    argv = words.split()
    with pytest.raises(SystemExit):
        build_parser(argv).parse_args(argv)
    assert said in capsys.readouterr().err

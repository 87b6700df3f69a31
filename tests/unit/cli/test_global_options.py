"""Options that every verb has: found behind the verb as well, and nothing else moved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.cli.global_options import in_front
from zfstune.cli.main import main
from zfstune.cli.parser import VERBS


@pytest.mark.parametrize(
    ("line", "moved"),
    [
        ("list", "list"),
        ("list --image x", "--image x list"),
        ("list --image=x -H", "--image=x list -H"),
        ("prune tank --debug -n", "--debug prune tank -n"),
        ("snapshot -q tank -v", "-q -v snapshot tank"),
        ("prune -v --keep 2", "prune -v --keep 2"),
        ("-v prune --keep 2", "-v prune --keep 2"),
        ("prune --verbose", "prune --verbose"),
        ("list --take-over-from h", "--take-over-from h list"),
        ("list -- --debug", "list -- --debug"),
        ("list --image", "--image list"),
        ("help", "--help"),
        ("help list", "list --help"),
        ("help policy set", "policy set --help"),
        ("-q help list", "-q list --help"),
        ("list help", "list help"),
        ("", ""),
    ],
)
def test_what_goes_to_the_front(line: str, moved: str) -> None:
    """The words of these options go there, in their order; the others stay in theirs."""
    assert in_front(line.split()) == moved.split()


@given(
    words=st.lists(
        st.sampled_from(["list", "-q", "--image", "--image=x", "a", "-n", "--", "--debug"])
    )
)
def test_no_word_is_lost(words: list[str]) -> None:
    """All words are there, and what is behind -- stays as it is."""
    found = in_front(words)
    assert sorted(found) == sorted(words)
    if "--" in words:
        behind = words[words.index("--") :]
        assert found[-len(behind) :] == behind
    assert in_front(found) == found or "--image" in words


@pytest.mark.parametrize(
    ("line", "moved"),
    [
        ("-H list tank", "list -H tank"),
        ("-n -r prune", "prune -n -r"),
        ("-q --jsn profiles", "-q profiles --jsn"),
        ("--keep 3 prune", "--keep 3 prune"),
        ("--vers list", "--vers list"),
        ("--verson", "--verson"),
        ("-- list", "-- list"),
    ],
)
def test_options_of_a_verb_before_it(line: str, moved: str) -> None:
    """They go behind it, unless another word stands between or the program has them."""
    assert in_front(line.split(), VERBS) == moved.split()


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("--verson", "'--version'"),
        ("--jsn profiles", "'--json'"),
        ("--quite", "'--quiet'"),
        ("policy", "one of set, show, clear, simulate, import"),
        ("", "see `zfstune --help`"),
    ],
)
def test_a_slip_is_answered(
    capsys: pytest.CaptureFixture[str], line: str, meant: str
) -> None:
    """By the option that was meant, or by what is to come next."""
    with pytest.raises(SystemExit):
        main(line.split())
    assert meant in capsys.readouterr().err

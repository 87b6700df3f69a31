"""``zfstune serve``: its options, and stdout that belongs to the protocol."""

from __future__ import annotations

import syslog
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from zfstune.cli import serve
from zfstune.cli.parser import build_parser

if TYPE_CHECKING:
    from zfstune.streams.remote.grant import Grant


def grant_of(line: str) -> Grant | None:
    """Give the rights that a command line gives to a client."""
    return serve._grant(build_parser(["serve"]).parse_args(["serve", *line.split()]))


def test_rights() -> None:
    """Without --allow there is no limit; with it, each right is named."""
    assert grant_of("") is None
    grant = grant_of("--allow tank/a --receive --lose")
    assert grant is not None
    assert (grant.dataset, grant.sends, grant.receives, grant.loses) == (
        *("tank/a", False, True, True),
    )
    sending = grant_of("--allow tank --send")
    assert sending is not None
    assert (sending.sends, sending.receives, sending.loses) == (True, False, False)


@pytest.mark.parametrize(
    "line", ["--send", "--lose", "--allow tank", "--allow tank --send --lose"]
)
def test_rights_that_make_no_sense(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused before a client is answered."""
    with pytest.raises(SystemExit) as end:
        grant_of(line)
    assert end.value.code == 2
    assert capsys.readouterr().out == ""


def failing(name: str) -> None:
    """Raise an exception with a note."""
    error = KeyError(name)
    error.add_note("a note")
    raise error


def test_a_fault_of_ours_is_told_where_only_this_host_reads_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose rights have no limit reads it on stderr; else it goes to the system's log."""
    logged: list[tuple[int, str]] = []
    monkeypatch.setattr(syslog, "syslog", lambda *said: logged.append(said))
    with pytest.raises(KeyError) as caught:
        failing("/secret/place")
    serve._log(caught.value)
    assert capsys.readouterr() == ("", "")
    assert {priority for priority, _ in logged} == {syslog.LOG_ERR}
    lines = [line for _, line in logged]
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2:] == ["KeyError: '/secret/place'", "a note"]
    serve._tell(caught.value)
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", lines)
    assert not any("\n" in line for line in lines)


@pytest.mark.parametrize(("words", "place"), [("", "_tell"), ("--allow t --send", "_log")])
def test_who_hears_of_a_fault(
    words: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words of an unlimited client come from the very user; others are strangers."""
    given: list[object] = []

    class Idle:
        def __init__(self, *_: object, on_fault: object) -> None:
            given.append(on_fault)

        def run(self) -> None:
            """Serve nobody."""

    monkeypatch.setattr(serve, "Server", Idle)
    monkeypatch.setattr(serve, "open_zfs", lambda _: nullcontext())
    line = ["serve", *words.split()]
    assert serve._run(build_parser(["serve"]).parse_args(line)) == 0
    assert given == [getattr(serve, place)]

"""``zfstune serve``: its options, and stdout that belongs to the protocol."""

from __future__ import annotations

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

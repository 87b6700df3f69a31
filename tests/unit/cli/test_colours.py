"""Colour where a terminal has it, and nowhere else."""

from __future__ import annotations

import pytest

from zfstune.cli import colours
from zfstune.cli.colours import coloured

LINES = [
    "POOL  STATE",
    "tank  ok",
    "tank/a  web  stale-snapshots",
    "tank/b  overridden",
    "danger: dedup-zeroes",
    "a sentence that ends with ok",
    "tank/c  drift-local  -> zfstune apply",
]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a terminal with colours."""
    monkeypatch.setattr(colours, "stdout_columns", lambda: 80)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.usefixtures("terminal")
def test_states_have_colours() -> None:
    """The state at the end of a row, and a severity at the front; the words stay."""
    assert list(coloured(LINES)) == [
        "POOL  STATE",
        "tank  \x1b[32mok\x1b[0m",
        "tank/a  web  \x1b[1;31mstale-snapshots\x1b[0m",
        "tank/b  \x1b[33moverridden\x1b[0m",
        "\x1b[1;31mdanger\x1b[0m: dedup-zeroes",
        *LINES[5:],
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", None)]
)
@pytest.mark.usefixtures("terminal")
def test_who_asks_for_none(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    """NO_COLOR, and a terminal that has none."""
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    assert list(coloured(LINES)) == LINES


@pytest.mark.usefixtures("terminal")
def test_an_empty_no_color_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As https://no-color.org has it."""
    monkeypatch.setenv("NO_COLOR", "")
    assert list(coloured(LINES)) != LINES


def test_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets the plain words."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(colours, "stdout_columns", lambda: 0)
    assert list(coloured(LINES)) == LINES

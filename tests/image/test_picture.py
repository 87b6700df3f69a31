"""The README's picture of a terminal shows what the commands print."""

from __future__ import annotations

import html
import importlib.util
import re
from typing import Any

import pytest

from source_tree import ROOT


@pytest.fixture(scope="module")
def terminal() -> Any:
    """Load the script that draws the picture."""
    path = ROOT / "docs" / "pictures" / "terminal.py"
    spec = importlib.util.spec_from_file_location("terminal_picture", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(svg: str) -> list[str]:
    """Give the lines of text that a picture shows, from top to bottom."""
    found: dict[int, str] = {}
    for number, text in re.findall(
        r"<text [^>]*-line-(\d+)\)[^>]*>(.*?)\s*</text>", svg, re.DOTALL
    ):
        found[int(number)] = found.get(int(number), "") + html.unescape(text)
    return [found[n].replace("\xa0", " ").rstrip() for n in sorted(found)]


def test_the_picture_is_true(terminal: Any) -> None:
    """Each command of the picture prints today what the picture shows."""
    typed: list[str] = []
    for command, output in terminal.session():
        typed += ["", f"$ {command}", *output.splitlines()]
    shown = lines(terminal.PICTURE.read_text(encoding="utf-8"))
    assert shown == typed[1:], "draw it anew: .venv/bin/python docs/pictures/terminal.py"


def test_the_picture_needs_no_network(terminal: Any) -> None:
    """No font and no other part of the picture comes from another host."""
    text = terminal.PICTURE.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' )]+", text)) == {"http://www.w3.org/2000/svg"}


def test_what_is_drawn_is_read_back(terminal: Any) -> None:
    """No line is lost on the way, and neither are signs that SVG has a meaning for."""
    drawn = terminal.draw([("a <b> & 'c'", "one  two\n  three\n"), ("d", "")])
    assert lines(drawn) == ["$ a <b> & 'c'", "one  two", "  three", "", "$ d", ""]

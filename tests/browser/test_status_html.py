"""The status page in a real browser: not wider than the screen, and all of it visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser import look
from made_status import made_status
from zfstune.health.status_html import status_html

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

LOOK = """
  const inside = [...page.querySelectorAll("h1,h2,p,li,td:first-child,td span")]
    .map(part => [part.textContent, part.getBoundingClientRect().right])
  const found = {width: page.documentElement.scrollWidth, inside,
    bars: [...page.querySelectorAll("svg")].map(bar => bar.getBoundingClientRect().width)}
"""


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_it_can_be_read_on_each_screen(width: int, tmp_path: Path) -> None:
    """Names, states and findings end within the screen; tables scroll by themselves."""
    page = status_html(made_status(), "db1.example.org", 1_796_000_000)
    found = look(page, LOOK, tmp_path, width=width, height=3000)
    assert found["width"] == width
    assert len(found["inside"]) > 20
    assert [words for words, right in found["inside"] if right > width] == []
    assert found["bars"] == [96, 96]

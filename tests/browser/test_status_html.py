"""The status page in a real browser: not wider than the screen, and all of it visible."""

from __future__ import annotations

import html
import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from made_status import made_status
from zfstune.health.status_html import status_html

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

# The page stands in a frame of the width of a screen. Its own policy allows no script, so
# that of the page around it looks at what the browser made of it.
LOOK = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe style="border:0;width:%(width)dpx;height:3000px" srcdoc="%(page)s"></iframe>
<pre id="found"></pre>
<script>
document.querySelector("iframe").onload = event => {
  const page = event.target.contentDocument
  const inside = [...page.querySelectorAll("h1,h2,p,li,td:first-child,td span")]
    .map(part => [part.textContent, part.getBoundingClientRect().right])
  document.getElementById("found").textContent = JSON.stringify(
    {width: page.documentElement.scrollWidth, inside,
     bars: [...page.querySelectorAll("svg")].map(bar => bar.getBoundingClientRect().width)})
}
</script>
"""
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_it_can_be_read_on_each_screen(width: int, tmp_path: Path) -> None:
    """Names, states and findings end within the screen; tables scroll by themselves."""
    page = status_html(made_status(), "db1.example.org", 1_796_000_000)
    file = tmp_path / "look.html"
    file.write_text(LOOK % {"width": width, "page": html.escape(page)})
    argv = ["chromium", *FLAGS, f"--user-data-dir={tmp_path}/profile"]
    argv += [f"--window-size={width},3000", "--virtual-time-budget=10000", "--dump-dom"]
    done = subprocess.run([*argv, str(file)], capture_output=True, text=True, check=True)
    text = re.search(r'<pre id="found">(.+?)</pre>', done.stdout, re.DOTALL)
    assert text, done.stderr
    found = json.loads(html.unescape(text[1]))
    assert found["width"] == width
    assert len(found["inside"]) > 20
    assert [words for words, right in found["inside"] if right > width] == []
    assert found["bars"] == [96, 96]

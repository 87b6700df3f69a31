"""What headless Chromium makes of a page that allows no script."""

from __future__ import annotations

import html
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["look"]

# The page stands in a frame of the width of a screen. Its own policy allows no script, so
# that of the page around it looks at what the browser made of it.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe style="border:0;width:%(width)dpx;height:%(height)dpx" srcdoc="%(page)s"></iframe>
<pre id="found"></pre>
<script>
document.querySelector("iframe").onload = event => {
  const page = event.target.contentDocument
%(script)s
  document.getElementById("found").textContent = JSON.stringify(found)
}
</script>
"""
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")


def look(
    page: str, script: str, folder: Path, *, width: int, height: int
) -> dict[str, Any]:
    """Return what a script finds in a page on a screen of some size.

    Args:
        page: The page.
        script: JavaScript that sets `found` from `page`, the document.
        folder: For the files of the browser.
        width: Of the screen, in pixels.
        height: Likewise.
    """
    file = folder / "look.html"
    fields = {"script": script, "page": html.escape(page)}
    file.write_text(FRAME % {**fields, "width": width, "height": height})
    argv = ["chromium", *FLAGS, f"--user-data-dir={folder}/profile"]
    argv += [
        f"--window-size={width},{height}",
        "--virtual-time-budget=10000",
        "--dump-dom",
        str(file),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    text = re.search(r'<pre id="found">(.+?)</pre>', done.stdout, re.DOTALL)
    assert text, done.stderr
    found: dict[str, Any] = json.loads(html.unescape(text[1]))
    return found

"""Pages of HTML that need nothing beside them."""

from __future__ import annotations

from zfstune.charts.web_page import markup, scrolling_table, table_row, tag, web_page


def test_a_page() -> None:
    """Title, policy, style and body are in it, and markup in a title is none."""
    page = web_page("<b>", [tag("p", markup("a & b\nc"))])
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>&lt;b&gt;</title>" in page
    assert "<p>a &amp; b\nc</p>" in page
    assert 'http-equiv="Content-Security-Policy"' in page
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page


def test_a_table() -> None:
    """It scrolls by itself, and an empty cell has an end of its own."""
    assert scrolling_table(table_row(["a", ""]), of_class="x") == (
        '<div class="scroll" tabindex="0"><table class="x">'
        "<tr><td>a</td><td> </td>\n</tr></table></div>"
    )

"""A page of HTML that needs nothing beside itself, not even a script.

It is read on a phone, in the dark and on paper: colours follow the reader's screen, and
tables scroll by themselves.
"""

from __future__ import annotations

from zfstune.charts.svg import STYLE, as_markup, element

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["markup", "scrolling_table", "table_row", "tag", "web_page"]

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2026;--soft:#59626e;--line:#d4d9e0;--paper:#fff;
--ground:#f2f4f7;--good:#00654b;--bad:#a33500;--full:#0067a5}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3abb6;
--line:#3c434d;--paper:#14171b;--ground:#20252c;--good:#2fc49a;--bad:#f0924a;--full:#56b4e9}}
body{margin:0 auto;max-width:1100px;padding:16px;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:24px;line-height:1.25;margin:8px 0}h2{font-size:19px;margin:32px 0 8px}
p,ul{max-width:80ch}ul{padding-left:20px}li{overflow-wrap:anywhere;margin:4px 0}
.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px;text-align:right;border-bottom:1px solid var(--line);
white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
td:first-child{white-space:normal;overflow-wrap:anywhere;min-width:11em}
.left td:nth-child(2),.left th:nth-child(2){text-align:left}
@media print{body{font-size:11pt;max-width:none;padding:0}tr{break-inside:avoid}
h2{break-after:avoid}.scroll{overflow:visible}table{font-size:8pt}
td{white-space:normal;overflow-wrap:anywhere}}
"""
# Nothing is loaded from anywhere, whatever a name in the page may hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def web_page(title: str, body: Iterable[str], style: str = "") -> str:
    """Return a page.

    Args:
        title: Its title.
        body: The elements of its body, as markup.
        style: Rules of CSS beside those of all pages.
    """
    head = [
        '<meta charset="utf-8"/>',
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", markup(title)),
        tag("style", _STYLE, STYLE, style),
    ]
    page = tag("html", tag("head", *head), "\n", tag("body", *body), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def tag(name: str, *content: str, **attributes: str) -> str:
    """Return an element with an end of its own, as HTML asks of most."""
    return element(name, "".join(content) or " ", **attributes)


def markup(text: str) -> str:
    """Return text for the page, each line of it on its own."""
    return "\n".join(map(as_markup, text.split("\n")))


def table_row(cells: Iterable[str], kind: str = "td", of_class: str = "") -> str:
    """Return a row of cells that are markup already."""
    return tag("tr", *(tag(kind, cell) for cell in cells), "\n", class_=of_class)


def scrolling_table(*rows: str, of_class: str = "") -> str:
    """Return a table that scrolls where the screen is narrow."""
    # A part that scrolls is reached by the keyboard too.
    table = tag("table", *rows, class_=of_class)
    return tag("div", table, class_="scroll", tabindex="0")

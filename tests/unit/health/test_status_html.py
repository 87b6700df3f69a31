"""The page of HTML: all of the status, and nothing that a name could add to it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from made_status import made_status
from zfstune.health.status_html import status_html
from zfstune.health.status_page import StatusDataset, StatusPage

NOW = 1_796_000_000


class _Reader(HTMLParser):
    """Collects elements and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 (its API)
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_all_is_there() -> None:
    """Names in full, states, shares, lags and findings; nothing is loaded from anywhere."""
    page = made_status()
    text = status_html(page, "db1", NOW)
    words = "".join(_Reader(text).words)
    for name in (
        *(each.name for each in page.datasets),
        *(target.place for target in page.targets),
        *(sentence for _, sentence in page.findings),
        "ZFS on db1",
        "76%",
        "stale-snapshots",
        "2026-11-30 00:53Z",
    ):
        assert name in words, name
    assert not re.search(r"""(src|href)=|@import|url\(|<script""", text)
    assert "default-src 'none'" in text


def test_all_is_well() -> None:
    """A page without findings and datasets says so."""
    words = "".join(_Reader(status_html(StatusPage(()), "x", NOW)).words)
    assert "All is as it should be." in words
    assert "zfstune manages no dataset here." in words


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_names_add_no_elements(name: str, sentence: str) -> None:
    """The elements are the same whatever names and sentences hold."""

    def tags(name: str, sentence: str) -> list[str]:
        row = StatusDataset(name, (name,), 0, None, None)
        page = StatusPage((), (row,), (), ((name, sentence),))
        return _Reader(status_html(page, name, NOW)).tags

    assert tags(name, sentence) == tags("a", "b")

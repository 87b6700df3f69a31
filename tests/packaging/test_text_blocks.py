"""A command that a page shows outside of a console is run by a test that is named here."""

from __future__ import annotations

import pytest

from page_blocks import PAGES, read_page, steps
from source_tree import ROOT

# Consoles are run by tests/image/test_pages.py. What an image cannot have stands in text
# blocks: by page, the tests that run the very words, or do the same.
SHOWN_BY = {
    "docs/howto/adopt.md": ("lab/test_page_blocks.py",),
    "docs/howto/air-gap.md": ("packaging/test_bundle.py", "systemd/installed.py"),
    "docs/howto/checkpoints.md": ("lab/test_page_blocks.py",),
    "docs/howto/doctor.md": ("unit/health/test_diagnosis_text.py",),
    "docs/howto/install.md": ("packaging/test_wheel.py", "systemd/installed.py"),
    "docs/howto/restore.md": ("lab/test_page_blocks.py",),
    "docs/howto/retune.md": ("lab/test_page_blocks.py",),
    "docs/howto/snapshots.md": ("lab/test_postgres.py", "unit/snapshots/test_quiesce.py"),
    "docs/reference/verify.md": ("unit/health/test_status_page.py",),
    # Around the tutorial: a disk for it, the system's own programs, and the end of it all.
    "docs/tutorial/postgres.md": ("lab/test_tutorial.py", "lab/test_postgres.py"),
}


@pytest.mark.parametrize("page", PAGES)
def test_each_text_block_has_its_test(page: str) -> None:
    """A page with commands in text blocks is in the table, and no other is."""
    assert any(steps(read_page(page), "text")) == (page in SHOWN_BY)


@pytest.mark.parametrize(("page", "tests"), SHOWN_BY.items())
def test_the_tests_are_there(page: str, tests: tuple[str, ...]) -> None:
    """One that runs the very words of pages names the page."""
    for test in tests:
        text = (ROOT / "tests" / test).read_text(encoding="utf-8")
        assert page in text or "page_blocks" not in text

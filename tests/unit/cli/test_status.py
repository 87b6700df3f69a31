"""``zfstune status``: a page, a document, and an exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from json_document import found_in
from zfstune.cli import status
from zfstune.health.status_html import status_html
from zfstune.health.status_page import StatusPage, StatusPool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]

POOL = StatusPool("tank", "ONLINE", 1 << 30, 1 << 29)


@pytest.mark.parametrize("found", [(), (("tank", "it is nearly full"),)])
def test_the_page(
    run: Run,
    tank: Heirs,
    monkeypatch: pytest.MonkeyPatch,
    found: tuple[tuple[str, str], ...],
) -> None:
    """A finding makes the status 4, as with verify."""
    page = StatusPage((POOL,), findings=found)
    monkeypatch.setattr(status, "read_status", lambda **_: page)
    expected = 4 if found else 0
    assert run("status") == (expected, "\n".join(page.lines()) + "\n", "")
    code, out, _ = run("status", "--json")
    assert (code, found_in(out)) == (
        expected,
        page.to_dict()
        | {"findings": [{"name": name, "message": message} for name, message in found]},
    )


def test_a_page_of_html(
    run: Run, tank: Heirs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The page goes to a file, beside the text; a file that cannot be written is told."""
    page = StatusPage((POOL,))
    monkeypatch.setattr(status, "read_status", lambda **_: page)
    monkeypatch.setattr(status, "time", lambda: 0)
    tank.file = "/x.zpool"
    file = tmp_path / "status.html"
    code, out, _ = run("status", "--html", f"{file}")
    assert (code, out) == (0, "\n".join(page.lines()) + "\n")
    assert file.read_text() == status_html(page, "/x.zpool", 0)
    code, _, err = run("status", "--html", f"{tmp_path}/no/status.html")
    assert code == 1
    assert "cannot write" in err

"""Pictures as pixels: what is asked of the library, and what is said without it."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from zfstune.measurement.draw_png import check_png, png_of
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from typing import Any


def test_it_is_drawn_twice_as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library gets the picture as it is, and twice the pixels."""
    asked: list[dict[str, Any]] = []

    def svg2png(**words: Any) -> bytes:
        asked.append(words)
        return b"pixels"

    monkeypatch.setitem(sys.modules, "cairosvg", SimpleNamespace(svg2png=svg2png))
    assert png_of("<svg/>") == b"pixels"
    assert asked == [{"bytestring": b"<svg/>", "scale": 2}]


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which package has it."""
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(ZfstuneError, match="cairosvg is not installed") as caught:
        check_png()
    assert "apt install python3-cairosvg" in caught.value.hint

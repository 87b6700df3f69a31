"""The report in a real browser: not wider than the screen, and no word cut off."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from browser import look
from made_measurement import made_measurement
from zfstune.charts.plot_area import HEIGHT, WIDTH
from zfstune.measurement.report_page import report_page
from zfstune.measurement.write_report import write_report

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

LOOK = """
  const charts = []
  for (const chart of page.querySelectorAll("svg")) {
    const box = chart.getBoundingClientRect()
    const words = [...chart.querySelectorAll("text")].map(word => {
      const {left, right, top, bottom} = word.getBoundingClientRect()
      return {text: word.textContent, left: left - box.left, right: box.right - right,
              top: top - box.top, bottom: box.bottom - bottom, x: left, y: top,
              width: right - left, height: bottom - top}
    })
    charts.push({title: chart.querySelector("title").textContent, words})
  }
  const found = {width: page.documentElement.scrollWidth, charts}
"""
SMALLEST = 8  # pixels from top to bottom of a line of words
SIZES = tuple(1 << power for power in range(12, 21))
PAGES = {
    "many": made_measurement(
        *((size, text) for size in SIZES for text in ("lz4", "zstd-3"))
    ),
    "few": made_measurement((8192, "lz4"), (131072, "lz4")),
}


def covers(one: dict[str, float], other: dict[str, float]) -> bool:
    """Tell whether two words lie on each other, by more than a pixel."""
    return (
        one["x"] + one["width"] > other["x"] + 1
        and other["x"] + other["width"] > one["x"] + 1
        and one["y"] + one["height"] > other["y"] + 3
        and other["y"] + other["height"] > one["y"] + 3
    )


@pytest.mark.parametrize("width", [400, 800, 1400])
@pytest.mark.parametrize("name", PAGES)
def test_it_can_be_read_on_each_screen(name: str, width: int, tmp_path: Path) -> None:
    """The page does not scroll sideways; each word of a chart is whole, and alone."""
    page = report_page(PAGES[name], ("Best is 8K.",))
    found = look(page, LOOK, tmp_path, width=width, height=9000)
    assert found["width"] == width
    charts = found["charts"]
    assert isinstance(charts, list)
    assert len(charts) > 5
    for chart in charts:
        words = chart["words"]
        assert words
        for word in words:
            where = chart["title"], word["text"]
            assert min(word[side] for side in ("left", "right", "top", "bottom")) >= -0.5, (
                where
            )
            assert word["height"] > SMALLEST, where
        pairs = [(one, other) for at, one in enumerate(words) for other in words[:at]]
        covered = [(a["text"], b["text"]) for a, b in pairs if covers(a, b)]
        assert covered == [], chart["title"]


def test_pictures_as_pixels(tmp_path: Path) -> None:
    """Each chart becomes a PNG of twice its size, whose corner is paper alone."""
    write_report(str(tmp_path / "out.html"), PAGES["many"], (), png=True)
    pictures = sorted((tmp_path / "out-charts").glob("*.png"))
    assert len(pictures) > 5
    for picture in pictures:
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">2I", data[16:24]) == (2 * WIDTH, 2 * HEIGHT)
        assert set(first_pixels(data)) == {255}, picture.name


def first_pixels(png: bytes) -> bytes:
    """Return the first 24 pixels of a PNG of three or four bytes a pixel."""
    packed, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += length + 12
    # The first byte of a row names its filter; in the first row, 1 and 4 both add the
    # pixel to the left, 3 adds half of it, and 2 adds nothing.
    size = {2: 3, 6: 4}[png[25]]
    row = zlib.decompress(packed)[: 1 + size * 24]
    pixels = bytearray(row[1:])
    share = {1: 1.0, 3: 0.5, 4: 1.0}.get(row[0], 0.0)
    for place in range(size, len(pixels)):
        pixels[place] = (pixels[place] + int(pixels[place - size] * share)) % 256
    return bytes(pixels)

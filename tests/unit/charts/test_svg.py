"""SVG as text: escaped, sound, and the same in the dark and on paper."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.charts.svg import STYLE, document, element, pixels, words

SVG = "{http://www.w3.org/2000/svg}"


@given(st.text(), st.text(), st.text())
def test_any_text_makes_sound_xml(title: str, description: str, said: str) -> None:
    """Text is no markup, whatever it holds, and what can be printed arrives as it is."""
    drawn = document(10, 20, title, description, words(1, 2, said, "small"))
    root = ET.fromstring(drawn)  # noqa: S314 (our own text)
    for tag, text in (("title", title), ("desc", description), ("text", said)):
        found = root.findtext(f"{SVG}{tag}")
        if text.isprintable():
            assert found == text
        else:
            assert found is not None
            assert found.isprintable()


def test_attributes_are_escaped_and_named_as_in_svg() -> None:
    """Python's names become those of SVG, and an empty attribute is left out."""
    assert element("path", class_='a"b', stroke_width=1.25, fill="") == (
        '<path class="a&quot;b" stroke-width="1.2"/>'
    )
    assert element("g", "<a/>", "<b/>", x=3) == '<g x="3"><a/><b/></g>'


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3.0, "3"), (2.44, "2.4"), (-0.5, "-0.5"), (1e6, "1000000")],
)
def test_coordinates_are_written_to_a_tenth(value: float, text: str) -> None:
    """No coordinate has an exponent, or a digit that nobody could see."""
    assert pixels(value) == text


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, from 1 to 21, as WCAG 2 defines it."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colours(theme: str) -> dict[str, str]:
    """Return the colour that each class has in a theme."""
    light, dark = STYLE.split("@media screen and (prefers-color-scheme:dark)")
    rules = dark if theme == "dark" else light
    return dict(re.findall(r"\.chart (text|\.[a-z0-9]+)\{(?:fill|stroke):(#\w+)", rules))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_stands_out_from_the_paper(theme: str) -> None:
    """Words have the contrast that WCAG asks of text, series that of what has a meaning."""
    found = colours(theme)
    assert contrast(found["text"], found[".paper"]) > 7
    assert contrast(found[".small"], found[".paper"]) > 4.5
    series = [name for name in found if re.fullmatch(r"\.s\d", name)]
    assert len(series) == 6
    for name in series:
        assert contrast(found[name], found[".paper"]) > 3, name


def test_the_dark_is_for_screens_alone() -> None:
    """Paper stays white, and both themes give a colour to the same things."""
    assert "@media screen and (prefers-color-scheme:dark)" in STYLE
    assert colours("light").keys() == colours("dark").keys()


def test_a_document_takes_the_style_of_its_page() -> None:
    """Within a page, the rules stand once."""
    assert "<style>" in document(1, 1, "t", "d")
    assert "<style>" not in document(1, 1, "t", "d", style="")

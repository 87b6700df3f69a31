"""SVG as text: elements whose words are escaped, the style of all pictures, documents.

A picture follows the reader: dark where the reader's screen is, light on paper. Colours
are written out in each rule, since programs that turn SVG into pixels know no variables
of CSS.
"""

from __future__ import annotations

from zfstune.values.text import shown

__all__ = [
    "KINDS_OF_SERIES",
    "STYLE",
    "as_markup",
    "document",
    "element",
    "pixels",
    "titled",
    "words",
]

# Ink, soft ink, lines, ground, paper, and the colours of series: those of Okabe and Ito,
# which people with each kind of colour blindness tell apart, darker on white for contrast.
_LIGHT = ("#1c2026", "#59626e", "#d4d9e0", "#f2f4f7", "#ffffff")
_DARK = ("#e8eaed", "#a3abb6", "#3c434d", "#20252c", "#14171b")
_LIGHT_SERIES = ("#0067a5", "#c04a00", "#007a5a", "#a6468a", "#7a6a00", "#555b66")
_DARK_SERIES = ("#56b4e9", "#f0924a", "#2fc49a", "#e08fc4", "#e5cf3c", "#b4bac4")
KINDS_OF_SERIES = len(_LIGHT_SERIES)


def _colours(colours: tuple[str, ...], series: tuple[str, ...]) -> str:
    ink, soft, line, ground, paper = colours
    rules = [
        f"text{{fill:{ink}}}",
        f".small{{fill:{soft}}}",
        f".paper{{fill:{paper}}}",
        f".ground{{fill:{ground}}}",
        f".grid{{stroke:{line}}}",
        f".axis{{stroke:{soft}}}",
        f".whisker{{stroke:{ink}}}",
    ]
    for index, colour in enumerate(series):
        rules.append(f".s{index}{{fill:{colour};stroke:{colour}}}")
        rules.append(f".s{index}.hollow{{fill:{paper}}}")
    return "".join(f".chart {rule}" for rule in rules)


_SHAPES = (
    "text{font:13px system-ui,sans-serif}",
    ".small{font-size:12px}",
    ".head{font-size:15px;font-weight:600}",
    ".end{text-anchor:end}",
    ".middle{text-anchor:middle}",
    "path{fill:none}",
    "path.line{fill:none}",  # what a series fills is its dots
    "path.dot{stroke-width:1.6}",
)
STYLE = (
    "".join(f".chart {rule}" for rule in _SHAPES)
    + _colours(_LIGHT, _LIGHT_SERIES)
    + f"@media screen and (prefers-color-scheme:dark){{{_colours(_DARK, _DARK_SERIES)}}}"
)


def pixels(value: float) -> str:
    """Write a coordinate to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, /, *content: str, **attributes: str | float) -> str:
    """Return an element.

    Args:
        name: Its name.
        content: The elements, or the escaped text, within.
        attributes: Texts, which are escaped, and coordinates. An underscore in a name
            stands for a hyphen; one at the end, which Python's own words take, for
            nothing. An attribute whose text is empty is left out.
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="'
        f'{as_markup(value) if isinstance(value, str) else pixels(value)}"'
        for key, value in attributes.items()
        if value != ""
    )
    inside = "".join(content)
    return f"<{name}{pairs}>{inside}</{name}>" if inside else f"<{name}{pairs}/>"


def words(x: float, y: float, text: str, kind: str = "") -> str:
    """Return text at a place; `kind` holds its classes, such as ``small end``."""
    return element("text", as_markup(text), class_=kind, x=x, y=y)


def titled(title: str) -> str:
    """Return the title of the element around it: read aloud, and shown on hovering."""
    return element("title", as_markup(title))


def document(
    width: float,
    height: float,
    title: str,
    description: str,
    *body: str,
    style: str = STYLE,
) -> str:
    """Return a picture that stands alone or within a page.

    Args:
        width: Pixels.
        height: Pixels.
        title: What it shows, for people who hear it.
        description: What they would see.
        body: Its elements.
        style: Rules of CSS; empty: those of the page around it.

    Returns:
        An SVG document, ending in a newline.
    """
    size = {"width": width, "height": height}
    head = [titled(title), element("desc", as_markup(description))]
    if style:
        head.append(element("style", style))
    return (
        element(
            "svg",
            "\n",
            "\n".join([*head, element("rect", class_="paper", **size), *body]),
            "\n",
            xmlns="http://www.w3.org/2000/svg",
            class_="chart",
            **size,
            viewBox=f"0 0 {pixels(width)} {pixels(height)}",
            role="img",
        )
        + "\n"
    )


def as_markup(text: str) -> str:
    """Write text for SVG and HTML: neither markup nor quotes nor what cannot be printed."""
    for character, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(character, f"&{name};")
    return text if text.isprintable() else "".join(map(shown, text))

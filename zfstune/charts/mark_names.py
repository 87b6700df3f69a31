"""Where the names of points stand, so that they cover neither points nor each other."""

from __future__ import annotations

from math import ceil

from zfstune.charts.plot_area import WIDTH, text_width
from zfstune.charts.svg import element, pixels, words
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.charts.plot_area import PlotArea

    Box = tuple[float, float, float, float]

__all__ = ["NamedPoint", "draw_names"]

_DOT = 6  # pixels from the middle of a point to its outermost
_ABOVE, _BELOW = 11, 2  # pixels that words take above and below their line
_WIDTH = 0.92  # of the room that a text of the usual size takes: names are small
_STEP = 7  # pixels from one ring of places further off to the next
_RINGS = 24


@frozen
class NamedPoint:
    """A point that has a name.

    Attributes:
        name: Its name; empty: it has none.
        x: Its place in the picture, in pixels.
        y: Its place in the picture, in pixels.
        needed: The name must be seen, if need be further off, at the end of a line.
    """

    name: str
    x: float
    y: float
    needed: bool


def draw_names(points: Iterable[NamedPoint], area: PlotArea) -> Iterator[str]:
    """Write the names of points, those that are needed first, as far as there is room."""
    known = list(points)
    taken = [(p.x - _DOT, p.y - _DOT, p.x + _DOT, p.y + _DOT) for p in known]
    for point in sorted(_joined(known), key=lambda point: not point.needed):
        yield from _draw_name(point, area, taken)


def _joined(points: list[NamedPoint]) -> list[NamedPoint]:
    """Return one point for all that lie on each other, with the names of all."""
    by_place: dict[tuple[str, str], list[NamedPoint]] = {}
    for point in points:
        if point.name:
            by_place.setdefault((pixels(point.x), pixels(point.y)), []).append(point)
    return [
        NamedPoint(
            _names_together([point.name for point in group]),
            group[0].x,
            group[0].y,
            any(point.needed for point in group),
        )
        for group in by_place.values()
    ]


def _names_together(names: list[str]) -> str:
    few = 2
    if len(names) <= few:
        return ", ".join(names)
    return f"{names[0]} and {len(names) - 1} more"


def _draw_name(point: NamedPoint, area: PlotArea, taken: list[Box]) -> Iterator[str]:
    """Write a name where it covers nothing; it is left out where no place is free."""
    width = ceil(text_width(point.name) * _WIDTH)
    beside = list(_beside(point, width))
    further = list(_further_off(point, width)) if point.needed else []
    for place, (left, base) in enumerate((*beside, *further)):
        box = (left, base - _ABOVE, left + width, base + _BELOW)
        if not _is_inside(box, area) or any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        if place >= len(beside):
            yield _leader(point, box)
        yield words(left, base, point.name, "small")
        return


def _beside(point: NamedPoint, width: float) -> Iterator[tuple[float, float]]:
    x, y = point.x, point.y
    yield from ((x + 8, y - 6), (x + 8, y + 15))
    yield from ((x - 8 - width, y - 6), (x - 8 - width, y + 15), (x + 9, y + 4))


def _further_off(point: NamedPoint, width: float) -> Iterator[tuple[float, float]]:
    """Give places around a point, the nearest first."""
    for ring in range(1, _RINGS + 1):
        off = ring * _STEP
        above, below, level = point.y - off, point.y + off + _ABOVE, point.y + 4
        right, middle, left = point.x + off, point.x - width / 2, point.x - off - width
        for base in (above, below):
            yield from ((right, base), (left, base), (middle, base))
            yield from ((point.x - _DOT, base), (point.x + _DOT - width, base))
        yield from ((right, level), (left, level))


def _leader(point: NamedPoint, box: Box) -> str:
    """Draw the line from a point to the nearest place of its name."""
    x = min(max(point.x, box[0]), box[2])
    y = min(max(point.y, box[1]), box[3])
    ends = f"M{pixels(point.x)} {pixels(point.y)}L{pixels(x)} {pixels(y)}"
    return element("path", class_="axis", d=ends, stroke_width="0.8")


def _is_inside(box: Box, area: PlotArea) -> bool:
    return (
        box[0] >= area.left
        and box[1] >= area.top - 4
        and box[2] <= WIDTH
        and box[3] <= area.bottom
    )


def _overlap(first: Box, second: Box) -> bool:
    return (
        first[0] < second[2]
        and second[0] < first[2]
        and first[1] < second[3]
        and second[1] < first[3]
    )

"""Draw the snapshots that a policy would leave, as SVG for a browser or a page.

Each policy has two strips with a stroke for every snapshot. The upper one is to
scale, so that a gap looks as long as it is. The lower one places each age by its
logarithm, so that the snapshots of the last hours can be told apart as well.
"""

from __future__ import annotations

from itertools import pairwise

from zfstune.charts.scale import SECONDS, Scale
from zfstune.charts.svg import STYLE, document, element, pixels, words
from zfstune.values.duration import DAY, HOUR, about, format_duration
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.retention.simulation import Simulation

__all__ = ["draw"]

_WIDTH = 960
_MARGIN = 24
_STRIP = 34
_PANEL = 196
# Ages that are marked where the axis has room for them.
_MARKS = (
    *((HOUR, "1h"), (6 * HOUR, "6h"), (DAY, "1d"), (7 * DAY, "1w"), (30 * DAY, "30d")),
    *((91 * DAY, "91d"), (182 * DAY, "182d"), (273 * DAY, "273d")),
    *((365 * DAY, "1y"), (730 * DAY, "2y"), (1825 * DAY, "5y"), (3650 * DAY, "10y")),
)
_GAP_ROOM = 104  # pixels that the words of a gap take
_MARK_ROOM = 34  # pixels that the word of a mark takes
_STYLE = (
    f"{STYLE}.gap{{fill:#f5b7a6}}"
    "@media screen and (prefers-color-scheme:dark){.gap{fill:#7d3a24}}"
)


@frozen
class _AgeAxis:
    """The places of ages between the margins, with now at the right.

    Attributes:
        title: The name of the scale.
        scale: The scale, from now back.
        start: Its value for now.
    """

    title: str
    scale: Scale
    start: int = 0

    def x(self, age: int) -> float:
        """Return the x coordinate of an age."""
        place = self.scale.place(age + self.start)
        return _WIDTH - _MARGIN - place * (_WIDTH - 2 * _MARGIN)


def draw(simulations: Iterable[tuple[str, Simulation]]) -> str:
    """Draw the results of simulations.

    Args:
        simulations: The text of each policy, and its simulation.

    Returns:
        An SVG document, ending in a newline.
    """
    panels = [
        list(_panel(text, simulation, number * _PANEL + _MARGIN))
        for number, (text, simulation) in enumerate(simulations)
    ]
    return document(
        _WIDTH,
        _PANEL * len(panels) + _MARGIN,
        "Snapshots that a policy would leave",
        "Two strips for each policy have a stroke for each snapshot, by its age.",
        *(part for panel in panels for part in panel),
        style=_STYLE,
    )


def _panel(text: str, simulation: Simulation, top: int) -> Iterator[str]:
    ages = [simulation.end - time for time in reversed(simulation.times)]
    every = simulation.every_seconds
    whole = (simulation.taken - 1) * every
    yield words(_MARGIN, top + 8, text, "head")
    said = (
        f"{len(ages)} of {simulation.taken} snapshots, one every {format_duration(every)} "
        f"for {about(whole)}"
    )
    if ages:
        said += f"; the oldest is {about(ages[-1])} old"
    gap = max(pairwise(ages), key=lambda pair: pair[1] - pair[0], default=None)
    if gap is not None:
        said += f"; worst gap {about(gap[1] - gap[0])}"
    yield words(_MARGIN, top + 26, said, "small")
    scales = (
        _AgeAxis("age, to scale", Scale(0, whole, SECONDS)),
        _AgeAxis(
            "age, by its logarithm",
            Scale(every, whole + every, SECONDS, by_logarithm=True),
            every,
        ),
    )
    for axis, place in zip(scales, (top + 44, top + 118), strict=True):
        yield from _strip(axis, ages, gap, whole, place)


def _strip(
    axis: _AgeAxis, ages: list[int], gap: tuple[int, int] | None, whole: int, top: int
) -> Iterator[str]:
    size = {"y": top, "height": _STRIP}
    yield element("rect", class_="ground", x=_MARGIN, width=_WIDTH - 2 * _MARGIN, **size)
    if gap is not None:
        left, right = axis.x(gap[1]), axis.x(gap[0])
        yield element("rect", class_="gap", x=left, width=right - left, **size)
    yield from _marks(axis, whole, top)
    # Strokes that would cover each other are drawn once.
    strokes = dict.fromkeys(pixels(axis.x(age)) for age in ages)
    if strokes:
        path = "".join(f"M{x} {top + 3}v{_STRIP - 6}" for x in strokes)
        yield element("path", class_="snap s0", d=path)
    if gap is not None and right - left > _GAP_ROOM:
        said = f"worst gap {about(gap[1] - gap[0])}"
        yield words((left + right) / 2, top + _STRIP // 2 + 4, said, "middle")
    yield words(_WIDTH - _MARGIN, top - 5, axis.title, "small end")
    yield words(_WIDTH - _MARGIN, top + _STRIP + 14, "now", "small end")


def _marks(axis: _AgeAxis, whole: int, top: int) -> Iterator[str]:
    """Mark the ages that have room, from now back."""
    words_until = axis.x(0) - _MARK_ROOM
    for age, word in _MARKS:
        if age > whole:
            return
        x = axis.x(age)
        if x < words_until:
            words_until = x - _MARK_ROOM
            yield element("path", class_="axis", d=f"M{pixels(x)} {top}v{_STRIP + 3}")
            yield words(x, top + _STRIP + 14, word, "small middle")

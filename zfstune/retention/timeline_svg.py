"""Draw the snapshots that a policy would leave, as SVG for a browser or a page.

Each policy has two strips with a stroke for every snapshot. The upper one is to
scale, so that a gap looks as long as it is. The lower one places each age by its
logarithm, so that the snapshots of the last hours can be told apart as well.
"""

from __future__ import annotations

from itertools import pairwise
from math import log

from zfstune.values.duration import DAY, HOUR, about, format_duration
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
    "text{font:12px sans-serif;fill:#222}.head{font-size:15px;font-weight:bold}"
    ".small{font-size:11px;fill:#555}.strip{fill:#f2f4f7}.gap{fill:#f5b7a6}"
    ".over{fill:#7a2a14}"
    ".mark{stroke:#b8bec8;stroke-width:1}.snap{stroke:#1f5fa8;stroke-width:1;fill:none}"
)


@frozen
class _Axis:
    """The places of ages between the margins, with now at the right.

    Attributes:
        scale: The name of the scale.
        place: Gives the distance of an age from now, as a fraction of the axis.
    """

    scale: str
    place: Callable[[int], float]

    def x(self, age: int) -> str:
        """Return the x coordinate of an age, to a tenth of a pixel."""
        return f"{_WIDTH - _MARGIN - self.place(age) * (_WIDTH - 2 * _MARGIN):.1f}"


def draw(simulations: Iterable[tuple[str, Simulation]]) -> str:
    """Draw the results of simulations.

    Args:
        simulations: The text of each policy, and its simulation.

    Returns:
        An SVG document, ending in a newline.
    """
    panels = list(simulations)
    height = _PANEL * len(panels) + _MARGIN
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        "<title>Snapshots that a policy would leave</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (text, simulation) in enumerate(panels):
        lines += _panel(text, simulation, number * _PANEL + _MARGIN)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panel(text: str, simulation: Simulation, top: int) -> Iterator[str]:
    ages = [simulation.end - time for time in reversed(simulation.times)]
    every = simulation.every_seconds
    whole = (simulation.taken - 1) * every
    yield _text(_MARGIN, top + 8, text, "head")
    words = (
        f"{len(ages)} of {simulation.taken} snapshots, one every {format_duration(every)} "
        f"for {about(whole)}"
    )
    if ages:
        words += f"; the oldest is {about(ages[-1])} old"
    gap = max(pairwise(ages), key=lambda pair: pair[1] - pair[0], default=None)
    if gap is not None:
        words += f"; worst gap {about(gap[1] - gap[0])}"
    yield _text(_MARGIN, top + 26, words, "small")
    least = log(every)
    room = log(whole + every) - least
    to_scale = _Axis("age, to scale", lambda age: age / whole)
    yield from _strip(to_scale, ages, gap, whole, top + 44)
    by_logarithm = _Axis(
        "age, by its logarithm", lambda age: (log(age + every) - least) / room
    )
    yield from _strip(by_logarithm, ages, gap, whole, top + 118)


def _strip(
    axis: _Axis, ages: list[int], gap: tuple[int, int] | None, whole: int, top: int
) -> Iterator[str]:
    width = _WIDTH - 2 * _MARGIN
    yield (
        f'<rect class="strip" x="{_MARGIN}" y="{top}" width="{width}" height="{_STRIP}"/>'
    )
    if gap is not None:
        left, right = float(axis.x(gap[1])), float(axis.x(gap[0]))
        yield (
            f'<rect class="gap" x="{left:g}" y="{top}" width="{right - left:.1f}" '
            f'height="{_STRIP}"/>'
        )
    yield from _marks(axis, whole, top)
    # Strokes that would cover each other are drawn once.
    strokes = dict.fromkeys(axis.x(age) for age in ages)
    if strokes:
        path = "".join(f"M{x} {top + 3}v{_STRIP - 6}" for x in strokes)
        yield f'<path class="snap" d="{path}"/>'
    if gap is not None and right - left > _GAP_ROOM:
        words = f"worst gap {about(gap[1] - gap[0])}"
        yield _text((left + right) / 2, top + _STRIP // 2 + 4, words, "over", middle=True)
    yield _text(_WIDTH - _MARGIN, top - 5, axis.scale, "small", end=True)
    yield _text(_WIDTH - _MARGIN, top + _STRIP + 14, "now", "small", end=True)


def _marks(axis: _Axis, whole: int, top: int) -> Iterator[str]:
    """Mark the ages that have room, from now back."""
    words_until = float(axis.x(0)) - _MARK_ROOM
    for age, word in _MARKS:
        if age > whole:
            return
        x = axis.x(age)
        if float(x) < words_until:
            words_until = float(x) - _MARK_ROOM
            yield f'<path class="mark" d="M{x} {top}v{_STRIP + 3}"/>'
            yield _text(float(x), top + _STRIP + 14, word, "small", middle=True)


def _text(
    x: float, y: int, text: str, kind: str, *, end: bool = False, middle: bool = False
) -> str:
    anchor = ' text-anchor="end"' if end else ' text-anchor="middle"' if middle else ""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<text class="{kind}" x="{x:g}" y="{y}"{anchor}>{safe}</text>'

"""Write the summary of a trace for a terminal of 80 columns."""

from __future__ import annotations

from zfstune.charts.scale import RATIO, SECONDS, tick_text
from zfstune.values.size import format_size
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.measurement.traces.summary import (
        Direction,
        FileUse,
        Latency,
        SizeBand,
        TraceSummary,
    )

__all__ = ["summary_lines"]

_BAR = 20
_NAME = 42
_DENSITIES = " .:-=+*#%@"
_MOST_FILES = 4


def summary_lines(summary: TraceSummary) -> Iterator[str]:
    """Give the lines of a summary, without their ends, each of 80 columns at most."""
    count = summary.reads.operations + summary.writes.operations + summary.syncs
    time = "" if summary.seconds is None else f" in {_time(summary.seconds)}"
    files = "1 file" if summary.file_count == 1 else f"{summary.file_count:,} files"
    yield f"{summary.format}: {count:,} operations{time} on {files}"
    yield ""
    yield (
        f"{'':8}{'count':>10}{'':>6}{'bytes':>8}  {'sequential':>10}  {'aligned to':>10}"
        f"{'p50':>8}{'p99':>8}{'p99.9':>8}"
    )
    moved = max(summary.reads.operations + summary.writes.operations, 1)
    for name, direction in (("reads", summary.reads), ("writes", summary.writes)):
        yield _direction_line(name, direction, direction.operations / moved)
    syncs = f"{'syncs':8}{summary.syncs:>10,}{'':38}{_latencies(summary.sync_latency)}"
    yield syncs.rstrip()
    yield from _sentences(summary)
    yield ""
    yield from _size_lines(summary)
    yield ""
    yield from _fit_lines(summary)
    yield ""
    yield from _file_lines(summary)
    for what, number in summary.passed_over:
        yield f"passed over, {what}: {number:,}"


def _direction_line(name: str, direction: Direction, share: float) -> str:
    line = f"{name:8}{direction.operations:>10,}{_percent(share):>6}"
    line += f"{_size(direction.total_bytes):>8}  "
    if not direction.operations:
        return line.rstrip()
    aligned = format_size(direction.aligned_bytes) if direction.aligned_bytes else "nothing"
    line += f"{_percent(direction.sequential_share):>10}  {aligned:>10}"
    return f"{line}{_latencies(direction.latency)}".rstrip()


def _sentences(summary: TraceSummary) -> Iterator[str]:
    """Say what a table does not."""
    for name, direction in (("read", summary.reads), ("write", summary.writes)):
        if direction.operations:
            size = f"{direction.commonest_bytes:,} bytes"
            share = _percent(direction.commonest_share)
            touched = f"{_size(direction.touched_bytes)} touched in blocks of 4K"
            yield f"commonest {name}: {size} ({share}); {touched}"
        if direction.unplaced:
            yield (
                f"{name}s without a known offset: {direction.unplaced:,}; "
                "they count as sequential, and not below"
            )
    if summary.writes_per_sync is not None:
        text = f"writes for each sync: {summary.writes_per_sync:.3g}"
        if summary.synced_bytes is not None:
            text += f"; written to a file between two: {_size(summary.synced_bytes)}"
        yield text
        if summary.durable_writes:
            yield f"writes that are syncs themselves (O_DSYNC): {summary.durable_writes:,}"
    elif summary.writes.operations:
        yield "nothing is synced"


def _size_lines(summary: TraceSummary) -> Iterator[str]:
    """Draw the sizes of reads and writes, as shares of each."""
    yield f"{'size':>6}  {'reads':{_BAR + 7}}  writes"
    directions = summary.reads, summary.writes
    bands = [{band.from_bytes: band for band in each.sizes} for each in directions]
    for size in sorted({size for each in bands for size in each}):
        cells = [
            _band(each.get(size), direction.operations)
            for each, direction in zip(bands, directions, strict=True)
        ]
        yield f"{format_size(size):>6}  {cells[0]:{_BAR + 7}}  {cells[1]}".rstrip()


def _band(band: SizeBand | None, of_all: int) -> str:
    return "" if band is None else _bar(band.operations / of_all)


def _fit_lines(summary: TraceSummary) -> Iterator[str]:
    """Show how the operations meet records of each size."""
    yield f"{'record':>6}  {'writes of whole records':{_BAR + 7}}  record bytes for a byte"
    yield f"{'size':>6}  {'':{_BAR + 7}}  written    read"
    for fit in summary.fits:
        whole = "" if fit.whole_writes is None else _bar(fit.whole_writes)
        ratios = [
            "-" if ratio is None else tick_text(ratio, RATIO)
            for ratio in (fit.written_ratio, fit.read_ratio)
        ]
        size = format_size(fit.recordsize_bytes)
        yield f"{size:>6}  {whole:{_BAR + 7}}  {ratios[0]:>7} {ratios[1]:>7}"
    yield "(by arithmetic: uncompressed, each record once in 5 seconds, without metadata)"


def _file_lines(summary: TraceSummary) -> Iterator[str]:
    yield f"{'read':>8}{'written':>9}{'syncs':>8}  file, and where it is used"
    for use in summary.files[:_MOST_FILES]:
        yield (
            f"{_size(use.read_bytes):>8}{_size(use.written_bytes):>9}{use.syncs:>8,}  "
            f"{_end(use.name)}"
        )
        if use.cells:
            yield f"{'':27}[{_density(use)}] {_size(use.extent_bytes)}"
    others = summary.file_count - min(len(summary.files), _MOST_FILES)
    if others:
        yield f"{'':27}and {others:,} more"


def _density(use: FileUse) -> str:
    """Draw the parts of a file, the denser the more operations each has."""
    most, last = max(use.cells), len(_DENSITIES) - 1
    # Whatever is used at all is seen.
    return "".join(_DENSITIES[-(-cell * last // most)] for cell in use.cells)


def _bar(share: float) -> str:
    return f"{'#' * round(share * _BAR):{_BAR}} {_percent(share):>5}"


def _percent(share: float) -> str:
    if 0 < share < 0.01:  # noqa: PLR2004
        return "<1%"
    return f"{share * 100:.0f}%"


def _latencies(latency: Latency | None) -> str:
    if latency is None:
        return ""
    values = (latency.p50_s, latency.p99_s, latency.p999_s)
    return "".join(f"{_time(value):>8}" for value in values)


def _time(seconds: float) -> str:
    return tick_text(float(f"{seconds:.3g}"), SECONDS).replace("µ", "u")


def _size(size: int) -> str:
    return format_size(size, exact=False)


def _end(name: str) -> str:
    """Return a name, or the end of one that is too long."""
    text = shown(name)
    return text if len(text) <= _NAME else f"...{text[3 - _NAME :]}"

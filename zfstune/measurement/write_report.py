"""Write a report: the page, and beside it each chart as pictures and CSV, and all runs."""

from __future__ import annotations

import os

from zfstune.charts.chart import chart_csv, csv_line
from zfstune.charts.picture import draw_chart
from zfstune.host.files import write_file
from zfstune.measurement.draw_png import png_of
from zfstune.measurement.figures import FIGURES, figures_of
from zfstune.measurement.report_charts import charts_of
from zfstune.measurement.report_page import report_page
from zfstune.values.errors import PlanError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.measurement.results import Measurement

__all__ = ["charts_folder", "write_report"]


def charts_folder(path: str) -> str:
    """Return the folder for the charts of a report: ``out.html`` has ``out-charts``."""
    return f"{path.removesuffix('.html')}-charts"


def write_report(
    path: str, measurement: Measurement, sentences: Iterable[str], *, png: bool = False
) -> None:
    """Write the page to `path`, and charts and runs into the folder beside it.

    Args:
        path: The page, which needs none of the other files.
        measurement: What was measured.
        sentences: The verdict in words, and the findings.
        png: Each chart as PNG too, beside the SVG.

    Raises:
        PlanError: A file cannot be written.
        ZfstuneError: The library that makes a PNG is missing.
    """
    write_file(path, report_page(measurement, sentences))
    folder = charts_folder(path)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        message = f"cannot create '{shown(folder)}': {error.strerror}"
        raise PlanError(message) from None
    for chart in charts_of(measurement):
        picture = draw_chart(chart)
        write_file(f"{folder}/{chart.key}.svg", picture)
        if png:
            write_file(f"{folder}/{chart.key}.png", png_of(picture))
        write_file(f"{folder}/{chart.key}.csv", chart_csv(chart))
    write_file(f"{folder}/runs.csv", "".join(_run_lines(measurement)))


def _run_lines(measurement: Measurement) -> Iterator[str]:
    """Give the figures of each run as CSV, in bytes, seconds and plain numbers."""
    names = [figure.name for figure in FIGURES]
    yield csv_line(["recordsize_bytes", "compression", "run", "place", "discarded", *names])
    for measured in measurement.measured:
        candidate = measured.candidate
        for run in measured.runs:
            figures = figures_of(run)
            cells = ("" if (v := figures[name]) is None else f"{v:.12g}" for name in names)
            yield csv_line(
                [
                    *(str(candidate.recordsize_bytes), candidate.compression),
                    *(str(run.number), str(run.place), run.discarded, *cells),
                ]
            )

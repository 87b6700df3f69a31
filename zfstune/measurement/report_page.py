"""A measurement as one page of HTML that needs nothing beside itself, not even a script.

It is read on a phone, in the dark and on paper: charts are drawn in the page, colours
follow the reader's screen, tables scroll by themselves.
"""

from __future__ import annotations

from zfstune.charts.picture import draw_chart
from zfstune.charts.web_page import markup, scrolling_table, table_row, tag, web_page
from zfstune.measurement.figures import FIGURES, figures_of
from zfstune.measurement.report_charts import (
    charts_of,
    estimate_text,
    estimates_of,
    figure_text,
)
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from zfstune.measurement.results import Measured, Measurement

__all__ = ["report_page"]

_STYLE = """
body{max-width:1480px}h3{font-size:15px;margin:16px 0 4px}pre{max-width:80ch}
.charts{display:grid;gap:16px;grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr))}
.chart{width:100%;max-width:560px;height:auto;display:block}
th{white-space:normal;vertical-align:bottom}
td:first-child{white-space:nowrap;min-width:0}
.facts td{text-align:left;white-space:normal;overflow-wrap:anywhere}
.facts td:first-child{color:var(--soft);white-space:nowrap;vertical-align:top}
.chosen{font-weight:600}
pre{background:var(--ground);padding:8px 12px;overflow-x:auto;font-size:13px;max-width:100%}
.pages{display:grid;gap:0 32px}
@media (min-width:960px){.pages{grid-template-columns:1fr 1fr}}
@media print{.charts{grid-template-columns:1fr 1fr}.chart{break-inside:avoid}
h3{break-after:avoid}pre{white-space:pre-wrap}.scroll table{font-size:6.5pt}
.scroll td,.scroll th{padding:2px 3px}}
"""
_NOTHING = "-"


def report_page(measurement: Measurement, sentences: Iterable[str]) -> str:
    """Return the page.

    Args:
        measurement: What was measured.
        sentences: The verdict in words, and the findings.
    """
    title = f"Record sizes for {measurement.workload.name} on {_pool_name(measurement)}"
    charts = [draw_chart(chart, style="") for chart in charts_of(measurement)]
    body = [
        tag("h1", markup(title)),
        tag("p", markup(_subtitle(measurement)), class_="soft"),
        *_section("Verdict", tag("ul", *(tag("li", markup(each)) for each in sentences))),
        *_section("Charts", tag("div", *charts, class_="charts")),
        *_section(
            "Figures", _note(measurement), scrolling_table(*_figure_table(measurement))
        ),
        *_section("How it was measured", *_method(measurement)),
        *_section("Where it was measured", *_places(measurement)),
        *_section("Each run", scrolling_table(*_run_table(measurement))),
        *_section("To repeat it", tag("pre", markup(measurement.procedure.command))),
    ]
    return web_page(title, body, _STYLE)


def _pool_name(measurement: Measurement) -> str:
    return measurement.pool.get("name", "a pool")


def _subtitle(measurement: Measurement) -> str:
    """Say what was measured, when, and by how many runs."""
    procedure = measurement.procedure
    runs = "1 run" if procedure.runs == 1 else f"{procedure.runs} runs"
    text = f"{measurement.workload.summary}. {procedure.started}, {runs} of each"
    if procedure.interrupted:
        text += "; it was ended before all of them were done"
    return f"{text}."


def _note(measurement: Measurement) -> str:
    """Explain the table of figures."""
    text = "The mean of all runs, with the interval that 95 of 100 such means lie in"
    if any(each.predicted for each in measurement.measured):
        text += "; model: by the rules of OpenZFS, without metadata and log"
    if any(each.candidate == measurement.chosen for each in measurement.measured):
        text += "; bold: the profile's choice"
    return tag("p", markup(f"{text}."), class_="soft")


def _figure_table(measurement: Measurement) -> Iterator[str]:
    """Give a row for each candidate, with what the model says where it knows."""
    found = [(each, estimates_of(each)) for each in measurement.measured]
    shown = [figure for figure in FIGURES if any(figure.name in each for _, each in found)]
    with_model = any(each.predicted for each in measurement.measured)
    header = ["candidate", *(figure.title for figure in shown)]
    if with_model:
        header += ["written, model", "read cold, model", "space, model"]
    yield _row(header, "th")
    for measured, estimates in found:
        cells = [
            estimate_text(estimates[figure.name], figure)
            if figure.name in estimates
            else ""
            for figure in shown
        ]
        if with_model:
            cells += _model(measured)
        kind = "chosen" if measured.candidate == measurement.chosen else ""
        yield _row([measured.candidate.label, *cells], "td", kind)


def _model(measured: Measured) -> list[str]:
    model = measured.predicted
    if model is None:
        return ["", "", ""]
    file_bytes = measured.runs[0].counts.file_bytes if measured.runs else 0
    by_name = {figure.name: figure for figure in FIGURES}
    return [
        figure_text(value, by_name["space"])
        for value in (
            model.write_amplification,
            model.cold_read_amplification,
            model.allocated_bytes / max(file_bytes, 1),
        )
    ]


def _run_table(measurement: Measurement) -> Iterator[str]:
    """Give a row for each run, in the order in which they were done."""
    runs = [(each, run) for each in measurement.measured for run in each.runs]
    runs.sort(key=lambda pair: pair[1].place)
    figures = [(run, figures_of(run)) for _, run in runs]
    shown = [
        each for each in FIGURES if any(row[each.name] is not None for _, row in figures)
    ]
    header = ["candidate", "run", *(figure.title for figure in shown)]
    yield _row([*header, "fragmentation", "fill", "written idle", "note"], "th")
    for (measured, run), (_, row) in zip(runs, figures, strict=True):
        cells = [
            "" if (value := row[figure.name]) is None else figure_text(value, figure)
            for figure in shown
        ]
        idle = format_size(max(run.counts.idle_bytes, 0), exact=False)
        more = [f"{run.fragmentation_percent}%", f"{run.fill_percent}%", idle]
        reason = f"times discarded: {run.discarded}" if run.discarded else ""
        cells = [measured.candidate.label, str(run.number + 1), *cells, *more, reason]
        yield _row(cells, "td")


def _method(measurement: Measurement) -> Iterator[str]:
    """Give the workload, the procedure and the job."""
    workload = _facts(_fields(measurement.workload, leave_out=("job",)))
    procedure = _facts(_fields(measurement.procedure, leave_out=("command",)))
    columns = [tag("h3", "Workload") + workload, tag("h3", "Procedure") + procedure]
    yield tag("div", *(tag("div", column) for column in columns), class_="pages")
    yield tag("p", markup("The job of fio:"))
    yield tag("pre", markup(measurement.workload.job))


def _places(measurement: Measurement) -> Iterator[str]:
    """Give what is known of the pool, the machine and the module."""
    # Remarks stand with the verdict.
    pool = {name: text for name, text in measurement.pool.items() if name != "remarks"}
    tables = (
        ("Pool", pool),
        ("Machine", measurement.machine),
        ("Parameters of the zfs module", measurement.parameters),
    )
    columns = [
        tag("div", tag("h3", markup(name)), _facts(facts.items()))
        for name, facts in tables
        if facts
    ]
    yield tag("div", *columns, class_="pages")


def _fields(value: object, leave_out: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give the fields of a value with words for their names and units for their values."""
    names: tuple[str, ...] = value.__match_args__  # type: ignore[attr-defined]
    for name in names:
        if name not in leave_out:
            title = name.removesuffix("_bytes").removesuffix("_s").replace("_", " ")
            yield title, _field_text(name, getattr(value, name))


def _field_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.endswith("_bytes"):
        return format_size(value)
    if isinstance(value, float | int):
        text = str(value) if isinstance(value, int) else f"{value:.6g}"
        return f"{text} s" if name.endswith("_s") or name == "seconds" else text
    if isinstance(value, str):
        return value
    fractions: Mapping[str, float] = value  # type: ignore[assignment]
    pairs = (
        f"{share:.2f} at {format_size(int(size))}" for size, share in fractions.items()
    )
    return ", ".join(pairs)


def _section(title: str, *content: str) -> tuple[str, ...]:
    return "\n", tag("h2", markup(title)), *content


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    return tag("table", *(_row(pair, "td") for pair in facts), class_="facts")


def _row(cells: Iterable[str], kind: str, of_class: str = "") -> str:
    return table_row((markup(cell or _NOTHING) for cell in cells), kind, of_class)

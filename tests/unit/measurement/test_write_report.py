"""The report as files: a page that needs no other, and each chart beside it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from made_measurement import EACH, made_measurement
from zfstune.measurement import write_report as module
from zfstune.measurement.figures import figures_of
from zfstune.measurement.report_charts import charts_of
from zfstune.measurement.write_report import charts_folder, write_report
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path

MEASUREMENT = made_measurement(*EACH)


def test_each_chart_is_a_picture_and_a_table(tmp_path: Path) -> None:
    """An SVG with its own style, and a CSV with its figures, for each chart of the page."""
    write_report(str(tmp_path / "out.html"), MEASUREMENT, ("Best is 8K.",))
    page = (tmp_path / "out.html").read_text()
    assert "out-charts" not in page
    folder = tmp_path / "out-charts"
    charts = charts_of(MEASUREMENT)
    names = {f"{chart.key}.{suffix}" for chart in charts for suffix in ("svg", "csv")}
    assert {path.name for path in folder.iterdir()} == names | {"runs.csv"}
    for chart in charts:
        root = ET.fromstring((folder / f"{chart.key}.svg").read_text())  # noqa: S314
        assert root.find("{http://www.w3.org/2000/svg}style") is not None
        with (folder / f"{chart.key}.csv").open(newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) == 1 + sum(len(series.marks) for series in chart.series)


def test_all_runs_are_a_table(tmp_path: Path) -> None:
    """Each run has a row, with each figure to twelve digits."""
    write_report(str(tmp_path / "out.html"), MEASUREMENT, ())
    with (tmp_path / "out-charts" / "runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    runs = [(each.candidate, run) for each in MEASUREMENT.measured for run in each.runs]
    assert len(rows) == len(runs)
    for row, (candidate, run) in zip(rows, runs, strict=True):
        assert int(row["recordsize_bytes"]) == candidate.recordsize_bytes
        for name, value in figures_of(run).items():
            assert row[name] == ("" if value is None else f"{value:.12g}")


def test_a_second_report_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """Writing again is no error."""
    for _ in range(2):
        write_report(str(tmp_path / "out.html"), MEASUREMENT, ())


def test_the_folder_has_the_name_of_the_page() -> None:
    """Two reports in one folder keep their charts apart."""
    assert charts_folder("/a/out.html") == "/a/out-charts"
    assert charts_folder("report") == "report-charts"


def test_what_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is missing, and a file in the place of the charts, are errors."""
    with pytest.raises(PlanError, match=r"cannot write '.*out.html': No such file"):
        write_report(str(tmp_path / "none" / "out.html"), MEASUREMENT, ())
    (tmp_path / "out-charts").write_text("")
    with pytest.raises(PlanError, match=r"cannot create '.*out-charts': File exists"):
        write_report(str(tmp_path / "out.html"), MEASUREMENT, ())


def test_pixels_beside_each_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `png`, each SVG has a PNG beside it, made of that very picture."""
    monkeypatch.setattr(module, "png_of", lambda svg: svg.encode()[::-1])
    write_report(str(tmp_path / "out.html"), MEASUREMENT, (), png=True)
    folder = tmp_path / "out-charts"
    pictures = sorted(folder.glob("*.svg"))
    assert len(pictures) == len(charts_of(MEASUREMENT))
    for picture in pictures:
        assert picture.with_suffix(".png").read_bytes()[::-1] == picture.read_bytes()

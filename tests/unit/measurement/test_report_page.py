"""The page: sound, complete, and with nothing in it from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from made_measurement import EACH, made_measurement
from zfstune.measurement.report_charts import charts_of
from zfstune.measurement.report_page import report_page
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.measurement.results import Measurement

MEASUREMENT = made_measurement(*EACH)
SENTENCES = ("Best is 8K zstd-3.", "Finding: a cache answered.")
# Elements of HTML that have no end; any other must have one.
VOID = {"meta"}


def parsed(page: str) -> ET.Element:
    """Return the page as a tree: it is XML, too."""
    doctype, _, rest = page.partition("\n")
    assert doctype == "<!DOCTYPE html>"
    return ET.fromstring(rest)  # noqa: S314 (our own text)


def texts(measurement: Measurement = MEASUREMENT) -> list[str]:
    """Return the texts of the page outside of its charts."""
    body = parsed(report_page(measurement, SENTENCES)).find("body")
    assert body is not None
    return [
        text
        for each in body.iter()
        if "svg" not in each.tag
        for text in [each.text]
        if text
    ]


def test_all_of_the_measurement_is_there() -> None:
    """Verdict, method, machine, pool, parameters, the job, and the command to repeat it."""
    found = texts()
    procedure = MEASUREMENT.procedure
    for text in (*SENTENCES, procedure.command, procedure.data, procedure.cold):
        assert text in found
    assert MEASUREMENT.workload.job.rstrip() in [text.rstrip() for text in found]
    facts = (MEASUREMENT.pool, MEASUREMENT.machine, MEASUREMENT.parameters)
    for name, value in (pair for each in facts for pair in each.items()):
        assert name in found
        assert value in found
    for measured in MEASUREMENT.measured:
        # A row of figures, and a row for each run.
        assert found.count(measured.candidate.label) == 1 + len(measured.runs)


def test_each_chart_is_in_the_page() -> None:
    """Charts are drawn in it, under names of parts that no other chart has."""
    page = parsed(report_page(MEASUREMENT, SENTENCES))
    svg = "{http://www.w3.org/2000/svg}"
    titles = [each.findtext(f"{svg}title") for each in page.iter(f"{svg}svg")]
    assert titles == [chart.title for chart in charts_of(MEASUREMENT)]
    ids = [each.get("id") for each in page.iter() if each.get("id")]
    assert len(set(ids)) == len(ids)
    used = set(re.findall(r"url\(#([^)]+)\)", report_page(MEASUREMENT, SENTENCES)))
    assert used
    assert used <= set(ids)


def test_nothing_comes_from_elsewhere() -> None:
    """No script, no link, no picture, no font: the page shows the same without network."""
    page = report_page(MEASUREMENT, SENTENCES)
    root = parsed(page)
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert not tags & {"script", "link", "img", "image", "iframe", "use", "object", "a"}
    for each in root.iter():
        for name, value in each.attrib.items():
            assert "//" not in value, name
            assert not name.startswith("on"), name
            assert name not in ("href", "src"), name
    styles = "".join(each.text or "" for each in root.iter("style"))
    assert "@import" not in styles
    assert "url(" not in styles
    assert "default-src 'none'" in page


def test_each_element_has_its_end() -> None:
    """HTML reads <td/> as the beginning of a cell, so no element of it is written so."""
    page = re.sub(
        r"<svg.*?</svg>", "", report_page(MEASUREMENT, SENTENCES), flags=re.DOTALL
    )
    assert set(re.findall(r"<(\w+)[^>]*/>", page)) <= VOID


def test_the_page_is_made_for_any_reader() -> None:
    """A phone, a dark room, paper, and a reader who hears it."""
    page = report_page(MEASUREMENT, SENTENCES)
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in page
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page
    assert '<html lang="en">' in page
    assert page.count("<desc>") == len(charts_of(MEASUREMENT))
    # Each table of figures scrolls by itself, and by the keyboard.
    assert page.count('class="scroll" tabindex="0"') == 2


def test_the_choice_stands_out() -> None:
    """The row of the profile's choice is marked, and the note says what that means."""
    page = parsed(report_page(MEASUREMENT, SENTENCES))
    [row] = [each for each in page.iter("tr") if each.get("class") == "chosen"]
    assert row[0].text == "8K lz4"
    assert any("bold: the profile's choice" in text for text in texts())
    other = replace(MEASUREMENT, chosen=None)
    assert not any("bold" in text for text in texts(other))


def test_what_is_missing_is_a_dash() -> None:
    """Without fio there are no times, and without a model no prediction."""
    bare = made_measurement((8192, "lz4"), timed=False)
    bare = replace(bare, measured=(replace(bare.measured[0], predicted=None),), machine={})
    found = texts(bare)
    assert "latency, p99" not in found
    assert "Machine" not in found
    assert "space, model" not in found
    assert texts(made_measurement())


def test_discarded_and_ended_early() -> None:
    """A run whose times do not count says why, and so does a run that was cut short."""
    first, *others = MEASUREMENT.measured
    spoilt = replace(
        first, runs=(replace(first.runs[0], discarded="cached"), *first.runs[1:])
    )
    found = texts(
        replace(
            MEASUREMENT,
            measured=(spoilt, *others),
            procedure=replace(MEASUREMENT.procedure, interrupted=True),
        )
    )
    assert "times discarded: cached" in found
    assert any("it was ended before all of them were done" in text for text in found)


@given(st.text(), st.text())
def test_any_text_is_text(name: str, job: str) -> None:
    """Names of pools, models and files are no markup, whatever they hold."""
    hostile = replace(
        MEASUREMENT,
        measured=(),
        pool={"name": name},
        machine={name: name},
        workload=replace(MEASUREMENT.workload, name=name, job=job),
        procedure=replace(MEASUREMENT.procedure, command=name, data=job),
    )
    page = report_page(hostile, (name,))
    tags = {each.tag for each in parsed(page).iter()}
    assert tags == {
        each.tag for each in parsed(report_page(replace(hostile), ("x",))).iter()
    }
    if name.isprintable() and name:
        assert name in texts(hostile)

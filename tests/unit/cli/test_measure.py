"""``zfstune measure``: its words, and what it prints."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import pytest

from mounting_engine import MountingEngine
from recorded_traces import RECORDINGS
from zfstune.engine import open as opening
from zfstune.measurement import draw_up
from zfstune.measurement.document import from_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MountingEngine:
    """Give the engine that the command opens, on a host that has fio."""
    made = MountingEngine(tmp_path)
    made.count_pages(monkeypatch)
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: made)
    monkeypatch.setattr(draw_up, "check_fio", lambda: "fio-3.33")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return made


@pytest.mark.parametrize("words", ["", "postgres --fio job.fio", "postgres --trace x"])
def test_one_workload(run: Run, words: str) -> None:
    """A profile, a job file or a trace is named, and no two of them."""
    status, out, err = run("measure", *words.split())
    assert (status, out) == (2, "")
    assert "name a profile, a job file or a trace, one of the three" in err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("--recordsize 8K,x", "'x' is no size"),
        ("--size 1.3K", "no whole number of bytes"),
        ("--runs many", "'many' is no number"),
        ("--time-limit 5", "write 90s, 30m or 2h"),
        ("--seed -1", "no number"),
    ],
)
def test_words_that_make_no_sense(run: Run, words: str, reason: str) -> None:
    """A value of another form is a usage error that says what is wrong."""
    status, out, err = run("measure", "postgres", *words.split())
    assert (status, out) == (2, "")
    assert reason in err


def test_a_dry_run(run: Run, engine: MountingEngine) -> None:
    """It says what would be done, and makes nothing."""
    status, out, err = run("measure", "postgres", "--size", "1M", "-n")
    assert (status, err) == (0, "")
    assert "3 runs of each" in out
    assert engine.calls == []
    status, out, _ = run("measure", "postgres", "--size", "1M", "-n", "--json")
    assert json.loads(out)["chosen"] == {"recordsize_bytes": 8192, "compression": "lz4"}


def test_a_measurement(run: Run, engine: MountingEngine) -> None:
    """The plan comes first, then the table and the verdict; nothing is left."""
    words = ("postgres", "--size", "1M", "--only-bytes", "--recordsize", "8K,16K")
    status, out, err = run("measure", *words)
    assert (status, err) == (0, "")
    assert out.index("3 runs of each") < out.index("* the profile's choice")
    assert "written per byte: no difference." in out
    assert set(engine.marks) == {"tank", "tank/db"}


def test_json(run: Run, engine: MountingEngine) -> None:
    """One document has the measurement, its figures and the verdict; progress is apart."""
    words = ("postgres", "--size", "1M", "--only-bytes", "--recordsize", "8K,16K")
    status, out, err = run("measure", *words, "--json")
    document = json.loads(out)
    assert status == 0
    assert len(document["measurement"]["measured"]) == 2
    assert document["verdict"]["figures"]["write_amplification"]["winners"]
    assert from_json(out).workload.name == "postgres"
    steps = [json.loads(line) for line in err.splitlines()]
    assert steps[-1]["done"] == 5
    assert steps[-1]["total"] == 6


def test_without_numpy(
    run: Run, engine: MountingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan needs none; a measurement says which extra has it, before it begins."""
    monkeypatch.setitem(sys.modules, "numpy", None)
    status, _, _ = run("measure", "postgres", "--size", "1M", "-n")
    assert status == 0
    status, _, err = run("measure", "postgres", "--size", "1M")
    assert status == 1
    assert "numpy is not installed" in err
    assert "zfstune[measure]" in err
    assert engine.calls == []


TRACE = str(RECORDINGS / "fio-iolog-v3.log")


def test_a_trace_is_looked_at(run: Run) -> None:
    """Without an engine: the summary is text or JSON, and no pool is opened."""
    status, out, err = run("measure", "--trace", TRACE, "--only-look")
    assert (status, err) == (0, "")
    assert out.startswith("fio iolog v3: 28 operations")
    status, out, _ = run("measure", "--trace", TRACE, "--only-look", "--json")
    assert json.loads(out)["syncs"] == 4


def test_only_a_trace_is_looked_at(run: Run, tmp_path: Path) -> None:
    """A profile has nothing to look at, and a file that is no trace is refused."""
    status, _, err = run("measure", "postgres", "--only-look")
    assert status == 2
    assert "zfstune measure --trace FILE --only-look" in err
    (tmp_path / "x").write_text("8,0 1 1 0.0 Q WS 8 + 8 [sh]\n")
    status, out, err = run("measure", "--trace", str(tmp_path / "x"), "--only-look")
    assert (status, out) == (1, "")
    assert "line 1: expected a trace of strace, of perf trace or of fio" in err


def test_a_trace_is_measured(run: Run, engine: MountingEngine) -> None:
    """Its load is that of the trace: the size of its writes, at random, its syncs."""
    words = ("--trace", TRACE, "--size", "1M", "--only-bytes", "--recordsize", "8K,16K")
    status, out, _ = run("measure", *words, "--json")
    assert status == 0
    workload = json.loads(out)["measurement"]["workload"]
    assert (workload["page_bytes"], workload["sync_every"]) == (8192, 4)
    assert workload["pattern"] == "random"
    assert set(engine.marks) == {"tank", "tank/db"}


def test_a_report(run: Run, engine: MountingEngine, tmp_path: Path) -> None:
    """The page says what the terminal says, and each chart is a file beside it."""
    page = tmp_path / "out.html"
    words = ("postgres", "--size", "1M", "--only-bytes", "--recordsize", "8K,16K")
    status, out, err = run("measure", *words, "--report", str(page))
    assert (status, err) == (0, "")
    assert "written per byte: no difference." in out
    text = page.read_text()
    assert "written per byte: no difference." in text
    assert "One page of PostgreSQL a record" in text
    assert (tmp_path / "out-charts" / "write-amplification.svg").exists()
    assert (tmp_path / "out-charts" / "runs.csv").exists()


def test_a_report_that_cannot_be_written_is_refused_first(
    run: Run, engine: MountingEngine, tmp_path: Path
) -> None:
    """Nobody waits for hours to hear that the folder is not there."""
    for path, reason in ((tmp_path / "no" / "x.html", "no folder"), (tmp_path, "a folder")):
        words = ("postgres", "--size", "1M", "--only-bytes", "--report", str(path))
        status, out, err = run("measure", *words)
        assert (status, out) == (1, "")
        assert f"cannot write the report '{path}'" in err
        assert reason in err
    assert engine.calls == []


def test_against_an_earlier_one(run: Run, engine: MountingEngine, tmp_path: Path) -> None:
    """The changes come last, in words and as JSON; a plan alone has nothing to compare."""
    words = [
        "measure",
        "postgres",
        "--size",
        "1M",
        "--runs",
        "1",
        "--only-bytes",
        "--recordsize",
        "8K",
    ]
    saved = tmp_path / "last.json"
    saved.write_text(run(*words, "--json")[1])
    status, out, _ = run(*words, "--against", str(saved))
    assert status == 0
    assert out.splitlines()[-1].endswith(": no figure differs.")
    status, out, _ = run(*words, "--against", str(saved), "--json")
    assert json.loads(out)["changes"]["changes"] == []
    status, _, err = run(*words, "--against", str(saved), "-n")
    assert status == 2
    assert "cannot compare: nothing is measured" in err
    status, _, err = run(*words, "--against", str(tmp_path / "none"))
    assert status == 1
    assert "none': No such file or directory" in err


def test_a_trace_is_replayed(run: Run, engine: MountingEngine) -> None:
    """The plan says what is replayed; without a trace there is nothing to replay."""
    status, out, _ = run("measure", "--trace", TRACE, "--replay", "-n")
    assert status == 0
    assert "recorded writes" in " ".join(out.split())
    status, _, err = run("measure", "postgres", "--replay")
    assert status == 2
    assert "cannot replay: --replay is for a trace" in err

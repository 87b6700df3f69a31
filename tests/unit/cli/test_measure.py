"""``zfstune measure``: its words, and what it prints."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import pytest

from mounting_engine import MountingEngine
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
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: made)
    monkeypatch.setattr(draw_up, "check_fio", lambda: "fio-3.33")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return made


@pytest.mark.parametrize("words", ["", "postgres --fio job.fio"])
def test_one_workload(run: Run, words: str) -> None:
    """A profile or a job file is named, and not both."""
    status, out, err = run("measure", *words.split())
    assert (status, out) == (2, "")
    assert "name a profile or a job file, one of the two" in err


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

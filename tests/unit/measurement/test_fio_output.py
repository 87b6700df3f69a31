"""The output of fio, cut down from that of 3.33."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zfstune.measurement.fio_output import parse_version, read_output
from zfstune.values.errors import ZfstuneError


def latency(nanoseconds: int) -> dict[str, Any]:
    """Return the percentiles of a latency."""
    names = ("50.000000", "99.000000", "99.900000")
    return {"percentile": {name: nanoseconds * n for n, name in enumerate(names, 1)}}


def job(**more: Any) -> dict[str, Any]:
    """Return a job that wrote and read."""
    return {
        "jobname": "tables",
        "error": 0,
        "read": {"io_bytes": 8192, "total_ios": 1, "runtime": 900, "clat_ns": latency(5)},
        "write": {
            "io_bytes": 81920,
            "total_ios": 10,
            "runtime": 1000,
            "clat_ns": latency(1000),
        },
        "sync": {"total_ios": 10, "lat_ns": latency(1_000_000)},
        **more,
    }


def output(*jobs: dict[str, Any]) -> str:
    """Return the output of a run."""
    return json.dumps({"fio version": "fio-3.33", "jobs": list(jobs)})


def test_figures() -> None:
    """Writes and reads are summed up, and an application waits for its fsync."""
    found = read_output("fio: a warning\n" + output(job()))
    assert (found.seconds, found.done_bytes, found.operations) == (1.0, 90112, 11)
    assert found.percentiles_s == pytest.approx((0.001, 0.002, 0.003))


def test_what_is_waited_for() -> None:
    """Without fsync that is the write, and without writes the read."""
    unsynced = job(sync={"total_ios": 0, "lat_ns": {}})
    assert read_output(output(unsynced)).percentiles_s[0] == pytest.approx(1e-6)
    nothing = {"io_bytes": 0, "total_ios": 0, "runtime": 0, "clat_ns": {}}
    only_read = job(sync={}, write=nothing)
    assert read_output(output(only_read)).percentiles_s[0] == pytest.approx(5e-9)


def test_failed_job() -> None:
    """A job that failed gives no figures."""
    with pytest.raises(ZfstuneError, match="a job ended with error 28"):
        read_output(output(job(error=28)))


@pytest.mark.parametrize(
    "text", ["", "fio: bad option", "{", '{"jobs": []}', '{"jobs": [{}]}', '{"jobs": 5}']
)
def test_other_output(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ZfstuneError, match="cannot read the output of fio"):
        read_output(text)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("fio-3.33\n", (3, 33)),
        ("fio-3.35-117-gb1", (3, 35)),
        ("flexible", None),
        ("", None),
    ],
)
def test_versions(text: str, version: tuple[int, int] | None) -> None:
    """Releases and builds of git tell their number."""
    assert parse_version(text) == version

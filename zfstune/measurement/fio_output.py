"""What fio says: its version, and the JSON of a run."""

from __future__ import annotations

import json
import re

from zfstune.values.errors import ZfstuneError
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["LEAST_VERSION", "FioFigures", "parse_version", "read_output"]

# The first whose JSON has percentiles of fsync, and that reads each option of the jobs.
LEAST_VERSION = (3, 19)
_NANOSECONDS = 1e9
_MILLISECONDS = 1e3
_PERCENTILES = ("50.000000", "99.000000", "99.900000")


@frozen
class FioFigures:
    """The figures of a run of fio, without its warm-up.

    Attributes:
        seconds: Its length.
        done_bytes: Bytes written and read.
        operations: Writes and reads.
        percentiles_s: Latency at 50, 99 and 99.9 %: of fsync where the job syncs, else of
            writes, else of reads.
    """

    seconds: float
    done_bytes: int
    operations: int
    percentiles_s: tuple[float, float, float]


def parse_version(text: str) -> tuple[int, int] | None:
    """Read ``fio-3.33``; None: it is something else."""
    match = re.match(r"fio-(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def read_output(text: str) -> FioFigures:
    """Read the JSON that ``fio --output-format=json`` printed.

    Raises:
        ZfstuneError: It is something else, or a job of it failed.
    """
    try:
        # Warnings may stand before the document.
        document: Any = json.loads(text[text.index("{") :])
        jobs = document["jobs"]
        failed = [job["error"] for job in jobs if job.get("error")]
        if failed:
            raise ZfstuneError(
                f"cannot measure with fio: a job ended with error {failed[0]}"
            )
        return FioFigures(
            seconds=max(job[kind]["runtime"] for job in jobs for kind in ("read", "write"))
            / _MILLISECONDS,
            done_bytes=_sum(jobs, "io_bytes"),
            operations=_sum(jobs, "total_ios"),
            percentiles_s=_percentiles(jobs),
        )
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        kind = type(error).__name__
        message = f"cannot read the output of fio: it has another form ({kind}: {error})"
        raise ZfstuneError(message) from None


def _sum(jobs: list[Any], key: str) -> int:
    return sum(int(job[kind][key]) for job in jobs for kind in ("read", "write"))


def _percentiles(jobs: list[Any]) -> tuple[float, float, float]:
    """Return the percentiles of the operation that the application waits for."""
    # With group_reporting, the processes of a job are one.
    job = jobs[0]
    for part, key in (("sync", "lat_ns"), ("write", "clat_ns"), ("read", "clat_ns")):
        found = job.get(part, {}).get(key, {}).get("percentile")
        if found:
            p50, p99, p999 = (float(found[name]) / _NANOSECONDS for name in _PERCENTILES)
            return p50, p99, p999
    raise KeyError("percentile")

"""Make a workload of the trace in a file, and take its places."""

from __future__ import annotations

from zfstune.measurement.job_file import read_job
from zfstune.measurement.traces.read_trace import read_trace
from zfstune.measurement.traces.replay import replay_batches
from zfstune.measurement.traces.summary import summarize
from zfstune.measurement.traces.trace_job import trace_job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.batches import Batches
    from zfstune.measurement.job_file import Workload

__all__ = ["load_replay", "load_trace"]


def load_trace(path: str) -> Workload:
    """Return a workload that does what a trace did, as :func:`trace_job` says.

    Raises:
        PlanError: The file cannot be read.
        InvalidValue: It is no trace.
    """
    return read_job(trace_job(summarize(read_trace(path))), "trace")


def load_replay(path: str, most_bytes: int) -> Batches:
    """Return the writes and reads of a trace themselves, as :func:`replay_batches` says.

    Raises:
        PlanError: The file cannot be read, or tells too little for a replay.
        InvalidValue: It is no trace.
    """
    return replay_batches(read_trace(path), most_bytes)

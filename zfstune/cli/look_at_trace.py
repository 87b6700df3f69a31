"""``zfstune measure --trace FILE --only-look``: sum up what an application does."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import print_json, print_lines

__all__ = ["look_at_trace"]


def look_at_trace(path: str, *, as_json: bool) -> int:
    """Print the summary of the trace in a file, and touch no pool.

    Returns:
        The exit status.
    """
    # numpy takes a tenth of a second, and is an extra: a run without a trace may lack it.
    from zfstune.measurement.plain import to_plain  # noqa: PLC0415
    from zfstune.measurement.traces.read_trace import read_trace  # noqa: PLC0415
    from zfstune.measurement.traces.summary import summarize  # noqa: PLC0415
    from zfstune.measurement.traces.summary_text import summary_lines  # noqa: PLC0415

    summary = summarize(read_trace(path))
    if as_json:
        # The envelope has a key of the name `format` itself.
        found = to_plain(summary)
        head = {"recorded_by": found.pop("format"), "length_s": found.pop("seconds")}
        found = head | found
        found["passed_over"] = [
            {"what": what, "calls": calls} for what, calls in summary.passed_over
        ]
        print_json(found, part="look")
    else:
        print_lines(summary_lines(summary))
    return exit_status.DONE

"""A job of fio that does what a trace did: the same sizes, order, mix and syncs.

It is no replay: the files of a trace are gone, or in use. What is measured is the load
that the trace comes to, by the operations that it has most of.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.traces.summary import Direction, TraceSummary

__all__ = ["trace_job"]

_SECTOR = 512
_LARGEST = 1 << 20
_HALF = 0.5
# Of what is rarer, no job of one size gives a fair picture.
_RARE = 0.02
_WHOLE = 100


def trace_job(summary: TraceSummary) -> str:
    """Return the text of a job file, in the form of those that ship."""
    reads, writes = summary.reads, summary.writes
    share = summary.read_share
    main = writes if writes.operations and share < 1 - _RARE else reads
    page = _page_bytes(main)
    is_random = main.sequential_share < _HALF
    appends = not is_random and main is writes and share < _RARE
    kind = _kind(share, is_random=is_random)
    options = [f"rw={kind}", f"bs={page}"]
    if kind.endswith("rw"):
        options.append(f"rwmixread={round(share * _WHOLE)}")
    # What is appended goes behind the file that is there.
    options.append("offset=${FILE_SIZE}" if appends else "filesize=${FILE_SIZE}")
    if main is writes and summary.writes_per_sync is not None:
        options.append(f"fdatasync={max(round(summary.writes_per_sync), 1)}")
    order = "at random" if is_random else "one behind the other"
    said = "read" if main is reads else "written"
    count = reads.operations + writes.operations
    return _TEMPLATE.format(
        summary=f"what a trace of {summary.format} shows: {page} bytes {said} {order}",
        pattern="# pattern: append\n" if appends else "",
        source=f"{count} reads and writes that {summary.format} recorded",
        options="\n".join(options),
    )


def _page_bytes(direction: Direction) -> int:
    """Return the commonest size in whole sectors, since fio writes no less."""
    size = min(max(direction.commonest_bytes, _SECTOR), _LARGEST)
    return -(-size // _SECTOR) * _SECTOR


def _kind(read_share: float, *, is_random: bool) -> str:
    """Return how fio calls it."""
    if read_share > 1 - _RARE:
        kind = "read"
    elif read_share < _RARE:
        kind = "write"
    else:
        kind = "rw"
    return f"rand{kind}" if is_random else kind


_TEMPLATE = """\
# summary: {summary}
{pattern}# compressed: 4K=0.6 8K=0.55 16K=0.52 128K=0.5
# symbols: 64
# like: no data in particular, since a trace has none: it compresses to about a half; \
--sample measures yours
# source: {source}

[global]
ioengine=psync
thread=1
directory=${{DIRECTORY}}
filename_format=data.$filenum
nrfiles=${{FILES}}
size=${{SIZE}}
fallocate=none
time_based=1
runtime=${{RUNTIME}}
ramp_time=${{RAMP}}
randseed=${{SEED}}
refill_buffers=1
buffer_compress_percentage=${{COMPRESS}}
buffer_compress_chunk=4096
group_reporting=1

[trace]
{options}
"""

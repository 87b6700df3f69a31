"""Other tools' retention settings, as policies that keep exactly the same.

A module a tool; each has one function that takes the text of its settings and the
names of the datasets that are there. What cannot be kept exactly (month lengths,
edges, zones, what is out of scope) is left out with the reason, or said in the notes.
These are readings of settings, not of code: the tests hold the result against the
tools themselves.
"""

from __future__ import annotations

from zfstune.retention.imports.reading import (
    Imported,
    LeftOut,
    NotKeptError,
    Reading,
    complete,
    cover,
)
from zfstune.retention.imports.stored import out_of_reach, with_stored
from zfstune.values.errors import PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Reader = Callable[[str, Collection[str] | None], Reading]

__all__ = [
    "FORMATS",
    "Imported",
    "LeftOut",
    "NotKeptError",
    "Reading",
    "convert",
    "cover",
]

FORMATS = (
    *("bzfs", "cron", "pyznap", "sanoid", "truenas", "zettarepl", "zfs-autobackup"),
    *("znapzend", "zrepl"),
)

# Their settings are a plan, and do not say which datasets it is for.
_WITHOUT_DATASETS = frozenset({"bzfs", "zfs-autobackup", "znapzend"})


def convert(
    tool: str,
    text: str,
    datasets: Collection[str] | None = None,
    stored: Mapping[str, str | None] | None = None,
) -> Reading:
    """Read another tool's settings.

    Args:
        tool: One of :data:`FORMATS`.
        text: For sanoid, pyznap and zrepl their configuration file; for cron a crontab with
            ``zfs list | head | xargs zfs destroy`` lines; for bzfs the plan of
            ``--delete-dst-snapshots-except-plan``; for zfs-autobackup its schedule,
            as in ``10,1d1w,1w1m``; for znapzend its plan, as in ``7d=>1h,30d=>4h``; for
            zettarepl its definition; for truenas what ``midclt call
            pool.snapshottask.query`` prints.
        datasets: Names of the filesystems and volumes of the pools that the settings
            are for. None: nobody knows, and what depends on them is left out.
        stored: By dataset the text of the policy that it has of its own, which would
            stay in force; None for one that was received, which counts for nothing
            but is in the way of one above. Default: none has any.

    Returns:
        At most one policy a dataset, and each part of which none keeps the same. It has
        no policy where all was left out.

    Raises:
        PolicyError: The text cannot be read, or nothing in it prunes.
    """
    known = None if datasets is None else frozenset(datasets)
    reading = complete(_reader(tool)(text, known), known)
    if known is None:
        reading = out_of_reach(reading, None)
    elif tool in _WITHOUT_DATASETS:
        reading = out_of_reach(reading, stored or {})
    else:
        reading = with_stored(reading, stored or {}, known, tool)
    if not (reading.policies or reading.left_out):
        raise PolicyError(f"cannot import from {tool}: nothing in it prunes a snapshot")
    return reading


def _reader(tool: str) -> Reader:
    if tool not in FORMATS:
        raise PolicyError(
            f"cannot import from '{tool}': no reader of its settings",
            hint=f"there are: {', '.join(FORMATS)}",
        )
    from importlib import import_module  # noqa: PLC0415 (only what is asked for)

    module = import_module(f"zfstune.retention.imports.{tool.replace('-', '_')}")
    reader: Reader = module.read
    return reader

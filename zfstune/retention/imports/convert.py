"""Convert other tools' retention settings into policies that keep exactly the same.

Each tool has a module of its name with one function, `read`, which takes the text of
the settings and the names of the existing datasets. A part that no policy reproduces
exactly is left out with the reason; small differences (lengths of months, edges of an
age, zones) are told in notes. The tests compare the result with the tools themselves,
or with a model of them.
"""

from __future__ import annotations

from importlib import import_module

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

# The settings of these tools are a plan that names no datasets.
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
        text: For sanoid, pyznap and zrepl the configuration file; for cron a crontab with
            ``zfs list | head | xargs zfs destroy`` lines; for bzfs the plan of
            ``--delete-dst-snapshots-except-plan``; for zfs-autobackup the schedule,
            as in ``10,1d1w,1w1m``; for znapzend the plan, as in ``7d=>1h,30d=>4h``; for
            zettarepl the definition; for truenas the output of ``midclt call
            pool.snapshottask.query``.
        datasets: Names of the filesystems and volumes of the pools that the settings
            are for. None: they are not known, and what depends on them is left out.
        stored: By dataset the text of its own stored policy, which would stay in force;
            None for a policy that was received, which counts for nothing but keeps the
            dataset from inheriting one. Default: no dataset has any.

    Returns:
        At most one policy a dataset, and each part of the settings that no policy
        reproduces. It holds no policy if all was left out.

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
            f"cannot import from '{tool}': zfstune cannot read its settings",
            hint=f"zfstune reads the settings of {', '.join(FORMATS)}",
        )
    module = import_module(f"zfstune.retention.imports.{tool.replace('-', '_')}")
    reader: Reader = module.read
    return reader

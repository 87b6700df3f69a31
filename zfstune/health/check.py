"""Check that snapshots and copies are fresh, as ``zfstune check`` does for monitors."""

from __future__ import annotations

from time import time

from zfstune.engine.open import using
from zfstune.health.nagios import check_ages, judge
from zfstune.health.observe import observe
from zfstune.host.files import state_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.health.nagios import Check

__all__ = ["check_freshness"]


def check_freshness(
    *datasets: str,
    warning_s: int | None = None,
    critical_s: int | None = None,
    lag_warning_s: int | None = None,
    lag_critical_s: int | None = None,
    folder: str | None = None,
    engine: Engine | None = None,
) -> Check:
    """Look at the age of snapshots, at the last scheduled runs, and at copies.

    Nothing is changed, and what is not as it should be is no error: it is in
    ``Check.problems``, the worst first, and ``Check.status`` has the exit status of a
    monitoring plugin.

    Args:
        datasets: Full names; default: all that have a schedule, and those that a schedule
            takes along.
        warning_s: The age in seconds of a late snapshot; default: one and a half periods
            of the schedule.
        critical_s: The age in seconds of one that is long overdue; default: three periods.
        lag_warning_s: Seconds that a target of replication may be behind its source;
            default: one and a half periods.
        lag_critical_s: Seconds behind that are critical; default: three periods.
        folder: The folder with the notes of scheduled runs; default: as for
            ``zfstune schedule``.
        engine: Default: the running kernel's ZFS.

    Raises:
        InvalidValue: A critical age comes before its warning.
        NotFound: A dataset that is named does not exist.
        ZfsUnavailable: There is no ZFS here.
    """
    check_ages(warning_s, critical_s)  # before ZFS is asked
    check_ages(lag_warning_s, lag_critical_s)
    with using(engine) as zfs:
        seen = observe(zfs, datasets, state_folder(folder, image=zfs.file or None))
    return judge(
        seen.datasets,
        seen.pools,
        seen.runs,
        int(time()),
        warning=warning_s,
        critical=critical_s,
        faults=[str(fault) for fault in seen.faults],
        damaged=seen.damaged,
        targets=seen.targets,
        lag_warning=lag_warning_s,
        lag_critical=lag_critical_s,
    )

"""Find the job file of a workload: one that ships, or one that a user names."""

from __future__ import annotations

import os

from zfstune.measurement.job_file import read_job
from zfstune.values.errors import ProfileError
from zfstune.values.text import did_you_mean, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.job_file import Workload

__all__ = ["load_job", "load_workload", "shipped_workloads"]

_FOLDER = os.path.join(os.path.dirname(__file__), "jobs")
_SUFFIX = ".fio"


def shipped_workloads() -> tuple[Workload, ...]:
    """Return the workloads that ship, sorted by name."""
    files = [name for name in os.listdir(_FOLDER) if name.endswith(_SUFFIX)]
    shipped = (load_job(os.path.join(_FOLDER, name)) for name in files)
    return tuple(sorted(shipped, key=lambda workload: workload.facts.name))


def load_workload(name: str) -> Workload:
    """Return the workload of that name, or else the one of that profile.

    Args:
        name: Name of a workload, as ``postgres-wal``, or of a profile, as ``docker``.

    Raises:
        ProfileError: There is none; the hint lists those that ship.
    """
    shipped = shipped_workloads()
    for workload in shipped:
        if workload.facts.name == name:
            return workload
    for workload in shipped:
        if workload.profile == name:
            return workload
    known = [workload.facts.name for workload in shipped]
    hint = did_you_mean(name, known, "known workloads: " + ", ".join(known))
    raise ProfileError(
        f"cannot measure '{shown(name)}': no workload of that name or profile ships",
        hint=hint,
    )


def load_job(path: str) -> Workload:
    """Read the workload of a job file.

    Raises:
        ProfileError: It cannot be read, or is no such job.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ProfileError(f"cannot read job '{shown(path)}': {reason}") from None
    return read_job(text, os.path.basename(path).removesuffix(_SUFFIX))

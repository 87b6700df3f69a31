"""Notes of scheduled runs on disk, and the lock that keeps two runs of a job apart.

The files of notes and locks are named by the dataset's guid: another pool may have a
dataset of the same name (a second backup disk, another image, a pool made anew), whose
job did not run. A run that fails before it reaches the dataset knows no guid; its note
is named by the dataset until a later run gets there. Earlier versions named all notes
by the dataset: such a note of a success is ignored, which costs one more run at most.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress

from zfstune.host.files import read_plain, write_file
from zfstune.schedules.last_run import LastRun
from zfstune.schedules.unit_text import escape
from zfstune.values.errors import PlanError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = [
    "last_run",
    "locked",
    "note",
    "reported_run",
]

_SUFFIX = ".run.json"
_MOST_CHARACTERS = 1 << 16


@contextmanager
def locked(folder: str, job: str, dataset_guid: int) -> Iterator[bool]:
    """Hold the lock of a job while the body runs; yield False if another run holds it.

    The kernel releases the lock when its holder ends, for whatever reason, so that no
    lock is ever left behind.

    Raises:
        PlanError: The folder or the lock cannot be written.
    """
    path = os.path.join(folder, f"{_stem(job, dataset_guid)}.lock")
    _make_folder(folder)
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise PlanError(
            f"cannot lock '{shown(path)}': {error.strerror}",
            hint="name a folder of your own with --state",
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


def note(folder: str, run: LastRun) -> None:
    """Write the note of a run over the note of the run before.

    Raises:
        PlanError: It cannot be written.
    """
    by_name = _path_by_name(folder, run.job, run.dataset)
    if not run.dataset_guid:
        _make_folder(folder)
        write_file(by_name, run.to_json())
        return
    write_file(_path(folder, run.job, run.dataset_guid), run.to_json())
    with suppress(OSError):  # a note by name hardly ever exists
        os.unlink(by_name)


def last_run(folder: str, job: str, dataset_guid: int) -> LastRun | None:
    """Read the last run that reached a dataset; None if none is noted."""
    run = _read(_path(folder, job, dataset_guid))
    same = run is not None and (run.job, run.dataset_guid) == (job, dataset_guid)
    return run if same else None


def reported_run(folder: str, job: str, dataset: str, dataset_guid: int) -> LastRun | None:
    """Read the last run to report, even if it failed before it reached the dataset."""
    missed = _read(_path_by_name(folder, job, dataset))
    reached = last_run(folder, job, dataset_guid)
    if missed is None or not missed.error or (missed.job, missed.dataset) != (job, dataset):
        return reached
    return missed if reached is None or missed.ended > reached.ended else reached


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
    except OSError as error:
        raise PlanError(
            f"cannot create '{shown(folder)}' for the notes on runs: {error.strerror}",
            hint="name a folder of your own with --state",
        ) from None


def _stem(job: str, dataset_guid: int) -> str:
    # The escaped name of a dataset holds no @, so that the two kinds of names differ.
    return f"{job}@{dataset_guid}"


def _path(folder: str, job: str, dataset_guid: int) -> str:
    return os.path.join(folder, _stem(job, dataset_guid) + _SUFFIX)


def _path_by_name(folder: str, job: str, dataset: str) -> str:
    return os.path.join(folder, f"{job}-{escape(dataset)}{_SUFFIX}")


def _read(path: str) -> LastRun | None:
    text = read_plain(path, _MOST_CHARACTERS)
    return None if text is None else LastRun.from_json(text)

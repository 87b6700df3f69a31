"""Notes of scheduled runs on disk, and the lock that keeps two of a kind apart."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

from zfstune.errors import PlanError
from zfstune.quoting import shown
from zfstune.run_record import LastRun
from zfstune.unit_text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["STATE", "last_run", "last_runs", "locked", "note", "state_folder", "write_file"]

# Where systemd's StateDirectory= puts it for root.
STATE = "/var/lib/zfstune"

_SUFFIX = ".run.json"
_MOST_BYTES = 1 << 16


def state_folder(given: str | None = None) -> str:
    """Give the folder of the notes: as told, as systemd says, else the usual one."""
    told = given or os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return told or STATE


@contextmanager
def locked(folder: str, job: str, dataset: str) -> Iterator[bool]:
    """Hold the lock of a job while the body runs; give whether it was to be had.

    The kernel lets go of it when its holder ends, however that comes about, so that
    no lock is ever left behind.

    Raises:
        PlanError: The folder or the lock cannot be written.
    """
    import fcntl  # noqa: PLC0415 (scheduled runs alone lock)

    path = os.path.join(folder, f"{job}-{escape(dataset)}.lock")
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
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
    """Write down what became of a run, over what became of the one before.

    Raises:
        PlanError: It cannot be written.
    """
    path = os.path.join(folder, f"{run.job}-{escape(run.dataset)}{_SUFFIX}")
    write_file(path, run.to_json())


def last_run(folder: str, job: str, dataset: str) -> LastRun | None:
    """Give what became of the last run; None: there was none, or nobody can tell."""
    found = _read(os.path.join(folder, f"{job}-{escape(dataset)}{_SUFFIX}"))
    return found if found is not None and found.dataset == dataset else None


def last_runs(folder: str) -> list[LastRun]:
    """Give what became of the last run of each job on each dataset, by name."""
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return []
    read = [_read(os.path.join(folder, e)) for e in entries if e.endswith(_SUFFIX)]
    return sorted((r for r in read if r is not None), key=lambda r: (r.dataset, r.job))


def _read(path: str) -> LastRun | None:
    try:
        with open(path, encoding="utf-8") as file:
            return LastRun.from_json(file.read(_MOST_BYTES))
    except (OSError, UnicodeDecodeError):
        return None


def write_file(path: str, text: str, *, mode: int = 0o644) -> None:
    """Put a text in place of a file at once: whoever reads sees the old or the new.

    Raises:
        PlanError: It cannot be written; what was there still is.
    """
    folder, name = os.path.split(path)
    # no name that a reader of *.prom, or systemd, would take for one of its own
    draft = os.path.join(folder, f".{name}.{os.getpid()}.new")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        with open(os.open(draft, flags, mode), "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(draft)
        raise PlanError(f"cannot write '{shown(path)}': {error.strerror}") from None

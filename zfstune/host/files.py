"""Files of zfstune's own: where they are kept, and how they are read and replaced.

A file is replaced whole or not at all: each reader sees the old text or the new one. A
replacement that is durable holds after a power cut, too.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

from zfstune.host.left_drafts import new_draft
from zfstune.values.errors import PlanError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CACHE",
    "STATE",
    "cache_folder",
    "make_cache_folder",
    "read_plain",
    "replace_file",
    "state_folder",
    "write_file",
]

# Where systemd's StateDirectory= and CacheDirectory= put a service's files for root.
STATE = "/var/lib/zfstune"
CACHE = "/var/cache/zfstune"

# The folder for the runs on an image lies beside the image and has this suffix.
_IMAGE_SUFFIX = ".runs"


def state_folder(given: str | None = None, *, image: str | None = None) -> str:
    """Return the folder for the notes of scheduled runs.

    Args:
        given: The folder that the user names.
        image: Path of the image that the runs are on. They are noted beside it, as
            ``FILE.runs``: an image may go from host to host, and is often not root's.

    Returns:
        `given`, else the folder from systemd, else the image's, else the host's.
    """
    folder = given or os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if folder or image is None:
        return folder or STATE
    return os.path.abspath(image) + _IMAGE_SUFFIX


def cache_folder(
    environ: Mapping[str, str] | None = None, *, root: bool | None = None
) -> str:
    """Return the folder for notes that the next run can do without; empty: none.

    Args:
        environ: ``ZFSTUNE_CACHE`` and ``CACHE_DIRECTORY`` are read from it; default:
            this process's own.
        root: Whether root runs this; default: asked of the kernel.
    """
    environ = os.environ if environ is None else environ
    root = os.geteuid() == 0 if root is None else root
    if "ZFSTUNE_CACHE" in environ:
        return environ["ZFSTUNE_CACHE"]
    given = environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    return given or (CACHE if root else "")


def make_cache_folder(folder: str) -> None:
    """Make root's own cache folder; the others are for the user or systemd to make.

    Raises:
        OSError: The folder cannot be made.
    """
    if folder == CACHE:
        os.makedirs(folder, mode=0o700, exist_ok=True)


def read_plain(path: str, most_characters: int) -> str | None:
    """Read a plain file of UTF-8 text; None where there is none that can be read.

    A link is not followed, and a pipe that somebody has put there is not waited for.
    """
    try:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with open(os.open(path, flags), encoding="utf-8") as file:
            return file.read(most_characters)
    except (OSError, UnicodeDecodeError):
        return None


def write_file(path: str, text: str | bytes, *, mode: int = 0o644) -> None:
    """Replace a file as :func:`replace_file` does; the error names the file.

    Raises:
        PlanError: It cannot be written; the file is as it was.
    """
    try:
        replace_file(path, text, mode=mode)
    except OSError as error:
        raise PlanError(f"cannot write '{shown(path)}': {error.strerror}") from None


def replace_file(
    path: str,
    text: str | bytes,
    *,
    mode: int = 0o644,
    durable: bool = True,
    errors: str = "strict",
) -> None:
    """Replace a file by a new one that was written as a draft beside it.

    Others may be able to write to the folder. Nobody knows the draft's name before it
    exists, and a file or link of that name is neither followed nor written over.

    Args:
        path: The file; it need not exist.
        text: The new content; a text is written as UTF-8.
        mode: Its permission bits.
        durable: Wait until the text is on disk, so that a power cut leaves no empty file.
        errors: How characters that UTF-8 has no bytes for are written.

    Raises:
        OSError: It cannot be written; the file is as it was.
    """
    draft, descriptor = _locked_draft(path, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8", errors) if isinstance(text, str) else text)
            file.flush()
            os.fchmod(descriptor, mode)
            if durable:
                os.fsync(descriptor)
            # The lock lasts until the draft has its name.
            os.replace(draft, path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to report
            os.unlink(draft)
        raise


def _locked_draft(path: str, mode: int) -> tuple[str, int]:
    """Make a draft for a file and lock it; return its path and a descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        draft = new_draft(path)
        descriptor = os.open(draft, flags, mode)
        # Another run may have taken the draft for one that was left, before the lock.
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return draft, descriptor
        os.close(descriptor)

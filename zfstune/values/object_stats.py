"""One object of a filesystem's snapshot: the file, directory or link behind a number."""

from __future__ import annotations

from zfstune.values.frozen import frozen

__all__ = ["ObjectStats"]


@frozen
class ObjectStats:
    """What ZFS says about one object of a filesystem.

    Attributes:
        path: A path of it, below the filesystem's mountpoint; of several links one.
        generation: The transaction group that made it. An object with the same number
            and another generation is another file.
        mode: Kind and permissions, as ``st_mode``.
        links: How many links lead to it; 0 for a file that was deleted and still open.
        changed_s: When it changed last (``st_ctime``), in seconds.
        changed_ns: The nanoseconds of that.
    """

    path: str
    generation: int
    mode: int
    links: int
    changed_s: int
    changed_ns: int

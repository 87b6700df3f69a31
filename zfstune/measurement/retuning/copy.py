"""Copy one file with all that belongs to it, and check the copy."""

from __future__ import annotations

import os
import stat
import time

from zfstune.host.attributes import is_unchangeable, read_attributes, write_attributes
from zfstune.host.file_content import copy_content, same_content
from zfstune.host.lease import give_back_lease, take_lease
from zfstune.host.obstacles import is_out_of_space, obstacle
from zfstune.host.walk import open_below
from zfstune.measurement.retuning.find import found
from zfstune.measurement.retuning.found_file import LeftAlone, has_old_blocks
from zfstune.measurement.retuning.spare_name import DRAFT, SpareName
from zfstune.values.frozen import replace
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.host.attributes import Attributes
    from zfstune.measurement.retuning.found_file import FoundFile
    from zfstune.measurement.retuning.spare import Spare
    from zfstune.streams.meter import Meter

__all__ = ["Copied", "Settled", "check_copy", "copy_file", "open_found"]

# An inode's times are those of the kernel's last tick, at 100 Hz or more.
_TICK_NS = 20_000_000
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOATIME | os.O_CLOEXEC


class Settled:
    """Waits until all that was done to a file before is on disk.

    Where a file is dirty, holes are not known, and some releases reported data as a hole
    (OpenZFS 2.2.2 and 2.1.14 mended that). A file that changed within a tick of the clock
    could change again and have the same time.

    Args:
        sync: Writes all changes of the pool to its devices.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._before_ns = 0

    def reached(self, changed_ns: int) -> bool:
        """Tell whether a change is settled."""
        return changed_ns < self._before_ns

    def settle(self) -> None:
        """Wait until all changes up to now are settled."""
        time.sleep(2 * _TICK_NS / 1e9)
        now_ns = time.time_ns() - _TICK_NS
        self._sync()
        self._before_ns = now_ns


class Copied:
    """A file and its copy, both open.

    Attributes:
        file: The file, as it was when it was copied.
        source: The original.
        copy: The copy.
        attributes: Those of the original.
        entries: The names of the copy in the folder, one for each name of the file.
        exchanged: How many of them have the original instead.
    """

    def __init__(
        self, file: FoundFile, source: int, copy: int, attributes: Attributes
    ) -> None:
        self.file = file
        self.source = source
        self.copy = copy
        self.attributes = attributes
        self.copy_inode = os.fstat(copy).st_ino
        self.entries = [str(self._entry(number)) for number in range(len(file.names))]
        self.exchanged = 0

    def _entry(self, number: int) -> SpareName:
        file = self.file
        return SpareName(
            file.inode, self.copy_inode, file.size_bytes, file.modified_ns, number
        )

    def close(self) -> None:
        """Close both, which gives back their leases."""
        os.close(self.source)
        os.close(self.copy)


def open_found(root: int, file: FoundFile) -> int:
    """Open a file by its first name, if that still leads to it.

    Raises:
        LeftAlone: It does not, or the file cannot be opened.
    """
    try:
        directory = open_below(root, file.names[0][:-1])
        try:
            source = os.open(file.names[0][-1], _OPEN, dir_fd=directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise LeftAlone(obstacle(error)) from None
    facts = os.fstat(source)
    if facts.st_ino != file.inode or not stat.S_ISREG(facts.st_mode):
        os.close(source)
        raise LeftAlone("another file has its name by now")
    return source


def copy_file(
    spare: Spare, file: FoundFile, meter: Meter, settled: Settled, record_bytes: int
) -> Copied:
    """Copy a file into the folder.

    Args:
        spare: The folder.
        file: The file, as the walk found it.
        meter: Counts the bytes, and keeps to the rate.
        settled: Waits until the file is on disk.
        record_bytes: The recordsize of today.

    Raises:
        LeftAlone: It stays as it is; nothing is left of the copy.
        OSError: The pool is full.
    """
    source = open_found(spare.root, file)
    try:
        now = _look(source, file, settled)
        copy = spare.create(DRAFT)
        try:
            attributes = _fill(source, copy, now, meter, record_bytes)
            copied = Copied(now, source, copy, attributes)
            for entry in copied.entries:
                spare.link(DRAFT, entry)
        except BaseException:
            spare.remove_all_of(copy)
            os.close(copy)
            raise
        spare.remove(DRAFT)
    except BaseException as error:
        os.close(source)
        if isinstance(error, OSError) and not is_out_of_space(error):
            raise LeftAlone(obstacle(error)) from None
        raise
    return copied


def check_copy(copied: Copied, after_part: Callable[[], object]) -> None:
    """Compare the content of a copy with that of the original.

    Args:
        copied: Both of them.
        after_part: Is called after each part.

    Raises:
        LeftAlone: They differ, or one of them cannot be read.
    """
    size = copied.file.size_bytes
    try:
        same = same_content(copied.source, copied.copy, size, after_part=after_part)
    except OSError as error:
        raise LeftAlone(obstacle(error)) from None
    if not same:
        raise LeftAlone("its copy differs: it changed meanwhile")


def _look(source: int, file: FoundFile, settled: Settled) -> FoundFile:
    """Return the file as it is now, settled, with the names that the walk found."""
    if is_unchangeable(source):
        raise LeftAlone("it is immutable or append-only (chattr +i, +a)")
    take_lease(source)  # an open file would be copied in vain
    give_back_lease(source)
    now = found(os.fstat(source), file.names[0])
    if not settled.reached(now.changed_ns):
        settled.settle()
        now = found(os.fstat(source), file.names[0])
        # A time that lies ahead is that of a clock that was set back: it is settled.
        if not settled.reached(now.changed_ns) and now.changed_ns <= time.time_ns():
            raise LeftAlone("it is being written to")
    if now.links != len(file.names):
        raise LeftAlone("it got or lost a name since the dataset was looked through")
    return replace(now, names=file.names)


def _fill(
    source: int, copy: int, file: FoundFile, meter: Meter, record_bytes: int
) -> Attributes:
    """Give a copy all that the original has; return the attributes."""

    def passed(count: int) -> None:
        meter.passed(count)
        meter.tick()

    attributes = read_attributes(source)
    size = file.size_bytes
    if not copy_content(source, copy, size, passed, most_bytes=meter.most_bytes):
        raise LeftAlone("it became shorter meanwhile")
    write_attributes(copy, attributes)
    times = os.fstat(source)
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    if read_attributes(copy) != attributes:
        raise LeftAlone("its attributes cannot be copied")
    block = os.fstat(copy).st_blksize
    if has_old_blocks(size, block, record_bytes):
        raise LeftAlone(f"its copy has blocks of {format_size(block, exact=False)}, too")
    return attributes

"""Put checked copies in the place of their originals, and undo that where it must be.

Nothing that another program does to a file at that very moment may be lost:

- From the comparison on, a lease on the original keeps everybody out of it. Who wants to
  open it waits, and breaks the lease by that.
- Two names are exchanged in one step. A file that a program moves to the name at that
  moment is found in the folder, and goes back.
- A program may have looked up the name just before the exchange, and open what it found
  just after it. So original and lease are kept for a while. When the lease is broken, the
  original goes back to its name, and the program gets what it looked up.
"""

from __future__ import annotations

import os
import time

from zfstune.host.attributes import read_attributes
from zfstune.host.lease import give_back_lease, lease_is_whole, take_lease
from zfstune.host.obstacles import obstacle
from zfstune.measurement.retuning.copy import check_copy
from zfstune.measurement.retuning.find import found
from zfstune.measurement.retuning.found_file import LeftAlone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.measurement.retuning.copy import Copied
    from zfstune.measurement.retuning.spare import Spare

__all__ = ["drop_originals", "let_go", "put_back", "put_in_place", "watch"]

# For a look-up that has come by the old file to its open(): microseconds, but the thread
# may have to wait for a processor.
_LINGER_S = 0.25
_POLL_S = 0.005
_KEPT = "a program opened it at the moment of the exchange; its old content is kept in {}"
_OPENED = "a program opened it at the moment of the exchange"


def put_in_place(spare: Spare, copied: Copied, placed: Iterable[Copied]) -> None:
    """Compare a copy with its original, and give all names of the file to the copy.

    Args:
        spare: The folder.
        copied: The file and its copy.
        placed: Copies that are in place already: those who want them get them.

    Raises:
        LeftAlone: The file is as it was: somebody has it open, it has changed, the copy
            is not good, or one of its names is another file's by now.
    """

    def after_part() -> None:
        let_go(placed)
        if not lease_is_whole(copied.source):
            raise LeftAlone("a program opened it while it was compared")

    try:
        take_lease(copied.copy)
        take_lease(copied.source)
        reason = "it changed meanwhile"
        if os.fstat(copied.source).st_ctime_ns == copied.file.changed_ns:
            check_copy(copied, after_part)
            reason = _exchange_all(spare, copied)
    except OSError as error:
        reason = obstacle(error)
    except BaseException:
        put_back(spare, copied)
        raise
    if reason:
        put_back(spare, copied)
        raise LeftAlone(reason)


def _exchange_all(spare: Spare, copied: Copied) -> str:
    """Exchange all names of a file; return why that ended before the last one."""
    for entry, names in zip(copied.entries, copied.file.names, strict=True):
        if not spare.exchange(entry, names, expected=copied.file.inode):
            return "another file has its name by now"
        copied.exchanged += 1
    return ""


def put_back(spare: Spare, copied: Copied) -> bool:
    """Give the names that a copy has got back to the original; return whether it has all.

    A name that has got another file since is that file's.
    """
    file = copied.file
    while copied.exchanged:
        number = copied.exchanged - 1
        entry, names = copied.entries[number], file.names[number]
        try:
            if not spare.exchange(entry, names, expected=copied.copy_inode):
                return False
        except OSError:
            return False
        copied.exchanged = number
    return True


def let_go(copies: Iterable[Copied]) -> None:
    """Let those go on who wait for a copy that is in place."""
    for copied in copies:
        if not lease_is_whole(copied.copy):
            give_back_lease(copied.copy)


def watch(copies: Iterable[Copied]) -> Iterator[Copied]:
    """Keep the originals under lease for a while; yield each that somebody asks for.

    Those who ask for a copy get it at once.
    """
    watched = list(copies)
    until = time.monotonic() + _LINGER_S
    while watched and time.monotonic() < until:
        let_go(watched)
        for copied in [each for each in watched if not lease_is_whole(each.source)]:
            watched.remove(copied)
            yield copied
        time.sleep(_POLL_S)


def drop_originals(spare: Spare, copied: Copied) -> None:
    """Remove an original whose copy is in its place.

    Raises:
        LeftAlone: Somebody wanted to open the original, or changed it, so it got its
            names back; or it is kept in the folder, where the copy is in use already.
    """
    if lease_is_whole(copied.source) and _is_as_copied(copied):
        for entry in copied.entries:
            spare.remove(entry)
        return
    if lease_is_whole(copied.copy) and put_back(spare, copied):
        raise LeftAlone(_OPENED)
    raise LeftAlone(_KEPT.format(f"{spare.name}/{copied.entries[0]}"))


def _is_as_copied(copied: Copied) -> bool:
    """Tell whether an original still has the size, times and attributes of its copy."""
    now, file = found(os.fstat(copied.source), ()), copied.file
    return (
        (now.size_bytes, now.modified_ns) == (file.size_bytes, file.modified_ns)
        and now.links == len(copied.entries)
        and read_attributes(copied.source) == copied.attributes
    )

"""Settle what a killed run left behind."""

from __future__ import annotations

import os
from contextlib import suppress

from zfstune.host.lease import give_back_lease, take_lease
from zfstune.measurement.retuning.find import find_files
from zfstune.measurement.retuning.leftovers import KEEP, REVERT, settle
from zfstune.measurement.retuning.retune_plan import Left
from zfstune.measurement.retuning.spare import Spare, spare_folders
from zfstune.measurement.retuning.spare_name import DRAFT, TRIAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.retuning.leftovers import Settlement, SpareEntry

__all__ = ["clean", "count_leftovers"]

# What stands for no file of the dataset yet.
_EMPTY_HANDED = frozenset({DRAFT, TRIAL, f"{DRAFT}.old"})
_CHANGED = (
    "a killed run left it, and it was changed or is open since: compare it with the file"
)


def count_leftovers(root: int) -> int:
    """Return how many files killed runs have left."""
    count = 0
    for name in spare_folders(root):
        with Spare(root, name) as spare:
            count += len(os.listdir(spare.fd))
    return count


def clean(root: int, *, idle: bool = False) -> tuple[int, tuple[Left, ...]]:
    """Remove what killed runs have left, once each file has its content in its place.

    Args:
        root: The open root directory of the dataset.
        idle: As for :class:`~zfstune.measurement.retuning.spare.Spare`.

    Returns:
        How many files went, and those that stay because a person has to look at them.

    Raises:
        BlockingIOError: Another run is under way.
    """
    removed, left = 0, []
    for name in spare_folders(root):
        with Spare(root, name, idle=idle) as spare:
            if not spare.lock():
                raise BlockingIOError
            for settlement in _settlements(spare):
                if settlement.action != KEEP and _carry_out(spare, settlement):
                    removed += len(settlement.entries)
                else:
                    left += [
                        Left(f"{name}/{entry.name}", _CHANGED)
                        for entry in settlement.entries
                    ]
            for own in _EMPTY_HANDED.intersection(os.listdir(spare.fd)):
                spare.remove(own)
                removed += 1
    return removed, tuple(left)


def _settlements(spare: Spare) -> list[Settlement]:
    entries = spare.entries()
    wanted = {entry.name.copy_inode for entry in entries if not entry.is_copy}
    copies, _ = (
        find_files(
            spare.root,
            lambda facts: facts.st_ino in wanted,
            skip=spare_folders(spare.root),
        )
        if wanted
        else ({}, 0)
    )
    groups: dict[tuple[int, int], list[SpareEntry]] = {}
    for entry in entries:
        pair = (entry.name.inode, entry.name.copy_inode)
        groups.setdefault(pair, []).append(entry)
    return [settle(group, copies.get(copy)) for (_, copy), group in groups.items()]


def _carry_out(spare: Spare, settlement: Settlement) -> bool:
    """Carry out a settlement, unless somebody has one of the files open."""
    files: list[int] = []
    try:
        for inode in {entry.inode for entry in settlement.entries}:
            entry = next(e for e in settlement.entries if e.inode == inode)
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            files.append(os.open(str(entry.name), flags, dir_fd=spare.fd))
            take_lease(files[-1])
        if settlement.action == REVERT:
            for names, entry in settlement.exchanges:
                if not spare.exchange(
                    str(entry.name), names, expected=entry.name.copy_inode
                ):
                    return False
        for entry in settlement.entries:
            spare.remove(str(entry.name))
    except OSError:
        return False
    finally:
        for file in files:
            with suppress(OSError):
                give_back_lease(file)
            os.close(file)
    return True

"""What pages show of commands that take mounted files, run on the kernel."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from page_blocks import matches, printed_on, read_page, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

# Sizes, counts and times, which are those of another machine.
FIGURES = re.compile(r"\d{8}T\d{6}Z|\b\d[\d.]*[KMGT]?\b")
NAMED_BY_THE_PAGE = "zfstune-20261123T030000Z"


def a_database(pool: str, command: Command) -> None:
    """Have a directory of MySQL's that no dataset holds."""
    folder = Path("/var/lib/mysql/shop")
    folder.mkdir(parents=True)
    for name in ("orders.ibd", "users.ibd"):
        (folder / name).write_bytes(os.urandom(1 << 20))


def a_home(pool: str, command: Command) -> None:
    """Have a home that has changed since monday, and once more since tuesday."""
    command("zfs", "create", "-o", "mountpoint=/home", f"{pool}/home")
    for day in ("monday", "tuesday"):
        Path("/home/diary").write_text(day, encoding="utf-8")
        command("zfs", "snapshot", f"{pool}/home@{day}")
    Path("/home/diary").write_text("wednesday", encoding="utf-8")


def a_thesis(pool: str, command: Command) -> None:
    """Have a file that is not what it was in the snapshot."""
    command("zfs", "create", "-o", "mountpoint=/home", f"{pool}/home")
    thesis = Path("/home/ann/thesis.odt")
    thesis.parent.mkdir()
    thesis.write_bytes(os.urandom(1_200_000))
    command("zfs", "snapshot", f"{pool}/home@{NAMED_BY_THE_PAGE}")
    thesis.write_bytes(b"spoiled")


def large_records(pool: str, command: Command) -> None:
    """Have two files that are older than the record size of today, and a small one."""
    command("zfs", "create", "-o", "mountpoint=/srv/db", f"{pool}/db")
    for name, size_bytes in (("one", 1 << 20), ("two", 1 << 20), ("small", 4096)):
        Path("/srv/db", name).write_bytes(os.urandom(size_bytes))
    time.sleep(1.1)  # a snapshot is of a whole second, and files of that one are in doubt
    command("zfs", "snapshot", f"{pool}/db@before")
    command("zfs", "set", "recordsize=8K", "compression=lz4", f"{pool}/db")


SCENES = {
    "docs/howto/adopt.md": a_database,
    "docs/howto/checkpoints.md": a_home,
    "docs/howto/restore.md": a_thesis,
    "docs/howto/retune.md": large_records,
}

# OpenZFS 2.1 cannot exchange two names, so nothing else may use the dataset.
EARLIER = {"docs/howto/retune.md": " --idle"}
VERSION = Path("/sys/module/zfs/version")


@pytest.fixture
def tank(make_pool: Callable[..., str], command: Command) -> Iterator[str]:
    """Give a pool of its own, which lets go of its mountpoints at the end."""
    name = make_pool(options=("-O", "mountpoint=none", "-O", "canmount=noauto"))
    yield name
    command("zpool", "destroy", "-f", name)


def plain(line: str) -> str:
    """Give a line without what differs from machine to machine."""
    return " ".join(FIGURES.sub("N", line).split())


@pytest.mark.parametrize("page", SCENES)
def test_what_a_page_shows(page: str, tank: str, command: Command) -> None:
    """Each command of the page's text blocks ends well and prints what is shown."""
    SCENES[page](tank, command)
    is_early = VERSION.read_text(encoding="utf-8").startswith("2.1.")
    ran = 0
    for line, shown in steps(read_page(page), "text"):
        command_line = line + EARLIER.get(page, "") * is_early
        printed = [plain(each) for each in printed_on(tank, command_line)]
        wanted = [plain(each) for each in shown]
        assert matches(wanted, printed), f"{command_line}\n{printed}"
        ran += 1
    assert ran

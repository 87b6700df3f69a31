"""What verbs print on a real terminal: no line is wider, and no name loses a part."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.engine.image import create_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = "tank/a-company-whose-name-takes-up-fifty-characters"
SHORT = "before-the-great-migration-of-2026-and-"
NAMES = [f"{ROOT}/postgres{part}" for part in ("", "/backups", "/data", "/wal")]
SNAPSHOTS = [f"{name}@{SHORT}{number}" for name in NAMES for number in (1, 2)]
COLOUR = re.compile("\x1b\\[[0-9;]*m")
HINT = "hint: "
# Commands that print a table or a plan, what they end with, and names that each has.
COMMANDS: tuple[tuple[tuple[str, ...], int, list[str]], ...] = (
    (("list",), 0, NAMES),
    (("list", "-t", "snapshot"), 0, SNAPSHOTS),
    (("list", "-t", "all"), 0, [*NAMES, *SNAPSHOTS]),
    (("snapshots",), 0, SNAPSHOTS),
    (("prune", "-n", "-r", "--keep", "1", "--match", "*", NAMES[0]), 0, SNAPSHOTS),
    (("policy", "show"), 0, NAMES[:1]),
    (("schedule", "show"), 0, NAMES[:1]),
    (("replicas",), 0, []),
    (("checkpoints",), 0, []),
    (("profiles",), 0, []),
    (("roles",), 0, []),
    (("golden", "list"), 0, []),
    (("plan", "--root", ROOT, "web", "mail", "postgres"), 0, [f"{ROOT}/mail"]),
    (("explain", "postgres"), 0, []),
    (("verify", "--root", ROOT, "mail"), 4, [f"{ROOT}/mail"]),
    (("replicate", "-n", "-r", NAMES[0], "tank/copy"), 0, SNAPSHOTS),
    (("rollback", "-n", "-r", SNAPSHOTS[0]), 0, SNAPSHOTS[1::2]),
    (("hold", "-n", "-r", "audit", SNAPSHOTS[0]), 0, SNAPSHOTS[::2]),
    (("unmanage", "-n", "-r", NAMES[0]), 0, NAMES),
    (("destroy", "-n", NAMES[0]), 0, [*NAMES, *SNAPSHOTS]),
    (("destroy", NAMES[0]), 1, [*NAMES, *SNAPSHOTS]),
)


def on_terminal(columns: int, file: Path, *words: str) -> tuple[int, list[str]]:
    """Run the command on a terminal of that width; give its status and its lines."""
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    argv = [sys.executable, "-m", "zfstune", "--image", os.fspath(file), *words]
    with subprocess.Popen(
        argv,
        env={**env, "TERM": "xterm"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
    ) as command:
        os.close(inside)
        printed = b"".join(until_it_ends(terminal))
    os.close(terminal)
    text = COLOUR.sub("", printed.decode().replace("\r\n", "\n"))
    # A line of progress is written over.
    return command.returncode, [row.rpartition("\r")[2] for row in text.split("\n")]


def until_it_ends(terminal: int) -> Iterator[bytes]:
    """Give what is printed there, until nobody has the terminal open any more."""
    with suppress(OSError):  # EIO then
        while data := os.read(terminal, 1 << 16):
            yield data


@pytest.fixture(scope="module")
def long_names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a pool whose datasets and snapshots have long names."""
    file = tmp_path_factory.mktemp("terminal") / "x.zpool"
    with create_image(file, size_bytes=1 << 30) as engine:
        zfstune.apply("postgres", root=ROOT, engine=engine)
        for number in (1, 2):
            engine.take_snapshots([f"{name}@{SHORT}{number}" for name in NAMES])
            for name in NAMES:  # so that a rollback has something to lose
                engine.set(name, {"org.example:n": str(number)})
        zfstune.store_policy(NAMES[0], "hourly=48 daily=30", engine=engine)
        zfstune.store_schedule(NAMES[0], "hourly", engine=engine)
    return file


@pytest.mark.parametrize(
    ("words", "status", "names"), COMMANDS, ids=[" ".join(c[0][:2]) for c in COMMANDS]
)
def test_no_line_is_wider_and_names_are_whole(
    long_names: Path, words: tuple[str, ...], status: int, names: list[str]
) -> None:
    """On 80 columns; a hint and an address are whole, since they may be pasted."""
    ended, lines = on_terminal(80, long_names, *words)
    assert ended == status, lines
    wide = [row for row in lines if len(row) > 80]
    assert not [row for row in wide if not row.startswith(HINT) and "://" not in row]
    # A name that is longer than a line goes on in the next one.
    together = "".join("".join(row for row in lines if not row.startswith(HINT)).split())
    assert not [name for name in names if name not in together]


def test_a_narrow_terminal(long_names: Path) -> None:
    """On 60 columns the tables are the same, folded once more."""
    for words, status, names in COMMANDS[1:5]:
        ended, lines = on_terminal(60, long_names, *words)
        assert (ended, [row for row in lines if len(row) > 60]) == (status, [])
        together = "".join("".join(lines).split())
        assert not [name for name in names if name not in together]
    ended, lines = on_terminal(60, long_names, "doctor")
    assert (ended, [row for row in lines if len(row) > 60 and "://" not in row]) == (0, [])
    assert on_terminal(60, long_names, "status")[0] == 0  # its page is made for 80 columns


def test_a_page_of_80_columns(long_names: Path) -> None:
    """The page of a status has no longer line."""
    _, lines = on_terminal(80, long_names, "status")
    assert not [row for row in lines if len(row) > 80]

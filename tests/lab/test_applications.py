"""The applications themselves on what apply makes; PostgreSQL has a file of its own."""

from __future__ import annotations

import mailbox
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import zfstune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]
    Place = Callable[[str, str], "Mounted"]

pytestmark = pytest.mark.one_release

PORT = 8471
NGINX = """
pid {root}/nginx.pid;
error_log {logs}/error.log;
events {{}}
http {{
    access_log {logs}/access.log;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class Mounted(NamedTuple):
    """A filesystem and its place."""

    name: str
    path: Path


@pytest.fixture
def place(pool: str, engine: Engine) -> Place:
    """Give a function that applies a profile and gives where a dataset of it is."""
    root = f"{pool}/{secrets.token_hex(4)}"

    def make(profile: str, dataset: str) -> Mounted:
        zfstune.apply(profile, root=root, engine=engine)
        name = f"{root}/{dataset}"
        return Mounted(name, Path(engine.mounts()[name].path))

    return make


@pytest.fixture
def log(place: Place) -> Iterator[Mounted]:
    """Give where nginx, which serves a page, writes its log."""
    pages, logs = place("web", "www").path, place("web", "logs/nginx")
    config = pages / "nginx.conf"
    config.write_text(NGINX.format(root=pages, logs=logs.path, port=PORT))
    (pages / "page").write_text("hello")
    subprocess.run(["nginx", "-c", config], check=True)
    yield logs
    subprocess.run(["nginx", "-c", config, "-s", "quit"], check=True)


def test_nginx(log: Mounted, engine: Engine) -> None:
    """Pages come from one dataset, the log of them goes to another, compressed."""
    for _ in range(60):
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/page") as answer:
            assert answer.read() == b"hello"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/none")
    file = log.path / "access.log"
    until = time.monotonic() + 30  # a line follows its answer
    while len(file.read_text().splitlines()) < 61:
        assert time.monotonic() < until, "nginx did not log what it served"
        time.sleep(0.1)
    os.sync()
    assert engine.dataset(log.name).value("compression") == "zstd"
    assert file.stat().st_blocks * 512 < file.stat().st_size


def test_qcow2(place: Place, command: Command, engine: Engine) -> None:
    """A disk image is whole after writes, a snapshot, damage, and the way back."""
    name, folder = place("vm-images", "vms")
    disk = folder / "disk.qcow2"
    command("qemu-img", "create", "-q", "-f", "qcow2", str(disk), "64M")
    command("qemu-io", "-f", "qcow2", "-c", "write -P 7 0 8M", str(disk))
    engine.take_snapshots([f"{name}@whole"])
    command("qemu-io", "-f", "qcow2", "-c", "write -P 9 0 8M", str(disk))
    with disk.open("r+b") as file:
        file.write(bytes(4096))
    engine.rollback(f"{name}@whole")
    assert "No errors" in command("qemu-img", "check", "-f", "qcow2", str(disk))
    command("qemu-io", "-f", "qcow2", "-c", "read -P 7 0 8M", str(disk))


def test_git(place: Place, command: Command) -> None:
    """A repository is pushed to, cloned from, and sound."""
    folder = place("git", "git").path
    bare, work, again = folder / "x.git", folder / "work", folder / "again"
    command("git", "init", "-q", "--bare", str(bare))
    command("git", "clone", "-q", str(bare), str(work))
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for number in range(3):
        (work / f"file{number}").write_bytes(os.urandom(number * 10_000))
        command("git", "-C", str(work), "add", "-A")
        command("git", "-C", str(work), *who, "commit", "-q", "-m", f"{number}")
    command("git", "-C", str(work), "push", "-q", "origin", "HEAD")
    command("git", "-C", str(bare), "gc", "-q")
    command("git", "clone", "-q", str(bare), str(again))
    command("git", "-C", str(bare), "fsck", "--full", "--strict")
    assert {f.name: f.read_bytes() for f in again.glob("file*")} == {
        f.name: f.read_bytes() for f in work.glob("file*")
    }


def test_maildir(place: Place, engine: Engine) -> None:
    """Mail is delivered and read; what is lost by mistake is back after a rollback."""
    name, folder = place("mail", "mail")
    box = mailbox.Maildir(folder / "alice", create=True)
    for number in range(40):
        box.add(f"Subject: {number}\n\n{'text ' * number}\n".encode())
    engine.take_snapshots([f"{name}@delivered"])
    for key in list(box.keys())[:30]:
        box.discard(key)
    engine.rollback(f"{name}@delivered")
    subjects = {message["subject"] for message in mailbox.Maildir(folder / "alice")}
    assert subjects == {str(number) for number in range(40)}

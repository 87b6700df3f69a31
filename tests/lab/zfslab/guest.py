"""One guest: its folder, its life, and the commands handed to it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from . import worktree
from .channel import Decoder, ProtocolError, Request, exit_status
from .errors import BootError, LabError
from .qemu import console_tail, disk_names
from .store import CHECKOUT, LAB, cache, locked
from .wheel import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from .channel import Frame

BOOT_TIMEOUT_S = 300
POLL_S = 0.25
CONNECT_TIMEOUT_S = 15
READ_BYTES = 1 << 16
GUEST_SHARE = "/run/lab"
GUEST_PATH = (
    "/opt/lab/bin:/opt/zfstune/bin:"
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a second runner has to know of a guest that stays up."""

    release: str
    disks: int
    pid: int


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and under which conditions."""

    argv: Sequence[str]
    timeout_s: float | None
    output: Path | None = None
    sync: bool = True
    install: bool = True


def folders() -> Path:
    """Return the folder of the guests' folders."""
    return cache() / "guests"


def sweep() -> None:
    """Remove what killed runners left behind."""
    for folder in folders().glob("*/"):
        with locked(folder.with_suffix(".alive"), wait=False) as free:
            if free:
                shutil.rmtree(folder, ignore_errors=True)
                folder.with_suffix(".alive").unlink(missing_ok=True)


@contextlib.contextmanager
def own_folder(name: str) -> Iterator[Path]:
    """Yield a new folder for a guest, gone with the block."""
    folder = folders() / name
    with contextlib.ExitStack() as stack:
        with locked(folders() / "lock"):
            sweep()
            if not stack.enter_context(locked(folder.with_suffix(".alive"), wait=False)):
                raise LabError(
                    f"cannot start '{name}': a guest of that name is up",
                    f"end it with `tests/lab/run --stop {name}`",
                )
            (folder / "share").mkdir(parents=True)
        try:
            shutil.copytree(LAB / "guest", folder / "share" / "guest")
            yield folder
        finally:
            with locked(folders() / "lock"):
                shutil.rmtree(folder, ignore_errors=True)
                folder.with_suffix(".alive").unlink(missing_ok=True)


def find(name: str) -> tuple[Path, Facts]:
    """Return the folder and the facts of a guest that is up."""
    folder = folders() / name
    with (
        locked(folders() / "lock"),
        locked(folder.with_suffix(".alive"), wait=False) as free,
    ):
        if free:
            folder.with_suffix(".alive").unlink(missing_ok=True)
    try:
        if not free:
            return folder, Facts(**json.loads((folder / "facts.json").read_text("utf-8")))
    except FileNotFoundError:
        pass
    raise LabError(
        f"cannot find the guest '{name}': it is not up",
        f"start it with `tests/lab/run --serve {name}`",
    )


def publish(folder: Path, facts: Facts) -> None:
    """Write down the facts for `find`."""
    new = folder / "facts.new"
    new.write_text(json.dumps(asdict(facts)), "utf-8")
    new.rename(folder / "facts.json")


def run(folder: Path, facts: Facts, command: Command, dead: Callable[[], bool]) -> int:
    """Bring the work tree up to date, run a command, and return its status.

    Raises:
        LabError: No status came: the guest died, hung or took too long.
    """
    share = folder / "share"
    token = secrets.token_hex(16)
    output = share / f"output-{token}"
    output.mkdir()
    # Tests drop their privileges and still write here.
    output.chmod(0o1777)
    synced = None
    request = Request(
        token, command.argv, worktree.GUEST_CHECKOUT, _environment(facts, output.name)
    )
    try:
        if command.sync:
            request, synced = _with_worktree(folder, request, install=command.install)
        session = Session(folder, request, command.timeout_s, dead)
        status = session.run(on_ready=lambda: _remember(folder, synced))
    finally:
        (share / f"{token}.tar").unlink(missing_ok=True)
        if command.output is not None:
            shutil.copytree(output, command.output, dirs_exist_ok=True, symlinks=True)
        shutil.rmtree(output, ignore_errors=True)
    return status


def _environment(facts: Facts, output: str) -> dict[str, str]:
    return {
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "LOGNAME": "root",
        "PATH": GUEST_PATH,
        # The installed wheel is what tests import, not the folder they stand in.
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "SHELL": "/bin/bash",
        "TERM": "dumb",
        "USER": "root",
        "ZFSTUNE_LAB": "1",
        "ZFSTUNE_LAB_DISKS": " ".join(disk_names(facts.disks)),
        "ZFSTUNE_LAB_OUTPUT": f"{GUEST_SHARE}/{output}",
        "ZFSTUNE_LAB_RELEASE": facts.release,
    }


def _with_worktree(
    folder: Path, request: Request, *, install: bool
) -> tuple[Request, worktree.Manifest]:
    """Return the request with what the guest lacks, and what it then holds."""
    names = worktree.tracked(CHECKOUT)
    files = worktree.locate(
        CHECKOUT, names, installed(CHECKOUT, names) if install else None
    )
    wanted = worktree.stamps(files)
    manifest = folder / "manifest.json"
    held = json.loads(manifest.read_text("utf-8")) if manifest.exists() else {}
    send, delete = worktree.difference(held, wanted)
    archive = None
    if send:
        archive = f"{request.token}.tar"
        worktree.pack(folder / "share" / archive, files, send)
    changed = Request(
        request.token, request.argv, request.cwd, request.env, archive, delete
    )
    return changed, wanted


def _remember(folder: Path, synced: worktree.Manifest | None) -> None:
    if synced is not None:
        (folder / "manifest.json").write_text(json.dumps(synced), "utf-8")


class Session:
    """One command handed to the agent of a guest."""

    def __init__(
        self,
        folder: Path,
        request: Request,
        timeout_s: float | None,
        dead: Callable[[], bool],
    ) -> None:
        """Prepare; nothing is sent yet."""
        self.folder = folder
        self.request = request
        self.started = time.monotonic()
        self.timeout_s = timeout_s
        self.dead = dead
        self.decoder = Decoder(request.token)

    def run(self, on_ready: Callable[[], None]) -> int:
        """Send the request and pass the output on until the status comes."""
        with self._connect() as link:
            # That the guest is dead already shows below.
            with contextlib.suppress(ConnectionError):
                link.sendall(self.request.encode())
            while True:
                self._check()
                if not select.select([link], [], [], POLL_S)[0]:
                    continue
                data = b""
                with contextlib.suppress(ConnectionError):
                    data = link.recv(READ_BYTES)
                if not data:
                    raise self._failure("the emulator ended before the command did")
                try:
                    for frame in self.decoder.feed(data):
                        status = self._take(frame, on_ready)
                        if status is not None:
                            return status
                except ProtocolError as error:
                    raise self._failure(str(error)) from error

    def _connect(self) -> socket.socket:
        path = str(self.folder / "agent.sock")
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while True:
            try:
                link.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                waited_s = time.monotonic() - self.started
                if self.dead() or waited_s > CONNECT_TIMEOUT_S:
                    link.close()
                    raise self._failure("the emulator did not start") from None
                time.sleep(0.05)
            except OSError as error:
                link.close()
                raise LabError(
                    f"cannot reach '{path}': {error}",
                    "set ZFSTUNE_LAB_CACHE to a shorter path",
                ) from error
            else:
                return link

    def _take(self, frame: Frame, on_ready: Callable[[], None]) -> int | None:
        if frame.kind == "x":
            return exit_status(frame)
        if frame.kind == "f":
            raise self._failure(frame.payload.decode(errors="replace"))
        if frame.kind == "r":
            on_ready()
        elif frame.kind == "o":
            _write(sys.stdout.fileno(), frame.payload)
        else:
            _write(sys.stderr.fileno(), frame.payload)
        return None

    def _check(self) -> None:
        if self.dead():
            raise self._failure("the guest died")
        elapsed_s = time.monotonic() - self.started
        if self.timeout_s is not None and elapsed_s > self.timeout_s:
            reason = f"no exit status within {self.timeout_s:g} s (--timeout)"
            raise LabError(*self._failure_text(reason))
        if not self.decoder.begun and elapsed_s > BOOT_TIMEOUT_S:
            raise self._failure(f"the guest said nothing for {BOOT_TIMEOUT_S} s")

    def _failure(self, reason: str) -> LabError:
        kind = LabError if self.decoder.begun else BootError
        return kind(*self._failure_text(reason))

    def _failure_text(self, reason: str) -> tuple[str, str]:
        what = self.request.argv[0] if self.request.argv else "guest"
        return (
            f"{console_tail(self.folder)}\ncannot run '{what}': {reason}",
            "above is the end of the guest's console",
        )


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def stop(name: str) -> None:
    """End a guest that stays up, and wait until it is gone."""
    folder, facts = find(name)
    os.kill(facts.pid, signal.SIGTERM)
    while folder.exists():
        time.sleep(POLL_S)

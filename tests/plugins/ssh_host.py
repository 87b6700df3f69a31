"""An sshd on this machine, and a network before it that can be cut at any byte."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from thread_states import blocked, told

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "USER",
    "SshHost",
    "Wire",
    "documented_grants",
    "processes",
    "wait_until_gone",
]

USER = "alice"
PORT = 2222
_CONFIG = """
Host far
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/key
  UserKnownHostsFile {folder}/known
  HostKeyAlias far
  # The default, which no quantum computer breaks, takes seconds in an emulated machine.
  KexAlgorithms curve25519-sha256
"""
_SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PidFile none
MaxStartups 50
ClientAliveInterval 2
ClientAliveCountMax 3
SetEnv PATH={path}
"""
_PART_BYTES = 1 << 16
_LONGEST_S = 180


def documented_grants() -> tuple[str, str]:
    """Give the words that docs/howto/ssh.md has root delegate: to a sender, a receiver."""
    page = Path(__file__).parents[2] / "docs" / "howto" / "ssh.md"
    lines = [line.split() for line in page.read_text(encoding="utf-8").splitlines()]
    words = [line[4] for line in lines if line[:4] == ["zfs", "allow", "-u", "USER"]]
    sends, *receives = words
    return sends, ",".join(receives)


class SshHost:
    """A host that ssh reaches as ``far``, where one user can log in by a key.

    Attributes:
        ssh: The program and its options, for ``ZFSTUNE_SSH``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # As options they come before zfstune's own, which notice a silence in a minute.
        alive = "-oServerAliveInterval=2 -oServerAliveCountMax=3"
        self.ssh = f"ssh -F {folder}/config {alive}"
        for name in ("host", "key"):
            self._run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
        shutil.chown(folder / "key", USER)  # root may read it, too
        (folder / "known").write_text(f"far {(folder / 'host.pub').read_text()}")
        self.lead_to(PORT)
        self.allow("")
        self._run("usermod", "-p", "*", USER)  # sshd lets no locked account in
        Path("/run/sshd").mkdir(exist_ok=True)
        self._sshd: subprocess.Popen[bytes] | None = None
        self.start(os.environ["PATH"])

    @staticmethod
    def _run(*argv: str | Path) -> None:
        subprocess.run(argv, check=True)

    def lead_to(self, port: int = PORT) -> None:
        """Have ssh connect to a port."""
        text = _CONFIG.format(port=port, user=USER, folder=self.folder)
        (self.folder / "config").write_text(text)

    def start(self, path: str) -> None:
        """Have an sshd whose users find programs in a path."""
        self.stop()
        text = _SSHD.format(port=PORT, folder=self.folder, path=path)
        if os.environ["ZFSTUNE_LAB_RELEASE"] != "bookworm":  # from OpenSSH 9.8 on
            text += "PerSourcePenalties no\n"
        (self.folder / "sshd").write_text(text)
        # stdin is nobody's: what sshd starts must not wait for the test's.
        self._sshd = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-E", self.folder / "log", "-f", self.folder / "sshd"],
            stdin=subprocess.DEVNULL,
        )
        for _ in range(300):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", PORT)).close()
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text())

    def allow(self, forced: str) -> None:
        """Have the key run a command, whatever is asked for; empty: anything."""
        key = (self.folder / "key.pub").read_text()
        options = f'restrict,command="{forced}" ' if forced else ""
        (self.folder / "authorized").write_text(options + key)

    def stop(self) -> None:
        """End sshd."""
        if self._sshd is not None:
            self._sshd.terminate()
            self._sshd.wait()
            self._sshd = None


class Wire:
    """A relay between ssh and sshd, which does something once so many bytes have passed.

    Attributes:
        port: The port that ssh connects to.
        passed: How many bytes have passed so far, both ways.
    """

    def __init__(self, after_bytes: int, happens: Callable[[Wire], object]) -> None:
        self.passed = 0
        self._after_bytes = after_bytes
        self._happens = happens
        self._lock = threading.Lock()
        self._silent = False
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, work: Callable[..., object], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """Break all connections, and leave no socket open."""
        self.cut()
        for thread in self._threads:
            thread.join(30)
        for end in (self._listening, *self._sockets):
            end.close()

    def cut(self) -> None:
        """Break all connections; there is no new one."""
        self.fall_silent()
        for end in (self._listening, *self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def fall_silent(self) -> None:
        """Pass nothing on any more, and tell nobody."""
        self._silent = True

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", PORT))
                self._sockets += [near, far]
                for ends in ((near, far), (far, near)):
                    self._start(self._pass, *ends)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(_PART_BYTES):
                with self._lock:
                    before, self.passed = self.passed, self.passed + len(part)
                if before < self._after_bytes <= self.passed:
                    self._happens(self)
                if not self._silent:
                    sink.sendall(part)
        if not self._silent:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)


def processes(words: str) -> list[int]:
    """Give the processes whose command line has these words.

    One that was killed while a thread of it is in the kernel, as in a receive, has no
    command line any more and still holds what it works on: it may be any of them.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            dying = not line and len(list((folder / "task").iterdir())) > 1
            if (words in line or dying) and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found


def wait_until_gone(*words: str) -> None:
    """Wait for the end of processes; if they stay for minutes, say what they wait for."""
    until = time.monotonic() + _LONGEST_S
    while left := {pid for line in words for pid in processes(line)}:
        if time.monotonic() > until:
            states = "\n".join(map(told, sorted(left)))
            raise AssertionError(f"still there:\n{states}\n{blocked()}")
        time.sleep(0.1)

"""Guests of the lab that stay up and talk to each other by ssh, driven from the host."""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SSH", "CommandFailedError", "Job", "Machine", "Said"]

RUN = Path(__file__).resolve().parents[1] / "lab" / "run"
BOOT_S = 900.0  # three boots, with other guests beside them
COMMAND_S = 900.0
# A host that is gone is noticed in a quarter of a minute, and not in one.
SSH = "ssh -oServerAliveInterval=3 -oServerAliveCountMax=5"
ALONE_PORT = 23
_SSHD = """
Port {port}
HostKey /root/.ssh/host
AuthorizedKeysFile /root/.ssh/authorized
StrictModes no
UsePAM no
PidFile none
MaxStartups 50
ClientAliveInterval 3
ClientAliveCountMax 5
SetEnv PATH={path}
"""
_CLIENT = """
Host far far-alone
  HostName {address}
  User root
  IdentityFile /root/.ssh/key
  UserKnownHostsFile /root/.ssh/known
  HostKeyAlias far
  # The default, which no quantum computer breaks, takes seconds in an emulated machine.
  KexAlgorithms curve25519-sha256
Host far-alone
  Port {port}
"""
_SETUP = """
umask 077
mkdir -p /run/sshd /root/.ssh
cd /root/.ssh
# With systemd, the sshd of the system has the port.
systemctl stop ssh.socket ssh.service 2>/dev/null || true
while [ $# -gt 0 ]; do printf '%s' "$2" >"$1"; shift 2; done
for port in 22 23; do /usr/sbin/sshd -E /root/.ssh/log -f "/root/.ssh/sshd$port"; done
zpool import -N "$POOL" 2>/dev/null || zpool create -f -O mountpoint=none "$POOL" /dev/vdb
"""
_BEGIN = """
rm -f /run/job.*
(setsid "$@" >/run/job.out 2>/run/job.err </dev/null; echo $? >/run/job.new
mv /run/job.new /run/job.status) >/dev/null 2>&1 &
"""
_AWAIT = """
until [ -e /run/job.status ]; do sleep 0.2; done
cat /run/job.err >&2; cat /run/job.out; exit "$(cat /run/job.status)"
"""


class Said:
    """The end of a command.

    Attributes:
        status: Its exit status.
        out: What it printed.
        err: What it printed to stderr.
    """

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


class CommandFailedError(AssertionError):
    """A command failed that should not have."""


class Machine:
    """A guest with a pool on a disk that outlives it.

    Attributes:
        pool: Its pool.
        release: The release of Debian.
        forward: The port of this host that leads to its sshd, if there is one.

    Args:
        name: Its name, and its pool's.
        release: The release to boot.
        folder: A folder for its disk and the log of its runner.
        ends: The sockets that it reads frames from and sends them to.
        addresses: Its own address, and that of the other machine.
        keys: The key pair of ssh that all machines share, and the host's key pair.
        forward: A port of this host that leads to its sshd.
        systemd: It boots with systemd as process 1.
    """

    def __init__(
        self,
        name: str,
        release: str,
        folder: Path,
        *,
        ends: tuple[Path, Path],
        addresses: tuple[str, str],
        keys: Sequence[Path],
        forward: int | None = None,
        systemd: bool = False,
    ) -> None:
        self.pool = name
        self.release = release
        self._name = f"{name}-{folder.name}"
        self._log = folder / f"{name}.log"
        self._disk = folder / f"{name}.disk"
        with self._disk.open("wb") as file:
            file.truncate(2 << 30)
        self._ends = ends
        self._addresses = addresses
        self._keys = keys
        self.forward = forward
        self._systemd = systemd
        self._runner: subprocess.Popen[bytes] | None = None

    def begin_boot(self) -> None:
        """Start the guest."""
        # It ends with the tests, however they end.
        argv = ["setpriv", "--pdeathsig", "TERM", "--"]
        argv += [str(RUN), "--serve", self._name, "--release", self.release]
        argv += ["--disk", str(self._disk), "--address", f"{self._addresses[0]}/24"]
        argv += ["--link", *map(str, self._ends)]
        argv += [] if self.forward is None else ["--forward", str(self.forward)]
        argv += ["--systemd"] if self._systemd else []
        with self._log.open("wb") as log:
            self._runner = subprocess.Popen(argv, stdout=log, stderr=log)

    def finish_boot(self) -> None:
        """Wait until the guest is up, start its two sshd, and bring its pool in."""
        assert self._runner is not None
        began = time.monotonic()
        while " is up after " not in (said := self._log.read_text(errors="replace")):
            if self._runner.poll() is not None or time.monotonic() > began + BOOT_S:
                raise CommandFailedError(said)
            time.sleep(0.3)
        script = f"POOL={self.pool}\n{_SETUP}"
        words = [word for pair in self._files().items() for word in pair]
        self._checked(("sh", "-euc", script, "setup", *words), sync=True)

    def _files(self) -> dict[str, str]:
        """Give the files of ssh by their names in its folder."""
        key, host = self._keys
        everywhere = "/opt/lab/bin:/opt/zfstune/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        files = {
            "config": _CLIENT.format(address=self._addresses[1], port=ALONE_PORT),
            "key": key.read_text(),
            "host": host.read_text(),
            "authorized": key.with_suffix(".pub").read_text(),
            "known": f"far {host.with_suffix('.pub').read_text()}",
        }
        for port, path in ((22, everywhere), (ALONE_PORT, "/usr/bin:/bin")):
            text = _SSHD.format(port=port, path=path)
            if self.release != "bookworm":  # from OpenSSH 9.8 on
                text += "PerSourcePenalties no\n"
            files[f"sshd{port}"] = text
        return files

    def cut_power(self) -> None:
        """Kill the guest: nothing is flushed, and nobody is told."""
        if self._runner is not None:
            self._runner.terminate()
            self._runner.wait()
            self._runner = None

    def boot_again(self) -> None:
        """Boot on the same disk."""
        self.begin_boot()
        self.finish_boot()

    def ask(self, *argv: str, sync: bool = False) -> Said:
        """Run a command; give its end."""
        line = [str(RUN), "--in", self._name, "--timeout", f"{COMMAND_S:g}"]
        line += ["--"] if sync else ["--no-sync", "--"]
        done = subprocess.run(
            [*line, "env", f"ZFSTUNE_SSH={SSH}", *argv],
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def _checked(self, argv: Sequence[str], *, sync: bool = False) -> str:
        said = self.ask(*argv, sync=sync)
        if said.status:
            line = shlex.join(argv)[:400]
            raise CommandFailedError(
                f"{self.pool}: {line}: status {said.status}\n{said.out}{said.err}"
            )
        return said.out

    def run(self, *argv: str) -> str:
        """Run a command that has to succeed; give what it printed."""
        return self._checked(argv)

    def sh(self, script: str, *words: str) -> str:
        """Run a script of the shell that has to succeed; give what it printed."""
        return self._checked(("sh", "-euc", script, "sh", *words))

    def begin(self, *argv: str) -> Job:
        """Start a command, one at a time, beside which others can be run."""
        self._checked(("sh", "-c", _BEGIN, "sh", *argv))
        return Job(self)

    def kill(self, words: str, signal: str = "KILL") -> None:
        """Send a signal to all processes whose command line matches."""
        self.ask("pkill", f"-{signal}", "-f", words)

    def wait_until_gone(self, words: str) -> None:
        """Wait for the end of processes, and fail if they stay.

        One that was killed while a thread of it is in the kernel, as in a receive, has no
        command line any more and still holds what it works on: it may be any of them.
        """
        dying = 'grep -hs -A 16 "^State:.Z" /proc/[0-9]*/status | grep "^Threads:"'
        look = f'pgrep -f "$1" >/dev/null || {dying} | grep -qvx "Threads:.1" || exit 0'
        # Without its own command line among those that are searched.
        pattern = f"[{words[0]}]{words[1:]}"
        script = f"for i in $(seq 600); do {look}; sleep 0.2; done"
        self.sh(f'{script}; pgrep -af "$1" >&2; exit 1', pattern)


class Job:
    """A command that was begun on a machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def is_done(self) -> bool:
        """Tell whether it has ended."""
        return self._machine.ask("test", "-e", "/run/job.status").status == 0

    def end(self) -> Said:
        """Wait for its end."""
        return self._machine.ask("sh", "-c", _AWAIT)

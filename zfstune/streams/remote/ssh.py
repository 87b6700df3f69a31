"""Start ssh: the one program that reaches another host."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import subprocess
import tempfile
from contextlib import suppress

from zfstune.engine.write_all import write_all
from zfstune.streams.remote.failures import lost_error
from zfstune.streams.remote.ssh_words import (
    SSH_FAILED,
    complaint,
    remote_line,
    ssh_argv,
    untold,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zfstune.streams.remote.ssh_words import Complaint
    from zfstune.values.errors import EngineError

__all__ = [
    "NO_INPUT",
    "SSH_VARIABLE",
    "STALL_S",
    "CommandFailed",
    "RemoteCommand",
    "SshHost",
]

SSH_VARIABLE = "ZFSTUNE_SSH"
# ssh notices within a minute that the other host is gone. This is for one that is there
# and does nothing: no call and no pause of a stream takes as long.
STALL_S = 1800.0
NO_INPUT = subprocess.DEVNULL
_GRACE_S = 2.0
_SAID_BYTES = 4000
_PART_BYTES = 1 << 20
_STREAM_PART_BYTES = 256 << 10


class CommandFailed(Exception):  # noqa: N818 (the command, not this program)
    """A command on the other host failed by itself.

    Args:
        reason: The last line that it printed to stderr, fit to be shown.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RemoteCommand:
    """A command on the other host, with pipes to it and from it.

    Args:
        argv: The words that start ssh.
        host: The host, for messages.
        source: What the command reads; None: a pipe, the attribute `into`.
        sink: What it writes to; None: a pipe, the attribute `out`.
    """

    def __init__(
        self,
        argv: Sequence[str],
        host: str,
        *,
        source: int | None = None,
        sink: int | None = None,
    ) -> None:
        self.host = host
        self._said = os.memfd_create("zfstune-ssh")
        try:
            # In a session of its own: Ctrl-C reaches this process, which then decides.
            self._child = subprocess.Popen(  # noqa: S603 (the user's ssh)
                list(argv),
                stdin=subprocess.PIPE if source is None else source,
                stdout=subprocess.PIPE if sink is None else sink,
                stderr=self._said,
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._said)
            raise lost_error(
                host,
                f"'{argv[0]}' cannot be started: {error.strerror}",
                f"install OpenSSH's client, or name another program in ${SSH_VARIABLE}",
            ) from None
        self.into = -1 if self._child.stdin is None else self._child.stdin.fileno()
        self.out = -1 if self._child.stdout is None else self._child.stdout.fileno()

    def finish_input(self) -> None:
        """Tell the command that no more comes."""
        if self._child.stdin is not None:
            with suppress(OSError):
                self._child.stdin.close()
        self.into = -1

    def read(
        self, most: int, *, sink: int | None = None, stall_s: float = STALL_S
    ) -> bytes:
        """Wait for bytes of the command, and return them; none: it has closed its output.

        Args:
            most: How many bytes are taken at once.
            sink: A descriptor that they are written to; the wait ends with its reader.
            stall_s: How long the command may say nothing.

        Raises:
            BrokenPipeError: Nobody reads `sink` any more.
            EngineError: The command says nothing.
        """
        poll = select.poll()
        poll.register(self.out, select.POLLIN)
        if sink is not None:
            poll.register(sink, 0)
        ready = {number for number, _ in poll.poll(stall_s * 1000)}
        if not ready:
            raise lost_error(self.host, f"it has said nothing for {stall_s:g} s")
        if self.out not in ready:
            raise BrokenPipeError
        return os.read(self.out, most)

    def wait(self, seconds: float) -> int | None:
        """Return the exit status; None: it still runs after that time."""
        with suppress(subprocess.TimeoutExpired):
            return self._child.wait(seconds)
        return None

    def said(self) -> str:
        """Return the end of what the command, and ssh, have printed to stderr."""
        start = max(0, os.fstat(self._said).st_size - _SAID_BYTES)
        return os.pread(self._said, _SAID_BYTES, start).decode("utf-8", "replace")

    def why(self) -> Complaint:
        """End the command, and return the reason for which it failed."""
        status = self._end(_GRACE_S)
        return complaint(self.said(), status, self.host)

    def run_to_its_end(self) -> str:
        """Wait until a command without output has ended; return what it told on stderr.

        Raises:
            CommandFailed: It failed by itself.
        """
        try:
            while os.read(self.out, _PART_BYTES):
                pass
            self.check()
            return self.said()
        finally:
            self.close(at_once=True)

    def pass_output_to(self, sink: int) -> None:
        """Write what the command prints to a descriptor, until the command has ended.

        Raises:
            BrokenPipeError: Nobody reads it any more.
            CommandFailed: The command failed by itself.
            EngineError: The command says nothing, or the connection failed.
        """
        try:
            while part := self.read(_STREAM_PART_BYTES, sink=sink):
                write_all(sink, part)
            self.check()
        finally:
            self.close(at_once=True)

    def check(self) -> None:
        """Wait for the end of the command, which has closed its output.

        Raises:
            CommandFailed: It failed by itself.
            EngineError: The connection failed.
        """
        status = self.wait(_GRACE_S)
        if status == SSH_FAILED or status is None or status < 0:
            raise self.failure()
        if status:
            raise CommandFailed(self.why().reason)

    def failure(self, prefix: str = "") -> EngineError:
        """Return the error for a command that ended before it should, and end it."""
        found = self.why()
        return lost_error(self.host, f"{prefix}{found.reason}", found.hint)

    def close(self, *, at_once: bool = False) -> None:
        """End the command; it has a moment for that unless it is ended at once."""
        self._end(0 if at_once else _GRACE_S)
        if self._child.stdout is not None:
            self._child.stdout.close()
        with suppress(OSError):
            os.close(self._said)

    def _end(self, grace_s: float) -> int:
        self.finish_input()
        status = self.wait(grace_s)
        for end in (self._child.terminate, self._child.kill):
            if status is None:
                end()
                status = self.wait(_GRACE_S)
        return -1 if status is None else status


class SshHost:
    """A host that ssh reaches.

    Args:
        host: Its name, user included.
        options: Options as for ``ssh -o``; others stand in ``ZFSTUNE_SSH``.
    """

    def __init__(self, host: str, options: Iterable[str] = ()) -> None:
        self.host = host
        self._program = shlex.split(os.environ.get(SSH_VARIABLE) or "ssh")
        self._options = tuple(options)
        self._folder = ""
        self._control_path = ""

    def start(
        self,
        line: str,
        *,
        source: int | None = None,
        sink: int | None = None,
        master: bool = False,
    ) -> RemoteCommand:
        """Start a command line there."""
        argv = ssh_argv(
            self._program,
            self.host,
            line,
            options=self._options,
            control_path=self._control_path,
            master=master,
        )
        return RemoteCommand(argv, self.host, source=source, sink=sink)

    def share(self) -> None:
        """Let the next sessions share one connection, unless the user's own rules do."""
        argv = [*self._program, *(f"-o{option}" for option in self._options)]
        try:
            done = subprocess.run(  # noqa: S603 (the user's ssh)
                [*argv, "-G", "--", self.host],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=20,
            )
        except (OSError, subprocess.TimeoutExpired):
            return  # the session that follows tells the reason
        path = b"controlpath "
        own = [line for line in done.stdout.splitlines() if line.startswith(path)]
        if not own or own == [b"controlpath none"]:
            self._folder = tempfile.mkdtemp(prefix="zfstune-ssh-")  # for its owner alone
            self._control_path = os.path.join(self._folder, "s")

    def close(self) -> None:
        """Remove the folder of the shared connection."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = self._control_path = ""

    def run(self, words: Iterable[str], *, most_bytes: int) -> bytes:
        """Run a command there, and return what it prints.

        Raises:
            CommandFailed: It failed by itself, whatever status it ended with.
            EngineError: It prints too much, takes too long, or cannot be reached.
        """
        command = self.start(remote_line(words), source=NO_INPUT)
        try:
            printed = _read_all(command, most_bytes)
            command.check()
            if reason := untold(command.said()):
                raise CommandFailed(reason)
        finally:
            command.close(at_once=True)
        return printed


def _read_all(command: RemoteCommand, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := command.read(_PART_BYTES):
        parts.append(part)
        size += len(part)
        if size > most_bytes:
            raise lost_error(command.host, f"it printed more than {most_bytes} bytes")
    return b"".join(parts)

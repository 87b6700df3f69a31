"""Run programs for the user around a snapshot, each with a time limit.

A hook is a command that the user wrote: it goes to ``/bin/sh -c`` unchanged, with this
process's environment and rights. The environment tells it the phase, ``ZFSTUNE_PHASE``,
and the datasets, ``ZFSTUNE_DATASETS`` (one a line).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import select
import signal
import subprocess
import time

from zfstune.values.errors import HookError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Self

__all__ = ["Coprocess", "run_hook"]

_GRACE_SECONDS = 5
_MOST_BYTES = 1 << 20
_MOST_SECONDS = 7 * 24 * 60 * 60


class Coprocess:
    """A program that reads and writes lines, and ends with the ``with`` block.

    Args:
        argv: The program and its arguments.
        what: The program's name in messages.
        timeout_seconds: The time that the program has for each answer, and to end when
            it is asked to; a week at the most.
        environ: Variables to add to this process's environment.
        user: The user that the program runs as; default: this process's own.
    """

    def __init__(
        self,
        argv: Sequence[str],
        what: str,
        timeout_seconds: float,
        environ: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self._what = what
        self._timeout = timeout_seconds
        self._read = b""
        if not 0 < timeout_seconds <= _MOST_SECONDS:  # NaN is refused too
            raise HookError(
                f"cannot wait {timeout_seconds:g} s for {what}: a limit must be above "
                f"0 s and at most {_MOST_SECONDS} s"
            )
        try:
            # in a process group of its own, so that all that it started ends with it
            self._child = subprocess.Popen(  # noqa: S603 (the user's own)
                list(argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **(environ or {})},
                start_new_session=True,
                **_identity(user),
            )
        except OSError as error:
            raise HookError(f"cannot run {what}: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    def say(self, text: str) -> None:
        """Write to the program's standard input.

        Raises:
            HookError: The program has ended.
        """
        assert self._child.stdin is not None  # noqa: S101 (a pipe was asked for)
        try:
            self._child.stdin.write(text.encode("utf-8", "surrogateescape"))
            self._child.stdin.flush()
        except OSError:
            raise self._ended() from None

    def lines_until(self, last: str) -> list[str]:
        """Read lines up to the line `last`, and return the lines before it.

        Raises:
            HookError: The program ended first, or took too long.
        """
        lines: list[str] = []
        end = time.monotonic() + self._timeout
        while True:
            while b"\n" in self._read:
                line, _, self._read = self._read.partition(b"\n")
                text = line.decode("utf-8", "surrogateescape")
                if text == last:
                    return lines
                lines.append(text)
            self._read_more(end)

    def finish(self) -> None:
        """Close the program's standard input and wait for its end.

        Raises:
            HookError: The program failed, or took too long.
        """
        assert self._child.stdin is not None  # noqa: S101 (a pipe was asked for)
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        end = time.monotonic() + self._timeout
        while self._read_more(end, until_closed=True):
            self._read = b""  # nobody reads the rest of its output
        try:
            self._child.wait(max(end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise self._late() from None
        if self._child.returncode:
            raise self._ended()

    def kill(self) -> None:
        """End the program and all that it started, if it still runs."""
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            if self._child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._child.pid, signal_number)
                try:
                    self._child.wait(_GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # the program did not read all that was written to it
                    continue

    def _read_more(self, end: float, *, until_closed: bool = False) -> bool:
        """Read what the program writes until a time; return False at the end of output."""
        assert self._child.stdout is not None  # noqa: S101 (a pipe was asked for)
        descriptor = self._child.stdout.fileno()
        ready, _, _ = select.select([descriptor], [], [], max(end - time.monotonic(), 0))
        if not ready:
            raise self._late()
        part = os.read(descriptor, 1 << 16)
        self._read += part
        if (not part and not until_closed) or len(self._read) > _MOST_BYTES:
            raise self._ended()
        return bool(part)

    def _late(self) -> HookError:
        self.kill()
        return HookError(
            f"cannot wait any longer for {self._what}: {self._timeout:g} s is the limit",
            hint="set a higher limit with --hook-timeout SECONDS",
        )

    def _ended(self) -> HookError:
        self.kill()
        status = self._child.returncode
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return HookError(f"cannot go on: {self._what} ended with {how}")


def _identity(user: str | None) -> dict[str, Any]:
    """Return the arguments of Popen that run a child as a user with the user's groups."""
    if user is None:
        return {}
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise HookError(
            f"cannot run a program as '{user}': there is no such user",
            hint="getent passwd lists the users of this host",
        ) from None
    groups = os.getgrouplist(user, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups}


def run_hook(
    command: str, what: str, timeout_seconds: float, environ: Mapping[str, str]
) -> None:
    """Run a command of the user's, and wait for its end.

    Raises:
        HookError: The command failed, or took too long.
    """
    with Coprocess(["/bin/sh", "-c", command], what, timeout_seconds, environ) as child:
        child.finish()

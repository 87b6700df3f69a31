"""Run the user's own commands around a snapshot, each with a time limit.

A hook is whatever the user wrote: it goes to ``/bin/sh -c`` with this process's
environment and rights, and zfstune puts no word into it. What a command may need to
know stands in the environment: ``ZFSTUNE_PHASE`` and ``ZFSTUNE_DATASETS`` (one a line).
"""

from __future__ import annotations

import contextlib
import os
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
    """A program that is spoken to by lines, and does not outlive its block.

    Args:
        argv: The program and its arguments.
        what: How messages call it.
        timeout_seconds: For each answer, and for its end; a week at the most.
        environ: Added to this process's environment.
        user: Who it runs as; default: who runs this.
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
        if not 0 < timeout_seconds <= _MOST_SECONDS:  # nor what is no number
            raise HookError(
                f"cannot wait {timeout_seconds:g} s for {what}: more than 0 s and "
                f"{_MOST_SECONDS} s at the most are a limit"
            )
        try:
            # a group of its own: what the command started ends with it
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
        """Write to its standard input.

        Raises:
            HookError: It has ended.
        """
        assert self._child.stdin is not None  # noqa: S101 (a pipe was asked for)
        try:
            self._child.stdin.write(text.encode("utf-8", "surrogateescape"))
            self._child.stdin.flush()
        except OSError:
            raise self._ended() from None

    def lines_until(self, last: str) -> list[str]:
        """Read lines until one that is `last`; give those before it.

        Raises:
            HookError: It ended first, or took too long.
        """
        found: list[str] = []
        end = time.monotonic() + self._timeout
        while True:
            while b"\n" in self._read:
                line, _, self._read = self._read.partition(b"\n")
                text = line.decode("utf-8", "surrogateescape")
                if text == last:
                    return found
                found.append(text)
            self._more(end)

    def finish(self) -> None:
        """Close its standard input and wait for its end.

        Raises:
            HookError: It failed, or took too long.
        """
        assert self._child.stdin is not None  # noqa: S101 (a pipe was asked for)
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        end = time.monotonic() + self._timeout
        while self._more(end, until_closed=True):
            self._read = b""  # what else it has to say is for nobody
        try:
            self._child.wait(max(end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise self._late() from None
        if self._child.returncode:
            raise self._ended()

    def kill(self) -> None:
        """End it and what it started, if it still runs."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._child.pid, number)
                try:
                    self._child.wait(_GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what it did not read
                    continue

    def _more(self, end: float, *, until_closed: bool = False) -> bool:
        assert self._child.stdout is not None  # noqa: S101 (a pipe was asked for)
        number = self._child.stdout.fileno()
        ready, _, _ = select.select([number], [], [], max(end - time.monotonic(), 0))
        if not ready:
            raise self._late()
        part = os.read(number, 1 << 16)
        self._read += part
        if (not part and not until_closed) or len(self._read) > _MOST_BYTES:
            raise self._ended()
        return bool(part)

    def _late(self) -> HookError:
        self.kill()
        return HookError(
            f"cannot wait any longer for {self._what}: {self._timeout:g} s are over",
            hint="a higher limit: --hook-timeout SECONDS",
        )

    def _ended(self) -> HookError:
        self.kill()
        status = self._child.returncode
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return HookError(f"cannot go on: {self._what} ended with {how}")


def _identity(user: str | None) -> dict[str, Any]:
    """Give what makes a child another user's, groups and all."""
    if user is None:
        return {}
    import pwd  # noqa: PLC0415 (few ask for it)

    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise HookError(f"cannot run anything as '{user}': there is no such user") from None
    groups = os.getgrouplist(user, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups}


def run_hook(
    command: str, what: str, timeout_seconds: float, environ: Mapping[str, str]
) -> None:
    """Run a command of the user's to its end.

    Raises:
        HookError: It failed, or took too long.
    """
    with Coprocess(["/bin/sh", "-c", command], what, timeout_seconds, environ) as child:
        child.finish()

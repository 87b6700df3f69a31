"""A limit on how long the command waits for a pool that was suspended meanwhile.

A process that waits in the kernel for such a pool cannot leave, not even by a
signal, and whoever waits for it waits along: a thread that saw the trouble could
say so but not end the command. So the work is done in a forked child, and this
process, which never calls ZFS, stays free to give up on it. Output passes through
here for the same reason: who reads the command's output to its end would wait for
a child that held it open. No program is started, and it costs a few milliseconds.
"""

from __future__ import annotations

import os
import select
import sys

from zfstune.cli import exit_status
from zfstune.cli.output import warn
from zfstune.engine.suspended import end_with, process_marks, suspended_pools
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["watched"]

_LOOK_MS = 2000
# Devices that are away for a moment, as in a failover of multipath, come back.
_PATIENCE_MS = 10_000
_CHUNK_BYTES = 1 << 16
_SIGKILL = 9  # the signal module would cost more than all of this


def watched(work: Callable[[], int]) -> int:
    """Do the work in a child; give its exit status, or an error's when giving up.

    Args:
        work: Returns the exit status; what it prints is printed.
    """
    before = suspended_pools()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # not always 1 and 2, where the caller closed some
    out, err = sys.stdout.fileno(), sys.stderr.fileno()
    pipes = {out: os.pipe()}
    if not os.path.samestat(os.fstat(out), os.fstat(err)):
        pipes[err] = os.pipe()  # else one pipe for both keeps their order
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _finish(work, parent, pipes)
    for _, writer in pipes.values():
        os.close(writer)
    return _Watch(child, {pipe[0]: to for to, pipe in pipes.items()}, before).wait()


def _finish(
    work: Callable[[], int], parent: int, pipes: dict[int, tuple[int, int]]
) -> None:
    """Be the child: work, and end with the work's status."""
    result = exit_status.FAILED
    try:
        out, err = sys.stdout.fileno(), sys.stderr.fileno()
        by_line = os.isatty(out)
        end_with(parent)
        for stream in (out, err):
            os.dup2(pipes.get(stream, pipes[out])[1], stream)
        for reader, writer in pipes.values():
            os.close(reader)
            os.close(writer)
        sys.stdout.reconfigure(line_buffering=by_line)  # type: ignore[union-attr]
        result = work()
        sys.stdout.flush()
    except SystemExit as end:
        result = end.code if isinstance(end.code, int) else exit_status.FAILED
    except BaseException:  # noqa: BLE001 (as the interpreter's own end would)
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(result)


class _Watch:
    """Passes the child's output on until it ends, or until it is given up."""

    def __init__(self, child: int, readers: dict[int, int], before: frozenset[str]) -> None:
        self.child = child
        self.readers = readers  # from the child: to stdout or stderr
        self.before = before  # the command begins nothing on these
        self.poll = select.poll()
        for reader in readers:
            self.poll.register(reader, select.POLLIN)
        self.marks = ""
        self.still_ms = 0
        self.unwritten: OSError | None = None

    def wait(self) -> int:
        """Give the exit status of the command."""
        try:
            while self.readers:
                pool = self._pass_on(_LOOK_MS)
                if pool:
                    return self._give_up(pool)
        except KeyboardInterrupt:
            return self._interrupted()
        return self._status()

    def _pass_on(self, wait_ms: int) -> str:
        """Copy what comes; after some silence give the pool that it is for, if any."""
        ready = self.poll.poll(wait_ms)
        if not ready:
            return self._stuck_on()
        self.still_ms = 0
        for reader, _ in ready:
            data = os.read(reader, _CHUNK_BYTES)
            if not data or not self._write(self.readers[reader], data):
                self.poll.unregister(reader)
                os.close(reader)
                del self.readers[reader]
        return ""

    def _write(self, to: int, data: bytes) -> bool:
        try:
            while data:
                data = data[os.write(to, data) :]
        except OSError as error:  # the child's next write fails too, and it ends
            self.unwritten = error
            return False
        return True

    def _stuck_on(self) -> str:
        now = suspended_pools()
        self.before &= now
        last, self.marks = self.marks, process_marks(self.child)
        stuck = now - self.before if self.marks == last else frozenset()
        self.still_ms = self.still_ms + _LOOK_MS if stuck else 0
        return min(stuck) if self.still_ms >= _PATIENCE_MS else ""

    def _interrupted(self) -> int:
        """Let the child end what it is at: a terminal interrupts it as well."""
        try:
            for _ in range(_PATIENCE_MS // _LOOK_MS):
                self._pass_on(_LOOK_MS)
                if not self.readers:
                    return self._status()
        except KeyboardInterrupt:  # once more: somebody means it
            pass
        os.kill(self.child, _SIGKILL)
        return exit_status.SIGINT

    def _give_up(self, pool: str) -> int:
        os.kill(self.child, _SIGKILL)  # it ends when the kernel lets it go
        warn(
            f"cannot wait any longer for pool '{pool}': it was suspended meanwhile: it "
            "lost its devices and waits for them",
            f"bring the devices back, run `zpool clear {for_shell(pool)}`, then this "
            "command again; the step that was under way may have been done by then",
        )
        return exit_status.FAILED

    def _status(self) -> int:
        code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        if isinstance(self.unwritten, BrokenPipeError):  # the reader left: `... | head`
            return exit_status.SIGPIPE
        if self.unwritten is not None:
            warn(f"cannot write the output: {self.unwritten.strerror}")
            return exit_status.FAILED
        return code if code >= 0 else 128 - code

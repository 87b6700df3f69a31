"""A limit on how long the command waits for a pool that was suspended meanwhile.

A process that waits in the kernel for such a pool cannot end, not even by a signal,
and a parent that waits for it cannot end either. A thread could report the trouble,
but it could not end the process. So a forked child does the work, and this process,
which never calls ZFS, stays free to give up on it. Output passes through this process
for the same reason: a reader that reads the command's output to its end would wait for
a child that held it open. No program is started, and it costs a few milliseconds.
"""

from __future__ import annotations

import os
import select
import signal
import sys

from zfstune.cli import exit_status
from zfstune.cli.output import remember_terminal, report, warn
from zfstune.engine.suspended import end_with, process_marks, suspended_pools
from zfstune.values.errors import PoolSuspended
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Ended", "start_beside", "watched"]

_LOOK_MS = 2000
# Devices that are away for a moment, as in a failover of multipath, come back.
_PATIENCE_MS = 10_000
_CHUNK_BYTES = 1 << 16
# What `kill` and systemd send, and what a terminal sends when it is closed.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """A signal asked the command to end, and it is to clean up as after Ctrl-C.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def start_beside(work: Callable[[], int]) -> None:
    """Start work in a child that goes on beside this process, and ends with it."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    parent = os.getpid()
    if os.fork() == 0:
        result = exit_status.FAILED
        try:
            end_with(parent)
            result = work()
        except KeyboardInterrupt:
            result = exit_status.SIGINT  # the parent was interrupted as well, and says so
        finally:
            os._exit(result)


def watched(
    work: Callable[[], int],
    *,
    cleaning: str = "",
    on_giving_up: Callable[[], object] = lambda: None,
) -> int:
    """Do the work in a child, and return its exit status, or FAILED when giving up.

    Args:
        work: Returns the exit status. Its output is passed on.
        cleaning: What the work does before it ends, where that may take long. It is said
            to a user who waits, the work gets all the time that it takes, and a signal
            that asks it to end raises :class:`Ended` in it.
        on_giving_up: Called after the message that says so.
    """
    before = suspended_pools()
    if cleaning:
        _listen()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Where the caller closed one of them, these are not 1 and 2.
    out, err = sys.stdout.fileno(), sys.stderr.fileno()
    pipes = {out: os.pipe()}
    if not os.path.samestat(os.fstat(out), os.fstat(err)):
        pipes[err] = os.pipe()  # one pipe for both keeps their order
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _finish(work, parent, pipes)
    for _, writer in pipes.values():
        os.close(writer)
    readers = {pipe[0]: output for output, pipe in pipes.items()}
    watch = _Watch(child, readers, before, cleaning)
    status = watch.wait()
    if watch.gave_up:
        on_giving_up()
    return status


def _listen() -> None:
    """Have signals that ask for the end raise Ended: the first one, the others nothing.

    A signal that the caller had ignored, as nohup does, stays ignored.
    """
    heard = [n for n in _ENDING if signal.getsignal(n) == signal.SIG_DFL]

    def end(number: int, _: object) -> None:
        for each in heard:
            signal.signal(each, signal.SIG_IGN)
        raise Ended(number)

    for number in heard:
        signal.signal(number, end)


def _finish(
    work: Callable[[], int], parent: int, pipes: dict[int, tuple[int, int]]
) -> None:
    """Do the work in the child, and end the child with its status."""
    result = exit_status.FAILED
    try:
        out, err = sys.stdout.fileno(), sys.stderr.fileno()
        by_line = os.isatty(out)
        remember_terminal()
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
    """Passes the child's output on until the child ends or is given up."""

    def __init__(
        self,
        child: int,
        readers: dict[int, int],
        before: frozenset[str],
        cleaning: str = "",
    ) -> None:
        self.child = child
        self.cleaning = cleaning
        self.readers = readers  # a pipe from the child to our stdout or stderr
        self.before = before  # pools that were suspended before: the work refuses them
        self.poll = select.poll()
        for reader in readers:
            self.poll.register(reader, select.POLLIN)
        self.marks = ""  # of the child, at the last look: they change while it works
        self.still_ms = 0  # how long the child has seemed stuck
        self.gave_up = False
        self.unwritten: OSError | None = None  # why output could not be passed on

    def wait(self) -> int:
        """Return the exit status of the command."""
        try:
            while self.readers:
                pool = self._pass_on(_LOOK_MS)
                if pool:
                    return self._give_up(pool)
        except Ended as end:
            os.kill(self.child, end.number)
            return self._interrupted(128 + end.number)
        except KeyboardInterrupt:
            return self._interrupted(exit_status.SIGINT)
        return self._status()

    def _pass_on(self, wait_ms: int) -> str:
        """Copy output; if there is none, return what :meth:`_stuck_on` returns."""
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

    def _write(self, output: int, data: bytes) -> bool:
        try:
            while data:
                data = data[os.write(output, data) :]
        except OSError as error:  # the child's next write fails too, and it ends
            self.unwritten = error
            return False
        return True

    def _stuck_on(self) -> str:
        """Return the pool that has kept the child waiting for too long, or ''."""
        now = suspended_pools()
        self.before &= now
        last, self.marks = self.marks, process_marks(self.child)
        stuck = now - self.before if self.marks == last else frozenset()
        self.still_ms = self.still_ms + _LOOK_MS if stuck else 0
        return min(stuck) if self.still_ms >= _PATIENCE_MS else ""

    def _interrupted(self, status: int) -> int:
        """Let the child finish its step, since a terminal interrupts it as well."""
        looks = 0
        try:
            while self.readers:
                if looks == _PATIENCE_MS // _LOOK_MS and not self.cleaning:
                    break
                looks += 1
                pool = self._pass_on(_LOOK_MS)
                if pool:
                    return self._give_up(pool)
                if looks == 1 and self.readers and self.cleaning:
                    warn(self.cleaning)
            else:
                return self._status()
        except KeyboardInterrupt:  # a second time: do not wait any longer
            pass
        os.kill(self.child, signal.SIGKILL)
        return status

    def _give_up(self, pool: str) -> int:
        os.kill(self.child, signal.SIGKILL)  # takes effect once the kernel lets it go
        self.gave_up = True
        report(
            PoolSuspended(
                operation="wait any longer for pool",
                target=pool,
                reason="it was suspended meanwhile: it lost its devices and waits for them",
                hint=f"bring the devices back, run `zpool clear {for_shell(pool)}`, then "
                "this command again; the step that was under way may have been done by "
                "then",
            )
        )
        return exit_status.FAILED

    def _status(self) -> int:
        code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        if isinstance(self.unwritten, BrokenPipeError):  # as in `... | head`
            return exit_status.SIGPIPE
        if self.unwritten is not None:
            warn(f"cannot write the output: {self.unwritten.strerror}")
            return exit_status.FAILED
        return code if code >= 0 else 128 - code

"""The client's end of a connection to a zfstune that serves."""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import suppress

from zfstune.engine.write_all import write_all
from zfstune.streams.remote.answers import read_answer
from zfstune.streams.remote.failures import lost_error, read_failure
from zfstune.streams.remote.fields import BadMessageError, object_in, parse_json
from zfstune.streams.remote.frames import (
    DATA,
    END,
    MESSAGE,
    MOST_ANSWER_BYTES,
    PING,
    PING_S,
    FrameReader,
    frame_header,
)
from zfstune.streams.remote.requests import write_request
from zfstune.streams.remote.ssh import STALL_S
from zfstune.values.errors import Damaged, InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from zfstune.streams.remote.frames import Frame
    from zfstune.streams.remote.requests import SideCall
    from zfstune.streams.remote.ssh import RemoteCommand
    from zfstune.values.errors import EngineError

__all__ = ["ClientSession"]

_PART_BYTES = 256 << 10
_LOOK_S = 0.2


class ClientSession:
    """One connection, which takes one call at a time.

    Args:
        command: The zfstune that serves there; its greeting has been read.

    Attributes:
        idle: Whether it takes a call: no call broke off, and none is under way.
    """

    def __init__(self, command: RemoteCommand) -> None:
        self._command = command
        self.host = command.host
        self._reader = FrameReader(MOST_ANSWER_BYTES)
        self._writing = threading.Lock()
        self._over = threading.Event()
        self.idle = True
        threading.Thread(target=self._ping, daemon=True).start()

    def close(self, *, at_once: bool = False) -> None:
        """End the connection; a call that is under way breaks off."""
        self._over.set()
        self._command.close(at_once=at_once)

    def call(self, request: SideCall, *, stopped: Callable[[], bool] | None = None) -> Any:
        """Make a call without a stream, and return what it returned there.

        Args:
            request: The call.
            stopped: Tells whether to give up, and is asked again and again.

        Raises:
            BrokenPipeError: It was given up; the session takes no other call.
        """
        self._begin(request)
        return self._result(request, self._next(None, stopped))

    def send(self, request: SideCall, fd: int) -> None:
        """Make a call that sends a stream, and write the stream to a descriptor.

        Raises:
            BrokenPipeError: Nobody reads the descriptor any more.
        """
        self._begin(request)
        while (frame := self._next(fd)).kind == DATA:
            write_all(fd, frame.payload)
        self._result(request, frame)

    def receive(self, request: SideCall, fd: int) -> None:
        """Make a call that takes a stream, which is read from a descriptor."""
        self._begin(request)
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.register(self._command.out, select.POLLIN)
        # An answer that comes before the end says that the receive there has failed.
        while self._command.out not in {ready for ready, _ in poll.poll()}:
            part = os.read(fd, _PART_BYTES)
            if not part:
                break
            self._write(DATA, part)
        self._write(END, b"")
        self._result(request, self._next(None))

    def _begin(self, request: SideCall) -> None:
        self.idle = False
        self._write(MESSAGE, write_request(request))

    def _result(self, request: SideCall, frame: Frame) -> Any:
        try:
            answer = _answer_in(frame)
            failed = "error" in answer
            if failed:
                result: Any = read_failure(answer["error"], self.host)
            else:
                result = read_answer(request, answer["done"])
        except (BadMessageError, InvalidValue, Damaged) as error:
            raise self._misbehaved(error) from None
        self.idle = True
        if failed:
            raise result
        return result

    def _next(self, sink: int | None, stopped: Callable[[], bool] | None = None) -> Frame:
        """Wait for a frame; one that says that the other host is there is passed over.

        Args:
            sink: A descriptor that a stream is written to; the wait ends with its reader.
            stopped: Tells whether to give up.
        """
        try:
            while (frame := self._reader.next_frame()) is None or frame.kind == PING:
                if frame is not None:
                    continue
                if stopped is not None:
                    self._await(stopped)
                data = self._command.read(_PART_BYTES, sink=sink)
                if not data:
                    raise self._command.failure()
                self._reader.feed(data)
        except BadMessageError as error:
            raise self._misbehaved(error) from None
        return frame

    def _await(self, stopped: Callable[[], bool]) -> None:
        """Wait until something comes, for as long as the other host may say nothing."""
        poll = select.poll()
        poll.register(self._command.out, select.POLLIN)
        until = time.monotonic() + STALL_S
        while not stopped():
            if poll.poll(_LOOK_S * 1000) or time.monotonic() >= until:
                return
        raise BrokenPipeError

    def _misbehaved(self, error: Exception) -> EngineError:
        return lost_error(self.host, f"it does not keep to the protocol: {error}")

    def _write(self, kind: bytes, payload: bytes) -> None:
        """Write a frame; why nobody takes it any more, the next read tells."""
        with self._writing, suppress(BrokenPipeError):
            self._write_all(frame_header(kind, len(payload)) + payload)

    def _write_all(self, data: bytes) -> None:
        write_all(self._command.into, data)

    def _ping(self) -> None:
        """Tell the other host every so often that this one is there."""
        while not self._over.wait(PING_S):
            if self._writing.acquire(blocking=False):
                try:
                    self._write_all(frame_header(PING, 0))
                except OSError:
                    return
                finally:
                    self._writing.release()


def _answer_in(frame: Frame) -> dict[str, object]:
    if frame.kind != MESSAGE:
        raise BadMessageError("a part of a stream came in place of an answer")
    answer = parse_json(frame.payload)
    failed = isinstance(answer, dict) and "error" in answer
    return object_in(answer, ("error",) if failed else ("done",))

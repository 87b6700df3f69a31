"""Answer the calls of a client on another host, one at a time.

The main thread reads all that the client sends, so that the end of the connection is seen
while a call is under way; each call runs in a thread. Nothing but the protocol is written
to the client.
"""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import suppress

from zfstune.engine.sent import sent
from zfstune.engine.write_all import write_all
from zfstune.streams.remote.answers import write_answer
from zfstune.streams.remote.failures import write_failure
from zfstune.streams.remote.fields import BadMessageError, write_json
from zfstune.streams.remote.frames import (
    DATA,
    END,
    MESSAGE,
    MOST_ANSWER_BYTES,
    MOST_REQUEST_BYTES,
    PING,
    PING_S,
    FrameReader,
    frame_header,
)
from zfstune.streams.remote.grant import is_inert, verb_of
from zfstune.streams.remote.greeting import greeting_line
from zfstune.streams.remote.requests import names_in, read_request
from zfstune.values.errors import InvalidValue, NotPermitted, ZfstuneError
from zfstune.values.stream_record import RECORD_BYTES, parse_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from zfstune.streams.ends import End
    from zfstune.streams.local_side import LocalSide
    from zfstune.streams.remote.grant import Grant
    from zfstune.streams.remote.requests import SideCall

__all__ = ["Server"]

# A client pings each quarter of a minute: a network that was cut says nothing.
SILENCE_S = 120.0
_GRACE_S = 10.0  # a receive keeps its part, and a change is completed
_PART_BYTES = 256 << 10


class Server:
    """One connection.

    Args:
        side: What is served.
        grant: The client's rights; None: all that the user has.
        source: The descriptor to read the client from.
        sink: The descriptor to write to it.
        version: The version of this zfstune.
        on_fault: Called with an exception that no call may raise. The client is told no
            more than that there was one.
    """

    def __init__(
        self,
        side: LocalSide,
        grant: Grant | None,
        source: int,
        sink: int,
        version: str,
        *,
        on_fault: Callable[[Exception], object],
    ) -> None:
        self._side = side
        self._grant = grant
        self._source = source
        self._sink = sink
        self._on_fault = on_fault
        self._reader = FrameReader(MOST_REQUEST_BYTES)
        self._work: threading.Thread | None = None
        self._answered = threading.Event()
        self._answered.set()
        self._gone = threading.Event()
        self._told_at = time.monotonic()
        self._incoming: _Incoming | None = None
        self._write_all(greeting_line(version))

    def run(self) -> None:
        """Serve until the client is gone.

        Raises:
            BadMessageError: The client broke the protocol.
        """
        try:
            while self._next():
                pass
        finally:
            self._gone.set()
            if self._incoming is not None:
                self._incoming.end()
            if self._work is not None:
                self._work.join(_GRACE_S)

    def _next(self) -> bool:
        """Take a frame; return False once the client is gone."""
        while (frame := self._reader.next_frame()) is None:
            poll = select.poll()
            poll.register(self._source, select.POLLIN)
            if not poll.poll(SILENCE_S * 1000):
                return False
            data = os.read(self._source, _PART_BYTES)
            if not data:
                return False
            self._reader.feed(data)
        if frame.kind == MESSAGE:
            self._begin(frame.payload)
        elif frame.kind in (DATA, END):
            if self._incoming is None:
                raise BadMessageError("a part of a stream came, and none was announced")
            if frame.kind == DATA:
                self._incoming.feed(frame.payload)
            else:
                self._incoming.end()
                self._incoming = None
        return True

    def _begin(self, payload: bytes) -> None:
        """Begin a call."""
        if self._incoming is not None or not self._answered.is_set():
            raise BadMessageError("a request came before the last one was answered")
        request = read_request(payload)
        self._answered.clear()
        if request.call == "receive":
            self._incoming = _Incoming(self, request)
        else:
            self.start(lambda: self._perform(request))

    def start(self, work: Any) -> None:
        """Do a piece of work in a thread, and answer with what it returns."""
        self._work = threading.Thread(target=self._answer, args=(work,), daemon=True)
        self._work.start()

    def _answer(self, work: Any) -> None:
        try:
            payload = _done(work())
        except ZfstuneError as error:
            payload = write_json({"error": write_failure(error)})
        except Exception as fault:  # noqa: BLE001 (a client waits for the answer)
            # It is a fault of ours, and its words may tell of what lies on this host.
            self._on_fault(fault)
            failure = InvalidValue("cannot answer: zfstune failed there")
            payload = write_json({"error": write_failure(failure)})
        self._answered.set()
        with suppress(OSError):
            self._write(MESSAGE, payload)

    def check(self, request: SideCall) -> None:
        """Refuse a request that the client has no right to.

        Raises:
            NotPermitted: It has not.
        """
        if self._grant is None:
            return
        reason = self._grant.refusal(request)
        if not reason and request.call == "take_over":
            end = self._end(request.arguments["name"])
            origin = None if end is None else end.origin
            if origin is not None and not self._grant.covers(origin.name):
                reason = "it is a clone of a snapshot elsewhere"
        if not reason and request.call == "change_properties":
            end = self._end(request.arguments["name"])
            copy = end is not None and end.replica is not None and not end.live
            if not (copy or (end is not None and end.placeholder)):
                reason = "it is no copy"
        if (
            not reason
            and request.call == "rename"
            and request.arguments["mark"] is not None
        ):
            end = self._end(request.arguments["name"])
            reason = "" if end is not None and end.aside else "it was not put aside"
        if not reason and request.call in ("put_aside", "receive"):
            end = self._end(next(names_in(request)).partition("@")[0])
            reason = "it has taken over" if end is not None and end.live else ""
        if reason:
            target = next(names_in(request), "")
            raise _refused(verb_of(request.call), target, reason)

    def receive(self, request: SideCall, fd: int, first: bytes) -> None:
        """Carry a receive out.

        Args:
            request: The request.
            fd: The pipe that the stream comes from.
            first: The first bytes of the stream.
        """
        self.check(request)
        arguments = request.arguments
        name = arguments["snapshot"].partition("@")[0]
        header = parse_header(first[:RECORD_BYTES])
        kind = "" if header is None else header.kind  # the receive refuses what has none
        fine = self._grant is None or not kind or is_inert(kind, arguments["properties"])
        if not fine and not self._is_copy(name, replaced=arguments["losing"] is not None):
            reason = "this key makes new datasets only with the properties of a copy"
            raise _refused("receive", name, reason)
        self._side.receive(fd=fd, **arguments)

    def _end(self, name: str) -> End | None:
        """Return what there is of a dataset, or None."""
        (end,) = self._side.ends(name) or (None,)
        return end

    def _is_copy(self, name: str, *, replaced: bool) -> bool:
        """Tell whether a dataset is there that is no new copy after a stream."""
        end = self._end(name)
        return end is not None and not (replaced and end.replica is None)

    def _perform(self, request: SideCall) -> object:
        """Make a call; return what it returned in JSON's types."""
        self.check(request)
        call, arguments = request.call, dict(request.arguments)
        if call == "limits":
            return write_answer(call, self._side.limits)
        if call == "digest":
            return self._side.digest(**arguments, stopped=self._is_idle)
        if call in ("send", "send_resumed"):
            self._send(call, arguments)
            return None
        if call == "with_properties":
            ends = self._side.ends(arguments["name"])
            return write_answer(
                call, [s for e in ends for s in self._side.with_properties(e).snapshots]
            )
        if call == "copies" and self._grant is not None:
            arguments["pool"] = self._grant.dataset
        found = getattr(self._side, call)(**arguments)
        if call == "ends" and self._grant is not None:
            found = [self._grant.visible(end) for end in found]
        return write_answer(call, found)

    def _is_idle(self) -> bool:
        """Tell the client every so often that work goes on; return whether it is gone."""
        now = time.monotonic()
        if now - self._told_at >= PING_S:
            self._told_at = now
            with suppress(OSError):
                self._write(PING, b"")
        return self._gone.is_set()

    def _send(self, call: str, arguments: dict[str, Any]) -> None:
        method = getattr(self._side, call)
        with sent(lambda fd: method(fd=fd, **arguments)) as stream:
            while part := os.read(stream, _PART_BYTES):
                self._write(DATA, part)

    def _write(self, kind: bytes, payload: bytes) -> None:
        self._write_all(frame_header(kind, len(payload)) + payload)

    def _write_all(self, data: bytes) -> None:
        write_all(self._sink, data)


class _Incoming:
    """A stream on its way from the client to a receive.

    The receive begins once the first record is here. What comes after it has failed goes
    nowhere, until the client has seen that.
    """

    def __init__(self, server: Server, request: SideCall) -> None:
        self._server = server
        self._request = request
        self._first = b""
        self._pipe: int | None = None
        self._begun = False

    def feed(self, data: bytes) -> None:
        """Take a part of the stream."""
        if not self._begun:
            self._first += data
            if len(self._first) < RECORD_BYTES:
                return
            data = self._begin()
        self._pass_on(data)

    def end(self) -> None:
        """Take note that there is no more."""
        if not self._begun:
            self._pass_on(self._begin())
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    def _begin(self) -> bytes:
        self._begun = True
        first = self._first
        read_end, self._pipe = os.pipe2(os.O_CLOEXEC)

        def work() -> None:
            try:
                self._server.receive(self._request, read_end, first)
            finally:
                os.close(read_end)

        self._server.start(work)
        return first

    def _pass_on(self, data: bytes) -> None:
        # Where the receive has failed, its answer says why.
        with suppress(BrokenPipeError):
            if self._pipe is not None:
                write_all(self._pipe, data)


def _done(result: object) -> bytes:
    """Write an answer."""
    payload = write_json({"done": result})
    if len(payload) > MOST_ANSWER_BYTES:
        raise InvalidValue("cannot answer: the list is too long for one message")
    return payload


def _refused(operation: str, target: str, reason: str) -> NotPermitted:
    return NotPermitted(operation=operation, target=target, reason=reason)

"""The client: any bytes of a server make an error of the run, and no other."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote_messages import REQUESTS
from served_pool import Piped
from zfstune.streams.remote.frames import DATA, END, MESSAGE, PING, frame_header
from zfstune.streams.remote.requests import SideCall
from zfstune.streams.remote.session import ClientSession
from zfstune.values.errors import EngineError, ZfstuneError

if TYPE_CHECKING:
    from collections.abc import Callable

GUID = SideCall("guid", {"snapshot": "tank/a@1"})
FRAMES = st.tuples(
    st.sampled_from([MESSAGE, DATA, END, PING, b"?"]),
    st.binary(max_size=30)
    | st.sampled_from([b'{"done":1}', b'{"error":{}}', b'{"done":null}']),
).map(lambda pair: frame_header(pair[0], len(pair[1])) + pair[1])


def swallow(source: int) -> None:
    """Read all that a client says."""
    while os.read(source, 999):
        pass


def answer(
    data: bytes, ask: Callable[[ClientSession], object]
) -> tuple[object, ClientSession]:
    """Let a server answer with these bytes, and hang up."""
    command = Piped()
    drain = threading.Thread(target=swallow, args=(command.source,))
    drain.start()
    os.write(command.sink, data)
    os.close(command.sink)
    session = ClientSession(command)
    try:
        return ask(session), session
    finally:
        session.close()
        drain.join()
        os.close(command.source)


@given(
    st.binary(max_size=200) | st.lists(FRAMES, max_size=5).map(b"".join),
    st.sampled_from(REQUESTS),
)
def test_any_server(data: bytes, request: SideCall) -> None:
    """A call returns or raises an error of zfstune's, in words that can be printed."""

    def ask(session: ClientSession) -> None:
        if request.call in ("send", "send_resumed"):
            session.send(request, write)
        elif request.call == "receive":
            session.receive(request, read)
        else:
            session.call(request)

    read, write = os.pipe()
    reason = ""
    try:
        if request.call == "receive":
            os.write(write, b"stream")
            os.close(write)
            write = os.open(os.devnull, os.O_WRONLY)
        answer(data, ask)
    except ZfstuneError as error:
        reason = str(error)
    finally:
        os.close(read)
        os.close(write)
    assert reason.isprintable()


def test_an_answer() -> None:
    """A session that was answered takes another call."""
    found, session = answer(
        frame_header(MESSAGE, 10) + b'{"done":7}', lambda session: session.call(GUID)
    )
    assert found == 7
    assert session.idle


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it hung up"),
        (frame_header(DATA, 1) + b"x", "in place of an answer"),
        (frame_header(MESSAGE, 10) + b'{"done":0}', "a guid is 0"),
        (frame_header(MESSAGE, 1 << 30), "1073741824 bytes came"),
    ],
)
def test_no_answer(data: bytes, reason: str) -> None:
    """The error says what was wrong, and the session is not used again."""
    kept: list[ClientSession] = []

    def ask(session: ClientSession) -> object:
        kept.append(session)
        return session.call(GUID)

    with pytest.raises(EngineError, match=reason):
        answer(data, ask)
    assert not kept[0].idle


def test_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other host hears of this one while nothing else is said."""
    monkeypatch.setattr("zfstune.streams.remote.session.PING_S", 0.01)
    command = Piped()
    session = ClientSession(command)
    assert os.read(command.source, 5) == frame_header(PING, 0)
    session.close()
    os.close(command.source)
    os.close(command.sink)

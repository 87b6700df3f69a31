"""The server: any bytes of a client do no harm, and a client that goes leaves nothing."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote_messages import REQUESTS
from served_pool import ServedPool
from stream_engine import StreamEngine
from zfstune.streams.local_side import LocalSide
from zfstune.streams.remote.frames import DATA, END, MESSAGE, PING, frame_header
from zfstune.streams.remote.requests import write_request
from zfstune.values.errors import ZfstuneError

FRAMES = st.one_of(
    st.sampled_from(REQUESTS).map(lambda request: (MESSAGE, write_request(request))),
    st.tuples(st.sampled_from([MESSAGE, DATA]), st.binary(max_size=40)),
    st.sampled_from([(END, b""), (PING, b"")]),
).map(lambda pair: frame_header(pair[0], len(pair[1])) + pair[1])


def say(pool: ServedPool, data: bytes) -> bytes:
    """Say something to a server, and give all that it answers."""
    command = pool.piped()
    with suppress(BrokenPipeError):
        os.write(command.into, data)
    os.close(command.into)
    answer = b""
    while part := os.read(command.out, 1 << 16):
        answer += part
    os.close(command.out)
    pool.join()
    return answer


@given(st.binary(max_size=300) | st.lists(FRAMES, max_size=6).map(b"".join))
def test_any_client(data: bytes) -> None:
    """The server answers or hangs up; what no stream and no request can do stays undone."""
    tank = StreamEngine("tank")
    tank.add("tank/other", "1")
    say(ServedPool(tank), data)
    assert tank.shorts("tank/other") == ["1"]
    assert not tank.held


def test_the_fault_is_told() -> None:
    """The one who looks at stderr there reads it."""
    pool = ServedPool(StreamEngine("tank"))
    say(pool, b"GET / HTTP/1.1\r\n")
    assert pool.broken == ["a frame of an unknown kind came: b'G'"]
    request = write_request(REQUESTS[0])
    message = frame_header(MESSAGE, len(request)) + request
    pool = ServedPool(StreamEngine("tank"))
    say(pool, frame_header(DATA, 1) + b"x" + message)
    assert pool.broken == ["a part of a stream came, and none was announced"]


def test_a_call_without_rights_or_sense_is_answered() -> None:
    """The error comes as an answer, and the session goes on."""
    pool = ServedPool(StreamEngine("tank"))
    side = pool.side()
    assert side.ends("tank/none") == []
    assert side.ends("tank")[0].name == "tank"
    side.close()
    pool.join()
    assert pool.broken == []


def test_a_fault_of_ours_names_nothing_of_this_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client is told that it failed here, and no more."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("/secret/place")

    monkeypatch.setattr(LocalSide, "guid", fail)
    pool = ServedPool(StreamEngine("tank"))
    side = pool.side()
    with pytest.raises(ZfstuneError, match="zfstune failed there") as caught:
        side.guid("tank/a@1")
    assert "KeyError" not in str(caught.value)
    assert "secret" not in str(caught.value)
    [fault] = pool.faults
    assert isinstance(fault, KeyError)
    assert fault.args == ("/secret/place",)
    side.close()
    pool.join()


def test_silence(monkeypatch: object) -> None:
    """A client that says nothing for long is taken for gone."""
    monkeypatch.setattr("zfstune.streams.remote.serve.SILENCE_S", 0.05)  # type: ignore[attr-defined]
    pool = ServedPool(StreamEngine("tank"))
    command = pool.piped()
    pool.join()
    assert os.read(command.out, 1) == b""
    command.close()

"""Messages of an image's process: they come out as they went in, or are refused."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zfstune.engine import _image_messages
from zfstune.engine._image_messages import (
    HEADER_BYTES,
    METHODS,
    MOST_BODY_BYTES,
    MOST_HEAD_BYTES,
    ImageAnswer,
    ImageDone,
    ImageReady,
    ImageRefused,
    ImageRequest,
    ImageUnopened,
    NonsenseError,
    lengths,
    read_image_answer,
    read_image_request,
    write_image_answer,
    write_image_request,
)
from zfstune.values.errors import InvalidValue

numbers = st.integers(-(1 << 63), (1 << 64) - 1)
# Whatever os.fsdecode() makes of a name of the kernel's.
texts = st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))
arguments = st.lists(st.one_of(numbers, texts, st.binary()), max_size=5)
requests = st.builds(
    ImageRequest,
    st.sampled_from(METHODS),
    st.sampled_from(["", "zt_destroy"]),
    arguments.map(tuple),
)
answers = st.one_of(
    st.builds(ImageDone, st.integers(0, 2000), st.binary()),
    st.builds(ImageRefused, texts, texts),
    st.builds(
        ImageReady,
        st.integers(0, 99),
        st.integers(0, 99),
        st.sampled_from([1 << 17, 1 << 24]),
    ),
    st.builds(ImageUnopened, st.integers(0, 2000), texts),
)
scalars = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), texts)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner)
)


def parts(message: bytes) -> tuple[bytes, bytes]:
    """Take a message apart, by its header."""
    head, body = lengths(message[:HEADER_BYTES])
    assert len(message) == HEADER_BYTES + head + body
    return message[HEADER_BYTES : HEADER_BYTES + head], message[HEADER_BYTES + head :]


@given(requests)
@example(ImageRequest("call", "zt_destroy", ("tank/\udcff", b"\0" * 10, (1 << 64) - 1)))
def test_a_request_arrives_as_it_was(request: ImageRequest) -> None:
    """Numbers of 64 bits, bytes, and text that was no UTF-8 come out as they went in."""
    message = write_image_request(request.method, request.function, request.args)
    assert read_image_request(*parts(message)) == request


@given(answers)
def test_an_answer_arrives_as_it_was(
    answer: ImageAnswer,
) -> None:
    """Each kind comes out as it went in."""
    assert read_image_answer(*parts(write_image_answer(answer))) == answer


def test_a_key_and_a_truth_value() -> None:
    """Bytes that can be wiped are bytes there, and a truth value is a number."""
    message = write_image_request("call", "zt_load_key", (bytearray(b"key"), True))
    assert read_image_request(*parts(message)).args == (b"key", 1)


@given(st.one_of(requests, answers), st.data())
def test_changed_bytes(
    sent: ImageRequest | ImageAnswer,
    data: st.DataObject,
) -> None:
    """Changed bytes are another message, or refused; there is no other error."""
    if isinstance(sent, ImageRequest):
        message = bytearray(write_image_request(sent.method, sent.function, sent.args))
    else:
        message = bytearray(write_image_answer(sent))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(message) - 1))
        message[at] = data.draw(st.integers(0, 255))
    take_in(bytes(message))


@given(documents, st.binary())
def test_any_json(value: object, body: bytes) -> None:
    """JSON of any form is a message, or refused."""
    head = json.dumps(value).encode()
    take_in(struct.pack("<II", len(head), len(body)) + head + body)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Any bytes are a message, or refused."""
    take_in(struct.pack("<II", len(data), 0) + data)


def take_in(message: bytes) -> None:
    """Read bytes as a request and as an answer."""
    try:
        head, body = lengths(message[:HEADER_BYTES])
    except NonsenseError:
        return
    rest = message[HEADER_BYTES:]
    for read in (read_image_request, read_image_answer):
        try:
            value: Any = read(rest[:head], rest[head:][:body])
        except NonsenseError:
            continue
        assert isinstance(value, ImageRequest | ImageAnswer)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b'["call","zt_x",[[2]]]', b"x"),
        (b'["call","zt_x",[[-1]]]', b""),
        (b'["call","zt_x",[[1]]]', b"xx"),
        (b'["call","zt_x",[true]]', b""),
        (b'["call","zt_x",[18446744073709551616]]', b""),
        (b'["call","zt_x",[1.0]]', b""),
        (b'["call","zt_x",[null]]', b""),
        (b'["call","__class__.x",[]]', b""),
        (b'["__init__","",[]]', b""),
        (b'["call","zt_x"]', b""),
        (b'"call"', b""),
    ],
)
def test_no_request(head: bytes, body: bytes) -> None:
    """A request that counts wrong, or holds what no call takes, is refused."""
    with pytest.raises(NonsenseError):
        read_image_request(head, body)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b'["done",-1]', b""),
        (b'["done",true]', b""),
        (b'["done",65537]', b""),
        (b'["refused","a","b"]', b"x"),
        (b'["refused","a"]', b""),
        (b'["ready",1,2,3,4]', b""),
        (b'["ready",1,2,99999999]', b""),
        (b'["unopened",2,null]', b""),
        (b'[["done"],0]', b""),
        (b"[]", b""),
        (b"{}", b""),
        (b'["done",NaN]', b""),
        (b'["done",' + b"9" * 5000 + b"]", b""),
        (b"[" * 100_000, b""),
        (b"\xed\xa0\x80", b""),
    ],
)
def test_no_answer(head: bytes, body: bytes) -> None:
    """An answer of another form, or with a number that none has, is refused."""
    with pytest.raises(NonsenseError):
        read_image_answer(head, body)


@pytest.mark.parametrize(
    ("head", "body"), [(MOST_HEAD_BYTES + 1, 0), (0, MOST_BODY_BYTES + 1)]
)
def test_too_long(head: int, body: int) -> None:
    """A header that counts too many bytes is refused; the most is taken."""
    with pytest.raises(NonsenseError, match="too long"):
        lengths(struct.pack("<II", head, body))
    most = MOST_HEAD_BYTES, MOST_BODY_BYTES
    assert lengths(struct.pack("<II", *most)) == most


def test_not_sent_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the other end would refuse is an error for whoever asked for it."""
    with pytest.raises(InvalidValue, match="does not fit into 64 bits"):
        write_image_request("call", "zt_x", (1 << 64,))
    monkeypatch.setattr(_image_messages, "MOST_BODY_BYTES", 4)
    with pytest.raises(InvalidValue, match="at once"):
        write_image_request("call", "zt_x", (b"12345",))
    with pytest.raises(InvalidValue, match="at once") as caught:
        write_image_answer(ImageDone(0, b"12345"))
    assert "such as one dataset" in caught.value.hint

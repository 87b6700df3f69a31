"""Frames: the same however their bytes are cut, and bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.remote.fields import BadMessageError
from zfstune.streams.remote.frames import (
    DATA,
    END,
    MESSAGE,
    MOST_DATA_BYTES,
    PING,
    Frame,
    FrameReader,
    frame_header,
)

FRAMES = st.one_of(
    st.builds(Frame, st.just(MESSAGE), st.binary(max_size=50)),
    st.builds(Frame, st.just(DATA), st.binary(min_size=1, max_size=50)),
    st.sampled_from([Frame(END, b""), Frame(PING, b"")]),
)


def written(frame: Frame) -> bytes:
    """Give the bytes of a frame."""
    return frame_header(frame.kind, len(frame.payload)) + frame.payload


def read(reader: FrameReader) -> list[Frame]:
    """Give the frames that are complete."""
    found = []
    while (frame := reader.next_frame()) is not None:
        found.append(frame)
    return found


@given(st.lists(FRAMES), st.integers(1, 20))
def test_there_and_back(frames: list[Frame], step: int) -> None:
    """Frames arrive as they were sent, however many bytes come at once."""
    data = b"".join(map(written, frames))
    reader = FrameReader(50)
    found = []
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        found += read(reader)
    assert found == frames


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Bytes are frames, the beginning of one, or refused."""
    reader = FrameReader(50)
    reader.feed(data)
    try:
        found = read(reader)
    except BadMessageError:
        return
    assert data.startswith(b"".join(map(written, found)))


@pytest.mark.parametrize(
    ("kind", "length"),
    [(MESSAGE, 51), (DATA, MOST_DATA_BYTES + 1), (DATA, 0), (END, 1), (PING, 1), (b"x", 0)],
)
def test_a_wrong_header_is_enough(kind: bytes, length: int) -> None:
    """A length is refused before its bytes are there."""
    reader = FrameReader(50)
    reader.feed(frame_header(kind, length))
    with pytest.raises(BadMessageError):
        reader.next_frame()

"""The first record of a stream, and what a forced receive of it would destroy."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.engine._errno import engine_error
from zfstune.engine._receive_losses import check_losses, lost_snapshots
from zfstune.engine._stream_header import (
    HEADER_BYTES,
    StreamHeader,
    parse_header,
    read_header,
)
from zfstune.values.errors import PlanError
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

MAGIC = 0x2F5BACBAC
LISTED = [Snapshot(f"tank/a@{n}", guid=10 * n, createtxg=100 * n) for n in (3, 1, 2)]


def header(fromguid: int = 0, *, order: str = "<", **wrong: int) -> bytes:
    """Write a header as a sender of that byte order does."""
    fields = {"type": 0, "payload": 0, "magic": MAGIC, "version": 1 | 4 << 2, **wrong}
    packed = struct.pack(f"{order}IIQQQIIQQ", *fields.values(), 5, 2, 0, 77, fromguid)
    return packed.ljust(HEADER_BYTES, b"\0")


@pytest.mark.parametrize("order", ["<", ">"])
def test_headers(order: str) -> None:
    """Guids are read in the byte order of the sender."""
    assert parse_header(header(10, order=order)) == StreamHeader(toguid=77, fromguid=10)
    assert parse_header(header(order=order)) == StreamHeader(toguid=77, fromguid=0)
    high = (1 << 64) - 1
    assert parse_header(header(high, order=order)) == StreamHeader(77, high)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        header()[:-1],
        header() + b"\0",
        bytes(HEADER_BYTES),
        header(magic=MAGIC + 1),
        header(type=1),
        header(version=2),
        header(version=0),
        b"no stream" * 40,
    ],
)
def test_what_is_no_header(data: bytes) -> None:
    """Other bytes, other records and packages of streams are none."""
    assert parse_header(data) is None


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """No bytes are more than read."""
    parsed = parse_header(data)
    assert parsed is None or len(data) == HEADER_BYTES


def test_a_header_that_comes_in_pieces() -> None:
    """It is read whole from a pipe, and not a byte beyond it."""
    out, into = os.pipe()
    whole = header(10)
    os.write(into, whole[:5])
    os.write(into, whole[5:] + b"rest")
    assert read_header(out) == whole
    assert os.read(out, 10) == b"rest"
    os.write(into, b"short")
    os.close(into)
    assert read_header(out) == b"short"
    assert read_header(out) == b""
    os.close(out)


@pytest.mark.parametrize(
    ("fromguid", "lost"),
    [
        (10, ["tank/a@2", "tank/a@3"]),
        (20, ["tank/a@3"]),
        (30, []),
        (99, []),
        (0, ["tank/a@1", "tank/a@2", "tank/a@3"]),
    ],
)
def test_what_is_lost(fromguid: int, lost: list[str]) -> None:
    """Each snapshot newer than the base, and all of them before a full stream."""
    assert lost_snapshots(LISTED, StreamHeader(77, fromguid)) == lost


class Listing:
    """An engine that lists these snapshots of one dataset, and has no other."""

    def __init__(self, listed: list[Snapshot]) -> None:
        self._listed = listed

    def snapshots(self, dataset: str) -> list[Snapshot]:
        """Give them."""
        if dataset != "tank/a":
            raise engine_error("list", dataset, 2)
        return self._listed


def check(listed: list[Snapshot], data: bytes, *accepted: str, to: str = "tank/a") -> None:
    """Check a forced receive."""
    engine = cast("Engine", Listing(listed))
    begun = parse_header(data)
    assert begun is not None
    check_losses(engine, f"{to}@new", begun, frozenset(accepted))


def test_each_loss_must_be_named() -> None:
    """One that is not named is in the message, and those that are named are not."""
    with pytest.raises(PlanError) as caught:
        check(LISTED, header(10), "tank/a@3")
    assert str(caught.value) == (
        "cannot receive 'tank/a@new' by force: it would destroy tank/a@2"
    )
    assert "`losing`" in caught.value.hint
    check(LISTED, header(10), "tank/a@2", "tank/a@3", "tank/a@1")
    check(LISTED, header(30))
    check(LISTED, header(), to="tank/other")


def test_many_losses_are_counted() -> None:
    """The message names twenty, and how many more there are."""
    many = [Snapshot(f"tank/a@{n}", n, n) for n in range(1, 30)]
    with pytest.raises(PlanError, match=r"tank/a@21 and 8 more$"):
        check(many, header(1))

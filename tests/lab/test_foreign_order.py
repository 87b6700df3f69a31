"""A stream of a machine of the other byte order, which this kernel receives by swapping."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest

import zfstune
from made_files import (
    OF_VOLUME,
    VOLUME_KIND,
    VOLUME_OBJECT,
    received,
    records,
    sent,
)
from made_stream import OBJECT, WRITE, MadeStream

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.one_release

PROPERTIES_KIND = 24  # DMU_OT_ZVOL_PROP: include/sys/dmu.h
BLOCK_BYTES = 8192


def swapped_table(table: bytes) -> bytes:
    """Swap the numbers of the smallest kind of ZAP: mzap_phys_t in zap_impl.h."""
    head = struct.pack(">8Q", *struct.unpack_from("<8Q", table))
    rows = [
        struct.pack(">QIH50s", *struct.unpack_from("<QIH50s", table, place))
        for place in range(64, len(table), 64)
    ]
    return head + b"".join(rows)


def as_of_big_endian(empty: bytes, data: bytes, guid: int) -> bytes:
    """Give the stream of an empty volume as the other machine would send it, with data."""
    made = MadeStream(order=">", kind=OF_VOLUME, guid=guid)
    for kind, head, payload in records(empty):
        [number] = struct.unpack_from("<Q", head, 8)
        if kind == OBJECT:
            type_, bonus_type, block = struct.unpack_from("<III", head, 16)
            made.object(number, payload, kind=type_, bonus_type=bonus_type, block=block)
            if number == VOLUME_OBJECT:
                for place in range(0, len(data), BLOCK_BYTES):
                    block_data = data[place : place + BLOCK_BYTES]
                    made.write(number, place, block_data, kind=VOLUME_KIND)
        elif kind == WRITE:
            [type_] = struct.unpack_from("<I", head, 16)
            assert type_ == PROPERTIES_KIND
            made.write(number, 0, swapped_table(payload), kind=type_)
    return made.end()


def test_a_volume(engine: Engine, dataset: str, tmp_path: Path) -> None:
    """It has the size and the bytes that were sent, and is sent on as any other."""
    size = {"volsize": "1M", "volblocksize": str(BLOCK_BYTES), "volmode": "none"}
    engine.create(f"{dataset}/empty", volume=True, properties=size)
    engine.take_snapshots([f"{dataset}/empty@1"])
    empty = sent(engine, tmp_path, f"{dataset}/empty@1", compressed=False)
    data = os.urandom(4 * BLOCK_BYTES)
    stream = as_of_big_endian(empty, data, guid=0xB16)
    received(engine, tmp_path, f"{dataset}/foreign@1", stream)
    made = engine.dataset(f"{dataset}/foreign")
    assert made.value("volsize") == str(1 << 20)
    [snapshot] = engine.snapshots(made.name)
    assert snapshot.guid == 0xB16
    own = sent(engine, tmp_path, snapshot.name, compressed=False)
    written = b"".join(
        payload
        for kind, head, payload in records(own)
        if kind == WRITE and struct.unpack_from("<Q", head, 8) == (VOLUME_OBJECT,)
    )
    assert written == data
    received(engine, tmp_path, f"{dataset}/again@1", own)
    copy = f"{dataset}/again@1"
    assert zfstune.compare(snapshot.name, copy, engine=engine).equal

"""Streams with records that no sender writes, on a kernel: refused before it reads them.

Of these, a block that is longer than it says overflows a buffer of the kernel.
"""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import pytest

from false_records import CASES, false_stream, older_stream
from zfstune.values.errors import RefusedValue

if TYPE_CHECKING:
    from made_stream import MadeStream
    from zfstune.engine.protocol import Engine

ORDERS = pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])


def receive(engine: Engine, name: str, made: MadeStream) -> None:
    """Receive a stream, and keep the part that has come where it breaks off."""
    with TemporaryFile() as file:
        file.write(made.end())
        file.seek(0)
        engine.receive(f"{name}@1", file.fileno(), resumable=True)


@ORDERS
@pytest.mark.parametrize("case", CASES)
def test_a_false_record(pool: str, engine: Engine, case: str, order: str) -> None:
    """It is told; the part before it waits, and can be given up."""
    name = f"{pool}/b"
    with pytest.raises(RefusedValue, match="a record that contradicts"):
        receive(engine, name, false_stream(case, order=order))
    engine.abort_receive(name)
    assert [dataset.name for dataset in engine.datasets(pool)] == [pool]


@ORDERS
def test_the_order_of_older_senders(pool: str, engine: Engine, order: str) -> None:
    """All objects of a block come before their data, in streams of 0.8 and earlier."""
    name = f"{pool}/older-{'big' if order == '>' else 'little'}"
    receive(engine, name, older_stream(order=order))
    assert engine.snapshots(name)

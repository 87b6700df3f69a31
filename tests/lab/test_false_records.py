"""Streams with records that no sender writes, on a kernel: refused before it reads them.

Of these, a block that is longer than it says overflows a buffer of the kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from false_records import CASES, false_stream, older_stream, receive_kept
from zfstune.values.errors import RefusedValue

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

ORDERS = pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])


@ORDERS
@pytest.mark.parametrize("case", CASES)
def test_a_false_record(pool: str, engine: Engine, case: str, order: str) -> None:
    """It is told; the part before it waits, and can be given up."""
    name = f"{pool}/b"
    with pytest.raises(RefusedValue, match="a record that contradicts"):
        receive_kept(engine, name, false_stream(case, order=order))
    engine.abort_receive(name)
    assert [dataset.name for dataset in engine.datasets(pool)] == [pool]


@ORDERS
def test_the_order_of_older_senders(pool: str, engine: Engine, order: str) -> None:
    """All objects of a block come before their data, in streams of 0.8 and earlier."""
    name = f"{pool}/older-{'big' if order == '>' else 'little'}"
    receive_kept(engine, name, older_stream(order=order))
    assert engine.snapshots(name)

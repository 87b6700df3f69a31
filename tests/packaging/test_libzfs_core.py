"""docs/reference/libzfs_core.md names each function of libzfs_core, and real calls."""

from __future__ import annotations

import re
from pathlib import Path

from library_page import rows
from zfstune.engine.protocol import declared_calls

ROOT = Path(__file__).resolve().parents[2]
TABLE = rows()
HEADER = (ROOT / "native" / "lzc.h").read_text(encoding="ascii")


def test_each_call_that_is_named_is_there() -> None:
    """A name that stands behind a dot is a call of an engine."""
    page = (ROOT / "docs" / "reference" / "libzfs_core.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`Engine\.(\w+)`", page))
    assert named - declared_calls().keys() == set()
    assert len(named) > 40


def test_each_function_has_a_call_or_a_reason() -> None:
    """No row leaves open what became of its function."""
    for function, row in TABLE.items():
        assert (
            "`Engine." in row.where
            or "not needed: " in row.where
            or (row.where == "`zfstune.open()`")
        ), function


def test_what_native_calls_is_in_the_table() -> None:
    """A function that native/ looks up in the library has its row, with its release."""
    called = set(re.findall(r"X\(\w+, (lzc_\w+)", HEADER))
    assert len(called) > 30
    assert called - TABLE.keys() == set()
    for minor in (2, 3):
        block = re.search(rf"LZC_CALLS_2_{minor}\(X\).*?\n\n", HEADER, re.DOTALL)
        assert block is not None
        for name in re.findall(r"X\(\w+, (lzc_\w+)", block[0]):
            assert TABLE[name].minor == minor

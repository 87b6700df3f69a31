"""Content copied by reading and writing, holes as holes, and compared."""

from __future__ import annotations

import ast
import inspect
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zfstune.host import file_content
from zfstune.host.file_content import copy_content, same_content
from zfstune.host.sparse_file import data_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCK = 4096


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], int]:
    """Give a function that opens an empty file for reading and writing."""
    folder: Path = tmp_path_factory.mktemp("content")

    def make(name: str) -> int:
        return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)

    return make


@given(
    parts=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9000)), max_size=5),
    end=st.integers(0, 20 * BLOCK),
    most=st.sampled_from([1000, BLOCK, 1 << 20]),
)
@settings(max_examples=60)
def test_a_copy_has_data_and_holes(
    opened: Callable[[str], int],
    parts: list[tuple[int, int]],
    end: int,
    most: int,
) -> None:
    """Data, holes and length are those of the original, whatever the parts."""
    source, copy = opened("source"), opened("copy")
    try:
        for block, count in parts:
            os.pwrite(source, b"\1" * count, block * BLOCK)
        os.ftruncate(source, end)
        os.fsync(source)
        passed: list[int] = []
        assert copy_content(source, copy, end, passed.append, most_bytes=most)
        assert os.pread(copy, 1 << 20, 0) == os.pread(source, 1 << 20, 0)
        ranges = list(data_parts(source, end))
        assert list(data_parts(copy, end)) == ranges
        assert sum(passed) == sum(stop - start for start, stop in ranges)
        assert max(passed, default=0) <= most
        assert same_content(source, copy, end)
    finally:
        os.close(source)
        os.close(copy)


@pytest.mark.parametrize("at", [0, 3 * BLOCK + 7, 9 * BLOCK])
def test_one_byte_is_seen(opened: Callable[[str], int], at: int) -> None:
    """Files that differ by a byte differ, where one of them has a hole, too."""
    source, copy = opened("source"), opened("copy")
    for file in (source, copy):
        os.ftruncate(file, 10 * BLOCK)
    assert same_content(source, copy, 10 * BLOCK)
    os.pwrite(copy, b"x", at)
    assert not same_content(source, copy, 10 * BLOCK)
    assert not same_content(copy, source, 10 * BLOCK)
    os.ftruncate(copy, 0)
    assert not same_content(source, copy, 10 * BLOCK)
    os.close(source)
    os.close(copy)


def test_a_file_that_became_shorter(opened: Callable[[str], int]) -> None:
    """A file that is cut off while it is copied has not all of it."""
    source, copy = opened("source"), opened("copy")
    os.pwrite(source, b"x" * BLOCK * 4, 0)

    def cut(_: int) -> None:
        os.ftruncate(source, BLOCK)

    assert not copy_content(source, copy, BLOCK * 4, cut, most_bytes=BLOCK)
    os.close(source)
    os.close(copy)


def test_no_block_is_cloned() -> None:
    """Nothing is called that may clone a block or hand it over in the kernel."""
    tree = ast.parse(inspect.getsource(file_content))
    called = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os"
    }
    assert {name for name in called if name.islower()} == {
        *("fstat", "ftruncate", "pread", "pwrite")
    }

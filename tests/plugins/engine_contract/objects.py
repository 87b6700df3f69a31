"""Bare objects of a filesystem, which an image takes in place of files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.values.errors import AlreadyExists, NotFound, NotSupported, RefusedValue
from zfstune.values.object_operations import make_object, read_bytes, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from zfstune.engine.protocol import Engine

NUMBER = 5000
PAGE = 8192


def exercised(engine: Engine, name: str, folder: Path, operations: Iterable[bytes]) -> int:
    """Pass operations in a file; return how many were carried out."""
    file = folder / "operations"
    file.write_bytes(b"".join(operations))
    with file.open("rb") as opened:
        return engine.exercise(name, opened.fileno())


def takes_objects(engine: Engine, name: str, folder: Path) -> bool:
    """Tell whether the engine is one of an image; the kernel's refuses."""
    try:
        exercised(engine, name, folder, [])
    except NotSupported:
        return False
    return True


def test_objects_hold_data(engine: Engine, tree: str, tmp_path: Path) -> None:
    """What is written takes space by records, what is read costs none; both are counted."""
    if not takes_objects(engine, tree, tmp_path):
        return
    engine.set(tree, {"compression": "off"})
    before = int(engine.dataset(tree).value("referenced") or 0)
    pages = [write_bytes(NUMBER, at, os.urandom(PAGE)) for at in range(0, 1 << 20, PAGE)]
    made = [make_object(NUMBER, 1 << 17), *pages]
    assert exercised(engine, tree, tmp_path, made) == 129
    engine.sync(tree.partition("/")[0])
    taken = int(engine.dataset(tree).value("referenced") or 0) - before
    assert 1 << 20 <= taken < (1 << 20) + (1 << 17)
    assert exercised(engine, tree, tmp_path, [read_bytes(NUMBER, 100, 1 << 18)]) == 1


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (b"\1" * 31, RefusedValue),
        (bytes([9]).ljust(32, b"\0"), RefusedValue),
        (make_object(NUMBER + 1, 0), RefusedValue),
        (make_object(NUMBER + 1, 700), RefusedValue),
        (make_object(NUMBER + 1, 1 << 40), RefusedValue),
        (make_object(0, 4096), RefusedValue),
        (make_object((1 << 64) - 1, 4096), RefusedValue),
        (make_object(NUMBER, 4096), AlreadyExists),
        (write_bytes(1, 0, b"the master node"), RefusedValue),
        (write_bytes(NUMBER + 1, 0, b"x"), NotFound),
        (write_bytes(NUMBER, 0, b""), RefusedValue),
        (write_bytes(NUMBER, 1 << 63, b"x"), RefusedValue),
        (write_bytes(NUMBER, 0, b"cut short")[:-1], RefusedValue),
        (write_bytes(NUMBER, 1536, b"behind its one block"), RefusedValue),
        (read_bytes(NUMBER, 1024, 1024), RefusedValue),
        (read_bytes(NUMBER, 0, (16 << 20) + 1), RefusedValue),
        (read_bytes(34, 0, 10), RefusedValue),
    ],
)
def test_operations_without_sense(
    engine: Engine, tree: str, tmp_path: Path, operation: bytes, error: type[Exception]
) -> None:
    """Each is refused, and neither ends the engine nor touches the filesystem's objects."""
    if not takes_objects(engine, tree, tmp_path):
        return
    exercised(engine, tree, tmp_path, [make_object(NUMBER, 1536)])
    with pytest.raises(error):
        exercised(engine, tree, tmp_path, [operation])
    assert exercised(engine, tree, tmp_path, [write_bytes(NUMBER, 0, b"still")]) == 1
    assert engine.dataset(tree).value("version") == "5"


def test_where_no_objects_go(engine: Engine, tree: str, tmp_path: Path) -> None:
    """A volume and a dataset that is not there take none."""
    if not takes_objects(engine, tree, tmp_path):
        return
    engine.create(f"{tree}/v", volume=True, properties={"volsize": "16M"})
    with pytest.raises(RefusedValue):
        exercised(engine, f"{tree}/v", tmp_path, [])
    with pytest.raises(NotFound):
        exercised(engine, f"{tree}/none", tmp_path, [])

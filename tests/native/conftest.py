"""The objects of native/, compiled once for the tests that read them."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING

import pytest

from native_code import DIALECT, NATIVE, compile_c, native

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Compile each source by itself, optimized as in a wheel."""
    folder = tmp_path_factory.mktemp("objects")
    parts: tuple[str, ...] = runpy.run_path(str(NATIVE / "build_zfs.py"))["SOURCES"]
    compiled = {part: folder / f"{part}.o" for part in parts}
    for part, path in compiled.items():
        # not position-independent: tables of pointers would count as writable
        compile_c("-c", "-O2", "-fno-pic", "-fno-pie", *DIALECT, *native(part), "-o", path)
    return compiled

"""Pools in plain files: no kernel, no root. Where libzpool is missing, these fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checked_documents import check_documents
from zfstune.engine import _image_process
from zfstune.engine.image import create_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

SIZE_BYTES = 1 << 30


@pytest.fixture(autouse=True)
def _documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold each JSON document against its schema."""
    check_documents(monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the name of a file that is not there yet."""
    return tmp_path / "x.zpool"


@pytest.fixture
def engine(file: Path) -> Iterator[ImageEngine]:
    """Give an engine on a new pool `tank`."""
    with create_image(file, size_bytes=SIZE_BYTES) as opened:
        yield opened


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the last process that had an image open."""
    monkeypatch.setattr(_image_process, "_WAIT_MS", 0)

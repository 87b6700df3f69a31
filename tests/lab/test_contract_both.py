"""What every engine does, done by the kernel and by an image of its release."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine_contract import *  # noqa: F403 (the tests that all engines share)
from zfstune.engine.image import create_image
from zfstune.engine.open import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine.protocol import Engine

FOLDER = Path("/dev/shm/zfstune-lab")  # noqa: S108 (the guest is ours alone)
# The libzpool of bookworm is that of the host, where tests/image runs the same tests.
ENGINES = ["kernel", "image"]
if os.environ.get("ZFSTUNE_LAB_RELEASE") == "bookworm":
    ENGINES.remove("image")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, pool: str) -> Iterator[Engine]:
    """Give either engine, on a pool of one name."""
    if request.param == "kernel":
        with open_engine() as opened:
            yield opened
        return
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{secrets.token_hex(4)}.zpool"
    with create_image(file, size_bytes=512 << 20, pool=pool) as opened:
        yield opened
    file.unlink()


@pytest.fixture
def tree(engine: Engine, pool: str) -> str:
    """Give a filesystem of its own; it goes with its pool."""
    name = f"{pool}/{secrets.token_hex(4)}"
    engine.create(name)
    return name

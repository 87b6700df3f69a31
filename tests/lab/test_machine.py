"""Random changes on the kernel's pool, on an image, and on both side by side."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine_machine import EXAMPLES, walk
from zfstune.engine.image import create_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine.protocol import Engine

FOLDER = Path("/dev/shm/zfstune-lab")  # noqa: S108 (the guest is ours alone)


@pytest.fixture
def image(pool: str) -> Iterator[Engine]:
    """Give an image whose pool has the name of the kernel's."""
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{secrets.token_hex(4)}.zpool"
    with create_image(file, size_bytes=512 << 20, pool=pool) as opened:
        yield opened
    file.unlink()


def test_machine(pool: str, engine: Engine) -> None:
    """Whatever the order of calls, engine and model agree on result and refusal."""
    # an image walks three times as far on the host, which is not emulated
    walk(engine, pool=pool, mounts=True, examples=max(1, EXAMPLES // 3))


def test_machine_side_by_side(pool: str, engine: Engine, image: Engine) -> None:
    """The kernel and an image of its release say the same, to the last property."""
    # each step is made and read twice, in emulation
    walk(engine, image, pool=pool, examples=max(1, EXAMPLES // 3))

"""pytest fixtures with ZFS pools of their own, for tests of code that uses ZFS.

pytest loads this module by itself where zfstune is installed (entry point ``zfstune``).
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

__all__ = ["MakePool", "make_zfs_image", "zfs_image"]

_SIZE_BYTES = 1 << 30  # the file is sparse: a new pool takes some 2 MiB
_ASHIFT = 12


class MakePool(Protocol):
    """The type of the fixture `make_zfs_image`, to annotate a test with."""

    def __call__(
        self, name: str = "tank", *, size_bytes: int = ..., ashift: int = ...
    ) -> ImageEngine:
        """Make a pool, and return an open engine on it."""


@pytest.fixture
def make_zfs_image(tmp_path: Path) -> Iterator[MakePool]:
    """Give a function that makes a pool and returns an open engine on it.

    Its arguments are the name of the pool (``tank``), `size_bytes` of the file (1 GiB,
    sparse) and `ashift` (12, sectors of 4K). A pool lies in the file NAME.zpool of the
    test's `tmp_path`, and two of one test have two names.

    The pools run on real OpenZFS in user space, which needs libzpool, but no kernel
    module and no root. Each has a process of its own, and all are closed with the test.
    """
    # Not at pytest's start.
    from zfstune.engine.image import create_image  # noqa: PLC0415
    from zfstune.values.errors import AlreadyExists  # noqa: PLC0415

    with ExitStack() as opened:

        def make(
            name: str = "tank", *, size_bytes: int = _SIZE_BYTES, ashift: int = _ASHIFT
        ) -> ImageEngine:
            file = tmp_path / f"{name}.zpool"
            if file.exists():
                raise AlreadyExists(
                    operation="make pool",
                    target=name,
                    reason="this test has one of that name",
                    hint=f"give this one another, as in make_zfs_image({f'{name}2'!r})",
                )
            engine = create_image(file, size_bytes=size_bytes, ashift=ashift, pool=name)
            return opened.enter_context(engine)

        yield make


@pytest.fixture
def zfs_image(make_zfs_image: MakePool) -> ImageEngine:
    """Give an open engine on a new pool `tank`, 1 GiB in a sparse file.

    It is `make_zfs_image` called once.
    """
    return make_zfs_image()

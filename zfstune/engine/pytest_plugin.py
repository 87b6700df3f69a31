"""A pytest fixture with a ZFS pool of its own, for tests of code that uses ZFS.

pytest loads this module by itself where zfstune is installed (entry point ``zfstune``).
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

__all__ = ["zfs_image"]

_SIZE_BYTES = 1 << 30  # the file is sparse: a new pool takes some 2 MiB


@pytest.fixture
def zfs_image(tmp_path: Path) -> Iterator[ImageEngine]:
    """Yield an open engine on a new pool `tank`, 1 GiB in a sparse file.

    The pool runs on real OpenZFS in user space, which needs libzpool, but no kernel
    module and no root. It goes with the test's `tmp_path`.
    """
    from zfstune.engine.image import create_image  # noqa: PLC0415 (not at pytest's start)

    with create_image(tmp_path / "tank.zpool", size_bytes=_SIZE_BYTES) as engine:
        yield engine

"""Restore in an image: the refusal says what to do instead, and what was mistyped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zfstune

if TYPE_CHECKING:
    from zfstune.engine.image import ImageEngine


def test_no_kernel_has_the_files_mounted(engine: ImageEngine) -> None:
    """A snapshot that exists is refused with the way out, a slip of the pen is named."""
    engine.create("tank/home")
    engine.take_snapshots(["tank/home@monday"])
    with pytest.raises(zfstune.NotSupported, match="in an image") as caught:
        zfstune.restore("tank/home@monday", "note", engine=engine)
    assert "zfstune rollback tank/home@monday" in caught.value.hint
    with pytest.raises(zfstune.NotFound) as missing:
        zfstune.restore("tank/home@mondya", "note", engine=engine)
    assert "did you mean 'monday'?" in missing.value.hint

"""Where data lies in a pool, as far as arithmetic goes."""

from __future__ import annotations

import pytest

from made_plan import POOL
from zfstune.values.frozen import replace
from zfstune.values.layout import are_alike, data_vdev, layout_of
from zfstune.values.state import Vdev

MIRROR = Vdev("mirror", 12, "normal", ("/a", "/b"), None)
THREE = replace(MIRROR, devices=("/c", "/d", "/e"))
COARSE = replace(MIRROR, ashift=13)
RAIDZ = Vdev("raidz1", 9, "normal", tuple("abc"), None, width=3, parity=1)
SPECIAL = replace(MIRROR, role="special", devices=("/s", "/t"))
LOG = replace(MIRROR, role="log", devices=("/l", "/m"))


def test_the_vdev_that_stands_for_all() -> None:
    """It is the one on which a block takes the most space, whatever its place."""
    for vdevs in ((MIRROR, RAIDZ, SPECIAL), (LOG, RAIDZ, MIRROR)):
        assert data_vdev(replace(POOL, vdevs=vdevs)) == RAIDZ
    assert data_vdev(replace(POOL, vdevs=(MIRROR, COARSE))) == COARSE


@pytest.mark.parametrize(
    ("vdevs", "alike"),
    [
        ((MIRROR,), True),
        ((MIRROR, replace(MIRROR, devices=("/x", "/y")), SPECIAL, LOG), True),
        ((MIRROR, RAIDZ), False),
        ((MIRROR, COARSE), False),
        ((MIRROR, THREE), False),
        ((replace(MIRROR, kind="disk"), replace(MIRROR, kind="file")), True),
    ],
)
def test_vdevs_that_are_alike(vdevs: tuple[Vdev, ...], *, alike: bool) -> None:
    """They are, where a block takes the same space and as many writes on each."""
    assert are_alike(replace(POOL, vdevs=vdevs)) is alike


def test_small_blocks() -> None:
    """They go to the special vdev where there is one and special_small_blocks is set."""
    pool = replace(POOL, vdevs=(RAIDZ, COARSE, SPECIAL))
    layout = layout_of(pool, small_bytes=32 << 10)
    assert layout.vdev_of(32 << 10) == SPECIAL
    assert layout.vdev_of(36 << 10) == RAIDZ
    assert layout.ashift == 9  # the smallest of those that hold data
    assert layout_of(pool).vdev_of(512) == RAIDZ
    assert layout_of(POOL, small_bytes=32 << 10).vdev_of(512) == POOL.vdevs[0]

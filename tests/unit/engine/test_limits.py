"""Limits of the running release, read from /sys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.engine import _limits
from zfstune.engine._limits import limits_of, read_limits

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("release", "volblocksize"),
    [((2, 1, 11), 128 << 10), ((2, 3, 9), 128 << 10), ((2, 4), 16 << 20)],
)
def test_large_blocks_of_volumes_came_with_2_4(
    release: tuple[int, ...], volblocksize: int
) -> None:
    """Before 2.4 a volume's blocks stop at 128K, whatever filesystems may have."""
    limits = limits_of(release, 16 << 20)
    assert limits.max_recordsize_bytes == 16 << 20
    assert limits.max_volblocksize_bytes == volblocksize
    assert limits.release == release


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("2.1.11-1\n", (2, 1, 11)),
        ("2.3.1-0york0~22.04\n", (2, 3, 1)),
        ("2.4.99-12_g1234\n", (2, 4, 99)),
        ("2.2.0.1-x\n", (2, 2, 0)),
    ],
)
def test_the_module_says_its_release(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, release: tuple[int, ...]
) -> None:
    """The first three numbers count; a distribution adds its own after them."""
    (tmp_path / "parameters").mkdir()
    (tmp_path / "version").write_text(version)
    (tmp_path / "parameters" / "zfs_max_recordsize").write_text("4194304\n")
    monkeypatch.setattr(_limits, "_MODULE", str(tmp_path))
    limits = read_limits()
    assert limits.release == release
    assert limits.max_recordsize_bytes == 4 << 20


def test_nothing_to_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where /sys is hidden, as in some containers, the oldest release is assumed."""
    monkeypatch.setattr(_limits, "_MODULE", str(tmp_path))
    limits = read_limits()
    assert limits.release == (2, 1)
    assert limits.max_recordsize_bytes == 1 << 20

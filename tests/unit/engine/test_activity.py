"""A pool's activity, from configurations as kernels give them."""

from __future__ import annotations

from typing import Any

import pytest

from zfstune.engine._activity import pool_activity
from zfstune.values.pool_activity import DeviceTraffic


def leaf(path: str, first: int) -> dict[str, Any]:
    """Return a leaf whose statistics count up from a number."""
    return {"type": "disk", "path": path, "vdev_stats": list(range(first, first + 45))}


def tree(*children: dict[str, Any], **more: object) -> dict[str, Any]:
    """Return a configuration with these top-level vdevs."""
    return {"vdev_tree": {"type": "root", "children": list(children), **more}}


def test_each_leaf_counts() -> None:
    """Mirrors and raidz are passed through to their leaves; a hole has no path."""
    mirror = {"type": "mirror", "children": [leaf("/a", 0), leaf("/b", 100)]}
    hole = {"type": "hole", "vdev_stats": [0] * 45}
    found = pool_activity(tree(mirror, hole, leaf("/log", 200)), {})
    assert found.devices == (
        DeviceTraffic("/a", read_bytes=15, written_bytes=16, reads=9, writes=10),
        DeviceTraffic("/b", read_bytes=115, written_bytes=116, reads=109, writes=110),
        DeviceTraffic("/log", read_bytes=215, written_bytes=216, reads=209, writes=210),
    )
    assert (found.busy_with, found.fragmentation_percent) == ("", 0)


@pytest.mark.parametrize(
    ("scan", "word"),
    [
        ([1, 1, *[0] * 12], "scrub"),
        ([2, 1, *[0] * 12], "resilver"),
        ([1, 2, *[0] * 12], ""),  # it has ended
        ([1, 1, *[0] * 9, 1700000000, 0, 0], ""),  # it pauses
        ([1, 2, *[0] * 14, 4, 0], "scrub"),  # of errors alone
        ([], ""),
    ],
)
def test_scans(scan: list[int], word: str) -> None:
    """A scrub or resilver is told while it is under way, and not while it pauses."""
    assert pool_activity(tree(scan_stats=scan), {}).busy_with == word


def test_rebuild() -> None:
    """A mirror or draid that is rebuilt in order is busy too."""
    rebuilt = {**leaf("/a", 0), "org.openzfs:rebuild_stats": [1, 0, 0]}
    assert pool_activity(tree(rebuilt), {}).busy_with == "rebuild"


@pytest.mark.parametrize(("value", "percent"), [(17, 17), ((1 << 64) - 1, 0)])
def test_fragmentation(value: int, percent: int) -> None:
    """The pool tells how fragmented its free space is; an unknown value is none."""
    props = {"fragmentation": {"value": value, "source": 0}}
    assert pool_activity(tree(), props).fragmentation_percent == percent

"""What goes on in a pool."""

from __future__ import annotations

from zfstune.values.pool_activity import DeviceTraffic, PoolActivity


def test_sums() -> None:
    """The bytes of a pool are those of all its devices."""
    devices = (DeviceTraffic("/a", 10, 3, 1, 1), DeviceTraffic("/b", 20, 4, 1, 1))
    activity = PoolActivity(devices, busy_with="", fragmentation_percent=0)
    assert (activity.read_bytes, activity.written_bytes) == (30, 7)

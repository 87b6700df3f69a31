"""What goes on in a pool: the bytes that passed its devices, and what it is busy with."""

from __future__ import annotations

from zfstune.values.frozen import frozen

__all__ = ["DeviceTraffic", "PoolActivity"]


@frozen
class DeviceTraffic:
    """What has passed between ZFS and one device since the pool was imported.

    Attributes:
        path: The device.
        read_bytes: Bytes read, after neighbours were read together.
        written_bytes: Bytes written, parity, metadata and labels included.
        reads: How many requests read.
        writes: How many requests wrote.
    """

    path: str
    read_bytes: int
    written_bytes: int
    reads: int
    writes: int


@frozen
class PoolActivity:
    """What goes on in a pool.

    Attributes:
        devices: The devices at the leaves of its vdevs, log and special vdevs included.
        busy_with: ``scrub``, ``resilver`` or ``rebuild`` while one is under way, else
            empty. One that is paused is none.
        fragmentation_percent: Of its free space; 0 where nobody knows.
    """

    devices: tuple[DeviceTraffic, ...]
    busy_with: str
    fragmentation_percent: int

    @property
    def read_bytes(self) -> int:
        """The bytes that all devices read."""
        return sum(device.read_bytes for device in self.devices)

    @property
    def written_bytes(self) -> int:
        """The bytes that all devices wrote."""
        return sum(device.written_bytes for device in self.devices)

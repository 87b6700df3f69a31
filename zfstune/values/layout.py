"""The layout of a pool: on which vdev a block of data lies, as far as arithmetic goes.

Blocks are spread over all vdevs of their class. Where these are not alike, each answer is
about the vdev on which a block takes the most space, so that nothing is promised.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.state import PoolInfo, Vdev

__all__ = ["DataLayout", "are_alike", "data_vdev", "layout_of"]

_NORMAL, _SPECIAL = "normal", "special"


@frozen
class DataLayout:
    """Where the data of a filesystem lies.

    Attributes:
        vdev: The vdev of its blocks.
        small_vdev: The vdev of its small blocks; None: they lie with the others.
        small_bytes: Blocks of at most this stored size are small.
        ashift: Stored sizes are multiples of this sector, as a power of two.
        copies: The ``copies`` property.
    """

    vdev: Vdev
    small_vdev: Vdev | None
    small_bytes: int
    ashift: int
    copies: int = 1

    def vdev_of(self, stored: int) -> Vdev:
        """Return the vdev of a block, by its stored size in bytes.

        spa_preferred_class() in module/zfs/spa_misc.c compares the size after
        compression with ``special_small_blocks``.
        """
        if self.small_vdev is not None and stored <= self.small_bytes:
            return self.small_vdev
        return self.vdev


def data_vdev(pool: PoolInfo) -> Vdev:
    """Return the vdev that stands for all those that hold data."""
    return _largest(pool, _NORMAL)


def are_alike(pool: PoolInfo) -> bool:
    """Tell whether a block takes the same space on each vdev that holds data."""
    return len({_geometry(vdev) for vdev in pool.vdevs if vdev.role == _NORMAL}) == 1


def layout_of(pool: PoolInfo, *, small_bytes: int = 0, copies: int = 1) -> DataLayout:
    """Return where the data of a filesystem lies.

    Args:
        pool: The pool.
        small_bytes: The value of ``special_small_blocks``; 0: it sends nothing to the
            special vdev.
        copies: The value of ``copies``.
    """
    special = any(vdev.role == _SPECIAL for vdev in pool.vdevs)
    return DataLayout(
        vdev=data_vdev(pool),
        small_vdev=_largest(pool, _SPECIAL) if special and small_bytes else None,
        small_bytes=small_bytes,
        # Only vdevs of the normal class count (vdev_metaslab_group_create() in
        # module/zfs/vdev.c).
        ashift=min(vdev.ashift for vdev in pool.vdevs if vdev.role == _NORMAL),
        copies=copies,
    )


def _largest(pool: PoolInfo, role: str) -> Vdev:
    vdevs = [vdev for vdev in pool.vdevs if vdev.role == role]
    return max(vdevs, key=lambda vdev: (vdev.parity, vdev.ashift))


def _geometry(vdev: Vdev) -> tuple[str, int, int, int, int]:
    sides = len(vdev.devices) if vdev.kind == "mirror" else 0
    kind = "disk" if vdev.kind == "file" else vdev.kind
    return kind, vdev.ashift, vdev.width, vdev.parity, sides

"""The block size and reservation of a volume, chosen as ``zfs create -V`` does."""

from __future__ import annotations

from zfstune.values.properties import AUTO_RESERVATION, default_of
from zfstune.values.property_rules import cannot_set
from zfstune.values.size import MAX_SIZE
from zfstune.values.volume import default_block_bytes, reservation_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfstune.values.property_table import Release
    from zfstune.values.state import Dataset, Vdev

__all__ = ["complete_volume", "fix_reservation"]

# libzfs of 2.1 scales by the parity of raidz in one step and later releases by sectors, so
# their results differ a little.
_ROUNDING_BYTES = 256


def complete_volume(
    values: dict[str, int | str], release: Release, vdevs: Sequence[Vdev]
) -> None:
    """Add block size and reservation to the properties of a new volume.

    Raises:
        InvalidProperty: Its size, rounded up to whole blocks, does not fit 64 bits.
    """
    least = int(default_of("volblocksize", release))
    block = int(values.get("volblocksize") or default_block_bytes(least, vdevs))
    # It is set explicitly, so that the reservation fits it whatever the kernel's default.
    values["volblocksize"] = block
    # A new size is rounded up to whole blocks, as zfs_do_create() does
    # (cmd/zfs/zfs_main.c). When a size is changed, zfs and zfstune refuse to round it.
    size = -(-int(values["volsize"]) // block) * block
    if size > MAX_SIZE:
        raise cannot_set("volsize", str(values["volsize"]), "it does not fit 64 bits")
    values["volsize"] = size
    if values.get("refreservation", AUTO_RESERVATION) == AUTO_RESERVATION:
        copies = int(values.get("copies", 1))
        values["refreservation"] = _reservation(size, block, copies, vdevs)


def fix_reservation(
    values: dict[str, int | str], dataset: Dataset, vdevs: Sequence[Vdev]
) -> dict[str, int | str]:
    """Let the reservation of a volume follow its size, as ``zfs set`` does.

    ``refreservation=auto`` becomes a number. With a new ``volsize`` the reservation
    changes too, if it was the automatic one of the old size. Any other reservation stays,
    and a sparse volume stays sparse (zfs_add_synthetic_resv() in
    lib/libzfs/libzfs_dataset.c).

    Args:
        values: The properties to set; ``refreservation`` is added or changed.
        dataset: The volume as it is.
        vdevs: The pool's top-level vdevs.

    Returns:
        The old values, to set again if the kernel refuses the new ones.
    """
    if dataset.kind != "volume":
        return {}
    size = int(dataset.value("volsize") or 0)
    block = int(dataset.value("volblocksize") or 0)
    copies = int(dataset.value("copies") or 1)
    new_size = int(values.get("volsize", size))
    new_copies = int(values.get("copies", copies))
    if values.get("refreservation") == AUTO_RESERVATION:
        values["refreservation"] = _reservation(new_size, block, new_copies, vdevs)
        return {}
    reserved = int(dataset.value("refreservation") or 0)
    if "volsize" not in values or "refreservation" in values:
        return {}
    # libzfs ignores copies, so a reservation that it made is recognised without them.
    for counted, new_counted in ((copies, new_copies), (1, 1)):
        automatic = _reservation(size, block, counted, vdevs)
        if abs(reserved - automatic) <= _ROUNDING_BYTES:
            values["refreservation"] = _reservation(new_size, block, new_counted, vdevs)
            return {"volsize": size, "refreservation": reserved}
    return {}


def _reservation(size: int, block: int, copies: int, vdevs: Sequence[Vdev]) -> int:
    """Compute the reservation of a volume, at most the largest that the kernel takes."""
    return min(reservation_bytes(size, block, copies=copies, vdevs=vdevs), MAX_SIZE - 1)

"""What a volume is created with beyond what was asked for, as ``zfs create -V`` does."""

from __future__ import annotations

from zfstune.properties import AUTO, default_of
from zfstune.volume import default_block_bytes, reservation_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfstune.property_table import Release
    from zfstune.state import Dataset, Vdev

__all__ = ["AUTO", "complete", "reservation"]


def complete(values: dict[str, int | str], release: Release, vdevs: Sequence[Vdev]) -> None:
    """Add block size and reservation to the properties of a new volume."""
    size = int(values["volsize"])
    least = int(default_of("volblocksize", release))
    block = int(values.get("volblocksize") or default_block_bytes(size, least, vdevs))
    # said out loud, so that the reservation fits whatever the default is
    values["volblocksize"] = block
    if values.get("refreservation", AUTO) == AUTO:
        copies = int(values.get("copies", 1))
        values["refreservation"] = reservation_bytes(
            size, block, copies=copies, vdevs=vdevs
        )


def reservation(
    values: dict[str, int | str], dataset: Dataset, vdevs: Sequence[Vdev]
) -> int:
    """Compute what ``refreservation=auto`` is of a volume that is being changed."""
    return reservation_bytes(
        int(values.get("volsize") or dataset.value("volsize") or 0),
        int(dataset.value("volblocksize") or 0),
        copies=int(values.get("copies") or dataset.value("copies") or 1),
        vdevs=vdevs,
    )

"""Block size and reservation of a volume."""

from __future__ import annotations

import pytest

from zfstune.engine._volume import complete_volume, fix_reservation
from zfstune.values.errors import InvalidProperty
from zfstune.values.properties import AUTO_RESERVATION
from zfstune.values.size import MAX_SIZE
from zfstune.values.state import Dataset, PropertyValue, Vdev
from zfstune.values.volume import reservation_bytes

DISK = [Vdev("disk", 12, "normal", (), None)]
G, K = 1 << 30, 1 << 10


def completed(**values: int | str) -> dict[str, int | str]:
    """Return the properties of a new volume on one disk, in 2.3."""
    complete_volume(values, (2, 3), DISK)
    return values


def volume(size: int, reserved: int, copies: int = 1) -> Dataset:
    """Return a volume with blocks of 16K."""
    values = {"volsize": size, "volblocksize": 16 * K, "refreservation": reserved}
    texts = {name: PropertyValue(str(value)) for name, value in values.items()}
    return Dataset(
        "tank/v", "volume", 1, 1, {**texts, "copies": PropertyValue(str(copies))}
    )


def due(size: int, copies: int = 1) -> int:
    """Return the automatic reservation of such a volume."""
    return reservation_bytes(size, 16 * K, copies=copies, vdevs=DISK)


def test_a_new_volume_reserves_its_size() -> None:
    """The block size is set explicitly, and the reservation covers it."""
    values = completed(volsize=G)
    assert values == {"volsize": G, "volblocksize": 16 * K, "refreservation": due(G)}


@pytest.mark.parametrize("reservation", [0, 5 * K])
def test_a_chosen_reservation_stays(reservation: int) -> None:
    """A reservation that the caller chose stays, and none makes a sparse volume."""
    assert completed(volsize=G, refreservation=reservation)["refreservation"] == reservation


def test_a_size_is_rounded_up_to_blocks() -> None:
    """A size is rounded up to whole blocks, as `zfs create -V` does."""
    assert completed(volsize=16 * K + 1)["volsize"] == 32 * K
    with pytest.raises(InvalidProperty, match="does not fit 64 bits"):
        completed(volsize=MAX_SIZE - 1, volblocksize=16 * K)


@pytest.mark.parametrize("copies", [1, 2])
def test_the_automatic_reservation_follows_the_size(copies: int) -> None:
    """The automatic reservation of the old size becomes that of the new one."""
    values: dict[str, int | str] = {"volsize": 2 * G}
    before = fix_reservation(values, volume(G, due(G, copies), copies), DISK)
    assert values["refreservation"] == due(2 * G, copies)
    assert before == {"volsize": G, "refreservation": due(G, copies)}


@pytest.mark.parametrize("reserved", [0, 12345678])
def test_another_reservation_stays(reserved: int) -> None:
    """A sparse volume stays sparse, and somebody's own number stays."""
    values: dict[str, int | str] = {"volsize": 2 * G}
    assert fix_reservation(values, volume(G, reserved), DISK) == {}
    assert values == {"volsize": 2 * G}


def test_auto_becomes_a_number() -> None:
    """The word auto becomes a number, for the kernel knows no such word."""
    values: dict[str, int | str] = {"refreservation": AUTO_RESERVATION}
    assert fix_reservation(values, volume(G, 0), DISK) == {}
    assert values == {"refreservation": due(G)}


def test_a_filesystem_reserves_nothing() -> None:
    """The values of a filesystem stay as they are."""
    values: dict[str, int | str] = {"refreservation": 5}
    assert fix_reservation(values, Dataset("tank/a", "filesystem", 1, 1), DISK) == {}
    assert values == {"refreservation": 5}

"""Volumes: their size, their blocks, and what is reserved for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine_contract.words import MIB
from zfstune.values.errors import (
    EngineError,
    InvalidProperty,
    InvalidValue,
    NoSpace,
    ReadOnly,
    RefusedValue,
)

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine


def test_volumes(engine: Engine, tree: str) -> None:
    """A volume has size, block size and reservation, and can be resized."""
    name = f"{tree}/v"
    engine.create(name, volume=True, properties={"volsize": "16M", "volblocksize": "16K"})
    made = engine.dataset(name)
    assert made.kind == "volume"
    assert made.value("volsize") == str(16 * MIB)
    assert made.value("volblocksize") == str(16 << 10)
    assert int(made.local("refreservation") or 0) >= 16 * MIB
    engine.set(name, {"volsize": "32M", "refreservation": "none"})
    assert engine.dataset(name).value("volsize") == str(32 * MIB)
    assert engine.dataset(name).value("refreservation") == "0"
    for wrong in ("0", "10000"):
        with pytest.raises((InvalidProperty, RefusedValue)):
            engine.set(name, {"volsize": wrong})
    engine.set(name, {"readonly": "on"})
    with pytest.raises(ReadOnly):
        engine.set(name, {"volsize": "48M"})
    engine.take_snapshots([f"{name}@s"])
    assert engine.snapshot(f"{name}@s").value("volsize") == str(32 * MIB)
    engine.clone(f"{name}@s", f"{tree}/w", properties={"volmode": "none"})
    assert engine.dataset(f"{tree}/w").local("volmode") == "none"
    with pytest.raises(InvalidProperty):
        engine.clone(f"{name}@s", f"{tree}/x", properties={"atime": "off"})


def test_the_size_of_a_new_volume_is_rounded_up(engine: Engine, tree: str) -> None:
    """To whole blocks, as `zfs create -V` does; a size that is set later has to fit."""
    for size, block, rounded in (
        ("35K", "16K", 48 << 10),
        ("35K", "8K", 40 << 10),
        ("1", "4K", 4 << 10),
        ("1M", "128K", MIB),
        ("1000001", "128K", MIB),
    ):
        name = f"{tree}/v{size}-{block}"
        engine.create(
            name, volume=True, properties={"volsize": size, "volblocksize": block}
        )
        made = engine.dataset(name)
        assert made.value("volsize") == str(rounded)
        assert int(made.value("refreservation") or 0) >= rounded
        with pytest.raises(InvalidProperty, match="no multiple"):
            engine.set(name, {"volsize": str(rounded + 512)})
    for beyond in ("16777215T", str(2**64 - 1)):
        with pytest.raises((InvalidProperty, InvalidValue, EngineError)):
            engine.create(f"{tree}/w", volume=True, properties={"volsize": beyond})
    assert not engine.exists(f"{tree}/w")


def reserved(engine: Engine, name: str) -> int:
    """Give what a volume reserves."""
    return int(engine.dataset(name).value("refreservation") or 0)


@pytest.mark.parametrize("block", ["4K", "8K", "128K"])
def test_a_reservation_follows_its_volume(engine: Engine, tree: str, block: str) -> None:
    """Grown or shrunk, a volume reserves what one made at that size does."""
    name = f"{tree}/v"
    engine.create(name, volume=True, properties={"volsize": "1M", "volblocksize": block})
    for size in ("2M", "512K", "4M", "1M"):
        engine.set(name, {"volsize": size, "org.x:y": size})
        # each of its own name: udev looks into a new volume, which is busy meanwhile
        made = f"{tree}/v{size}"
        wanted = {"volsize": size, "volblocksize": block}
        engine.create(made, volume=True, properties=wanted)
        assert reserved(engine, name) == reserved(engine, made) > 0
        assert engine.dataset(name).value("org.x:y") == size


def test_a_reservation_that_was_chosen_stays(engine: Engine, tree: str) -> None:
    """None, one of another size, and one that is set in the same call."""
    name = f"{tree}/v"
    engine.create(name, volume=True, properties={"volsize": "1M", "refreservation": "none"})
    engine.set(name, {"volsize": "2M"})
    assert reserved(engine, name) == 0
    engine.set(name, {"refreservation": "512K"})
    engine.set(name, {"volsize": "1M"})
    assert reserved(engine, name) == MIB // 2
    engine.set(name, {"refreservation": "auto"})
    full = reserved(engine, name)
    assert full > MIB
    engine.set(name, {"volsize": "2M", "refreservation": "768K"})
    assert reserved(engine, name) == 768 << 10
    engine.set(name, {"volsize": "1M", "refreservation": "auto"})
    assert reserved(engine, name) == full
    # two copies are reserved for, and so they are once it has grown
    engine.set(name, {"copies": "2", "refreservation": "auto"})
    twice = reserved(engine, name)
    engine.set(name, {"volsize": "2M"})
    assert reserved(engine, name) >= twice + 2 * MIB


def test_a_volume_that_cannot_be_reserved_for_keeps_its_size(
    engine: Engine, tree: str
) -> None:
    """Size and reservation grow together, or neither does."""
    name = f"{tree}/v"
    engine.create(name, volume=True, properties={"volsize": "1M"})
    before = reserved(engine, name)
    with pytest.raises(NoSpace):
        engine.set(name, {"volsize": "1T"})
    assert engine.dataset(name).value("volsize") == str(MIB)
    assert reserved(engine, name) == before
    engine.set(name, {"readonly": "on"})
    with pytest.raises(ReadOnly):
        engine.set(name, {"volsize": "2M"})
    assert engine.dataset(name).value("volsize") == str(MIB)
    assert reserved(engine, name) == before

"""Volumes: what zfstune reserves against what `zfs create -V` reserves."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

FILE = ("FILE",)
LAYOUTS = {
    "mirror": ("mirror", *FILE * 2),
    "raidz1": ("raidz1", *FILE * 3),
    "raidz2": ("raidz2", *FILE * 6),
    "raidz3": ("raidz3", *FILE * 5),
    "draid1": ("draid1:2d:4c:1s", *FILE * 4),
    "draid2": ("draid2:3d:7c:1s", *FILE * 7),
    "mixed": ("raidz1", *FILE * 3, "raidz2", *FILE * 4, "log", "FILE"),
}
# volblocksize and volsize
VOLUMES = (
    ("4K", 60 << 20),
    ("8K", 64 << 20),
    ("16K", 48 << 20),
    ("128K", 128 << 20),
)
# libzfs of 2.1 scales in one step, later ones by sectors: at most that many apart.
ROUNDING_BYTES = {"bookworm": 256}.get(os.environ["ZFSTUNE_LAB_RELEASE"], 0)
NUMBERS = count()
Volume = tuple[int, int, int]


@pytest.fixture(scope="module", params=LAYOUTS)
def tank(
    request: pytest.FixtureRequest,
    make_pool: Callable[..., str],
    command: Callable[..., str],
) -> Iterator[str]:
    """Give a pool of each layout, with sectors of 4 KiB; no volume needs a device."""
    options = ("-o", "ashift=12", "-O", "volmode=none")
    name = make_pool(*LAYOUTS[request.param], options=options, size_bytes=2 << 30)
    yield name
    command("zpool", "destroy", "-f", name)


@pytest.fixture
def volume(tank: str) -> str:
    """Give a name that no volume has had yet."""
    return f"{tank}/v{next(NUMBERS)}"


def seen(command: Callable[..., str], *names: str) -> list[Volume]:
    """Give volsize, volblocksize and refreservation of each, as `zfs get` has them."""
    props = "volsize,volblocksize,refreservation"
    values = map(int, command("zfs", "get", "-Hp", "-o", "value", props, *names).split())
    return list(zip(values, values, values, strict=True))


def close(found: Volume, expected: Volume) -> bool:
    """Tell whether two are the same but for how this release rounds."""
    apart = abs(found[2] - expected[2])
    return found[:2] == expected[:2] and apart <= ROUNDING_BYTES


@pytest.mark.parametrize(("block", "size"), VOLUMES)
def test_reservation(
    volume: str, engine: Engine, command: Callable[..., str], block: str, size: int
) -> None:
    """The reservation is the number that libzfs computes, on each layout."""
    command("zfs", "create", "-V", str(size), "-b", block, f"{volume}a")
    engine.create(
        f"{volume}b", properties={"volsize": str(size), "volblocksize": block}, volume=True
    )
    expected, found = seen(command, f"{volume}a", f"{volume}b")
    assert close(found, expected), (found, expected)


def test_default_block(volume: str, engine: Engine, command: Callable[..., str]) -> None:
    """Without a volblocksize, a volume gets the one that suits the pool's layout."""
    command("zfs", "create", "-sV", "64M", f"{volume}a")
    [(_, block, _)] = seen(command, f"{volume}a")
    command("zfs", "create", "-V", "64M", "-b", str(block), f"{volume}b")
    engine.create(f"{volume}c", properties={"volsize": "64M"}, volume=True)
    # and is reserved for as if that had been asked for
    expected, found = seen(command, f"{volume}b", f"{volume}c")
    assert close(found, expected), (found, expected)


@pytest.mark.parametrize("tank", ["mirror"], indirect=True)
def test_sparse(volume: str, engine: Engine, command: Callable[..., str]) -> None:
    """refreservation=none makes what `zfs create -s` makes."""
    command("zfs", "create", "-sV", "64M", f"{volume}a")
    wanted = {"volsize": "64M", "refreservation": "none"}
    engine.create(f"{volume}b", properties=wanted, volume=True)
    expected, found = seen(command, f"{volume}a", f"{volume}b")
    assert found == expected


def test_growing(volume: str, engine: Engine, command: Callable[..., str]) -> None:
    """refreservation=auto follows a new volsize as it does for the zfs command."""
    for name in (f"{volume}a", f"{volume}b"):
        command("zfs", "create", "-V", "16M", "-b", "16K", name)
    command("zfs", "set", "volsize=32M", f"{volume}a")
    command("zfs", "set", "refreservation=auto", f"{volume}a")
    engine.set(f"{volume}b", {"volsize": "32M", "refreservation": "auto"})
    expected, found = seen(command, f"{volume}a", f"{volume}b")
    assert close(found, expected), (found, expected)


@pytest.mark.parametrize("size", ["64M", "16M", "47M"])
def test_resizing(
    volume: str, engine: Engine, command: Callable[..., str], size: str
) -> None:
    """A new volsize takes along what was reserved for the old one, as with `zfs set`."""
    for name in (f"{volume}a", f"{volume}b"):
        command("zfs", "create", "-V", "32M", "-b", "16K", name)
    command("zfs", "set", f"volsize={size}", f"{volume}a")
    engine.set(f"{volume}b", {"volsize": size})
    expected, found = seen(command, f"{volume}a", f"{volume}b")
    assert found[2] > found[0]
    assert close(found, expected), (found, expected)
    # chosen otherwise, it stays
    for name in (f"{volume}a", f"{volume}b"):
        command("zfs", "set", "refreservation=5M", name)
    command("zfs", "set", "volsize=32M", f"{volume}a")
    engine.set(f"{volume}b", {"volsize": "32M"})
    expected, found = seen(command, f"{volume}a", f"{volume}b")
    assert found == expected


@pytest.mark.parametrize("tank", ["mirror"], indirect=True)
@pytest.mark.parametrize(
    ("size", "block"), [("35K", "16K"), ("1000001", "8K"), ("3000001", "128K")]
)
def test_rounding(
    volume: str, engine: Engine, command: Callable[..., str], size: str, block: str
) -> None:
    """A size that is no multiple of its block is rounded up as `zfs create -V` does."""
    command("zfs", "create", "-sV", size, "-b", block, f"{volume}a")
    wanted = {"volsize": size, "volblocksize": block, "refreservation": "none"}
    engine.create(f"{volume}b", properties=wanted, volume=True)
    expected, found = seen(command, f"{volume}a", f"{volume}b")
    assert found == expected


def test_copies_are_reserved_for(
    volume: str, engine: Engine, command: Callable[..., str]
) -> None:
    """Two copies take twice the room: zfstune counts them, `zfs create -V` forgets to."""
    wanted = {"volsize": "16M", "volblocksize": "16K"}
    engine.create(f"{volume}a", properties=wanted, volume=True)
    engine.create(f"{volume}b", properties={**wanted, "copies": "2"}, volume=True)
    one, two = seen(command, f"{volume}a", f"{volume}b")
    # data doubles; metadata, which has a copy more than data, goes from two to three
    assert one[2] + one[0] <= two[2] <= 2 * one[2]

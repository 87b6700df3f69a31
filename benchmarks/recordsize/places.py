"""The pools that record sizes are measured on: a user's own, or made on devices."""

from __future__ import annotations

import secrets
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from devices import DeviceError, clear, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LAYOUTS", "Place", "made_pool", "matrix"]

# The words of zpool create behind the pool's name, and how many devices they take.
LAYOUTS = {
    "single": ("", 1),
    "mirror": ("mirror", 2),
    "raidz1": ("raidz1", 5),
    "raidz2": ("raidz2", 6),
    "draid1": ("draid1:4d:6c:1s", 6),
}
ASHIFTS = (12, 9, 13)


class Place(NamedTuple):
    """A pool, or how to make one.

    Attributes:
        pool: Name of a pool that is there; empty: it is made.
        layout: A key of `LAYOUTS`.
        ashift: Its ashift; 0: as ZFS chooses.
        devices: What it is made of.
        of_matrix: It is one of many.
    """

    pool: str
    layout: str
    ashift: int
    devices: tuple[str, ...]
    of_matrix: bool = False

    def __str__(self) -> str:
        """Name the place in the name of a test."""
        return self.pool or f"{self.layout}-{self.ashift or 'default'}"


def matrix(devices: Sequence[str]) -> Iterator[Place]:
    """Return each layout with each ashift; the usual ashift first."""
    for ashift in ASHIFTS:
        for layout, (_, count) in LAYOUTS.items():
            yield Place("", layout, ashift, tuple(devices[:count]), of_matrix=True)


def made_pool(place: Place) -> Iterator[str]:
    """Make a pool, and destroy it when the caller goes on.

    Raises:
        DeviceError: A device may hold something.
    """
    for device in place.devices:
        reason = refusal(device)
        if reason:
            raise DeviceError(f"cannot use '{device}': {reason}")
    name = f"zfstune-bench-{secrets.token_hex(4)}"
    words, count = LAYOUTS[place.layout]
    if len(place.devices) != count:
        raise DeviceError(
            f"cannot make a {place.layout}: it takes {count} devices, and "
            f"{len(place.devices)} were named"
        )
    options = ("-o", f"ashift={place.ashift}") if place.ashift else ()
    layout = (words,) if words else ()
    _run("zpool", "create", "-m", "none", *options, name, *layout, *place.devices)
    try:
        yield name
    finally:
        _run("zpool", "destroy", "-f", name)
        for device in place.devices:
            clear(device)


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeviceError(f"{' '.join(argv)}: {done.stderr.strip()}")

"""Listing: name, createtxg and guid of ten thousand snapshots."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from zfstune.engine.open import open_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.timeout(3600)

YARDSTICK = "library"
LAPS = {"list 10,000 snapshots": {"C program": 7, "library": 7, "zfs list -Hp": 3}}
TARGETS = [("library", "C program", 1.3)]
DATASETS = 100
EACH = 100


@pytest.fixture(scope="module")
def datasets(pool: str, scaled: Callable[[int], int]) -> list[str]:
    """Give mounted datasets with a hundred snapshots each."""
    made = [f"{pool}/d{number:03}" for number in range(scaled(DATASETS))]
    with open_engine() as engine:
        for name in made:
            engine.create(name)
            engine.mount(name)
        for number in range(EACH):
            engine.take_snapshots([f"{name}@s{number:03}" for name in made])
    return made


def _list(engine: Engine, datasets: list[str]) -> int:
    return sum(len(engine.snapshots(name)) for name in datasets)


def bench_listing(
    measure: Callable[..., None],
    datasets: list[str],
    peers: dict[str, str],
    pool: str,
    peer: str,
) -> None:
    """All snapshots of the pool; zfs finds the datasets itself, which takes it little."""
    if peer == "library":
        with open_engine() as engine:
            assert _list(engine, datasets) == EACH * len(datasets)
        measure(lambda: _open_and_list(datasets))
        return
    argv = {
        "C program": [peers["list"], *datasets],
        "zfs list -Hp": [
            *("zfs", "list", "-Hp", "-t", "snapshot", "-o", "name,createtxg,guid"),
            *("-r", pool),
        ],
    }[peer]
    measure(lambda: subprocess.run(argv, stdout=subprocess.DEVNULL, check=True))


def _open_and_list(datasets: list[str]) -> int:
    with open_engine() as engine:
        return _list(engine, datasets)

"""Two guests for all tests of this folder: they are booted once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab_pair import Pair, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

# All ways are many, and `make test` has no time for them.
WHOLE = "ZFSTUNE_LAB_WHOLE" in os.environ
ALL_WAYS = [
    (sender, how, there)
    for sender in ("elder", "newer")
    for how in ("push", "pull")
    for there in ("zfstune", "zfs alone")
]
SOME_WAYS = [("elder", "push", "zfstune"), ("newer", "pull", "zfs alone")]
TO_THE_ELDER = [
    way for way in ALL_WAYS if way[0] == "newer" and (WHOLE or way[1] == "push")
]


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """Boot the two machines."""
    # Sockets of a short name: one below pytest's own folder could be too long.
    with tempfile.TemporaryDirectory(prefix="lab-", dir="/var/tmp") as folder:
        made = Pair(Path(folder))
        try:
            made.boot()
            yield made
        finally:
            made.close()


@pytest.fixture(params=TO_THE_ELDER, ids="-".join)
def newer_way(pair: Pair, request: pytest.FixtureRequest) -> Iterator[Way]:
    """Give each way from the newer release to the elder one."""
    yield from ways(pair, request.param)


@pytest.fixture(params=ALL_WAYS if WHOLE else SOME_WAYS, ids="-".join)
def way(pair: Pair, request: pytest.FixtureRequest) -> Iterator[Way]:
    """Give each way to replicate; what it made goes with it."""
    yield from ways(pair, request.param)


def ways(pair: Pair, words: tuple[str, str, str]) -> Iterator[Way]:
    """Give a way, and clear up behind it."""
    sender, how, there = words
    made = Way(pair, sender, pull=how == "pull", alone=there == "zfs alone")
    yield made
    pair.wire.mend()
    made.clear()

"""Settings that nobody asked for, and what they mean for a measurement."""

from __future__ import annotations

import pytest

from made_plan import POOL
from made_workload import workload
from zfstune.measurement.settings import (
    are_synced,
    properties_for,
    remarks,
    settings_below,
)
from zfstune.values.frozen import replace
from zfstune.values.state import DEFAULT, LOCAL, Dataset, PropertyValue, Vdev

SPECIAL = Vdev("mirror", 12, "special", ("/s", "/t"), None)
LOG = Vdev("disk", 12, "log", ("/l",), None)
RAIDZ = Vdev("raidz1", 12, "normal", tuple("abc"), None, width=3, parity=1)


def test_settings_in_force() -> None:
    """They are those that are chosen, else those of the pool's root dataset."""
    found = {
        "sync": PropertyValue("disabled", LOCAL),
        "direct": PropertyValue("standard", DEFAULT),
        "logbias": PropertyValue("throughput", LOCAL),
        "mountpoint": PropertyValue("/tank", LOCAL),
    }
    settings = settings_below(
        Dataset("tank", "filesystem", 1, 1, found), {"logbias": "latency"}
    )
    assert settings == {"direct": "standard", "logbias": "latency", "sync": "disabled"}


def test_writes_are_buffered() -> None:
    """Where the pool has direct=always the scratch datasets have not, and only there."""
    chosen = {"sync": "standard"}
    assert properties_for(chosen, {"direct": "always"}) == {**chosen, "direct": "standard"}
    assert properties_for(chosen, {"direct": "standard"}) == chosen
    assert properties_for(chosen, {}) == chosen


@pytest.mark.parametrize(
    ("sync_every", "sync", "synced"),
    [
        (1, "standard", True),
        (0, "standard", False),
        (0, "always", True),
        (1, "disabled", False),
    ],
)
def test_what_goes_through_the_log(sync_every: int, sync: str, *, synced: bool) -> None:
    """The property decides before the application does."""
    assert are_synced(sync_every, {"sync": sync}) is synced
    assert are_synced(1, {})


def test_nothing_to_say() -> None:
    """The usual settings are not spoken of."""
    usual = {
        "copies": "1",
        "dedup": "off",
        "direct": "standard",
        "logbias": "latency",
        "primarycache": "all",
        "special_small_blocks": "0",
        "sync": "standard",
    }
    assert remarks(workload(), usual, POOL) == ()
    assert remarks(workload(), {}, POOL) == ()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("direct", "always", "direct=always is inherited from the pool"),
        ("dedup", "sha512,verify", "dedup=sha512,verify is in force"),
        ("sync", "disabled", "nothing is waited for"),
        ("sync", "always", "each write is waited for"),
        ("logbias", "throughput", "log vdevs are passed by"),
        ("primarycache", "metadata", "primarycache=metadata is in force"),
        ("primarycache", "none", "primarycache=none is in force"),
        ("copies", "2", "copies=2 is in force"),
    ],
)
def test_properties_that_change_figures(name: str, value: str, said: str) -> None:
    """Each has a sentence that names it and what it does."""
    (found,) = remarks(workload(), {name: value}, POOL)
    assert said in found


def test_a_job_with_direct_writes() -> None:
    """Its times and bytes are of different writes, and that is said."""
    (found,) = remarks(replace(workload(), direct=True), {}, POOL)
    assert "direct=1" in found


def test_other_vdevs() -> None:
    """Special and log vdevs are spoken of, and vdevs that are not alike."""
    pool = replace(POOL, vdevs=(*POOL.vdevs, SPECIAL, LOG))
    special, log = remarks(workload(), {"special_small_blocks": "32768"}, pool)
    assert special.startswith("Metadata and blocks of at most 32K go to the special vdev")
    assert "log vdevs" in log
    (special,) = remarks(workload(), {"sync": "standard"}, pool)[:1]
    assert special.startswith("Metadata goes")
    assert not any("log vdevs" in r for r in remarks(workload(sync_every=0), {}, pool))
    (unlike,) = remarks(workload(), {}, replace(POOL, vdevs=(*POOL.vdevs, RAIDZ)))
    assert "not alike" in unlike

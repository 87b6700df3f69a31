"""Whom a fault concerns, where the answer hangs on a default or on two facts at once."""

from __future__ import annotations

import pytest

from sick_host import POOL, SICK, SOUND, dataset, on
from zfstune.health import concerns
from zfstune.values.frozen import replace
from zfstune.values.state import DEFAULT, INHERITED, LOCAL, NONE, PropertyValue


@pytest.mark.parametrize(
    ("release", "parameters", "expected"),
    [
        ((2, 2, 0), {}, True),  # no parameter switches it off there
        ((2, 2, 3), {}, False),  # off by default
        ((2, 2, 3), {"zfs_bclone_enabled": "1"}, True),
        ((2, 3, 6), {}, True),  # on by default
        ((2, 3, 6), {"zfs_bclone_enabled": "0"}, False),
    ],
)
def test_block_cloning_can_be_off(
    release: tuple[int, ...], parameters: dict[str, str], *, expected: bool
) -> None:
    """Its faults concern a pool only where the parameter lets files be cloned."""
    pool = replace(POOL, features=frozenset({"block_cloning"}))
    facts = on(replace(SOUND, pools=(pool,), parameters=parameters), release)
    assert bool(concerns.block_cloning(facts)) is expected


def test_large_dnodes_need_an_old_version() -> None:
    """Either alone is harmless, and so is a version that is no number."""
    for properties in (
        {"version": "4"},
        {"version": "5", "dnodesize": "auto"},
        {"version": "x", "dnodesize": "auto"},
    ):
        facts = replace(SOUND, datasets=(dataset("tank", **properties),))
        assert concerns.using_old_large_dnodes(facts) == ()
    assert concerns.using_old_large_dnodes(SICK) == ("tank/old",)


def test_the_search_for_holes_waits_since_2_1_5() -> None:
    """The parameter is on by default from then on."""
    facts = replace(SOUND, parameters={})
    assert concerns.holes_of_dirty_files(on(facts, (2, 1, 4))) == ()
    assert concerns.holes_of_dirty_files(on(facts, (2, 1, 5))) == ("tank",)


def test_a_pool_of_volumes_has_no_filesystems() -> None:
    """Faults of files do not concern it."""
    facts = replace(SOUND, datasets=(dataset("tank/v", "volume"),))
    assert concerns.filesystems(facts) == ()
    assert concerns.volumes(facts) == ("tank/v",)


def test_the_switch_of_large_devices() -> None:
    """A pool has to be large, and its files cloned."""
    assert concerns.cloning_on_large_pools(on(SICK, (2, 3, 0))) == ("tank",)
    small = replace(SICK, pools=(replace(SICK.pools[0], size_bytes=POOL.size_bytes),))
    assert concerns.cloning_on_large_pools(on(small, (2, 3, 0))) == ()


def test_received_properties() -> None:
    """A value that was set here, or that a parent hands down, is not one of a stream."""
    for source in (LOCAL, INHERITED, DEFAULT, NONE):
        facts = replace(
            SOUND,
            datasets=(
                replace(
                    dataset("tank"), properties={"atime": PropertyValue("off", source)}
                ),
            ),
        )
        assert concerns.received_properties(facts) == ()
    assert concerns.received_properties(SICK) == ("tank/copy",)

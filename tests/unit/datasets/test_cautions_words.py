"""Cautions, each one whole: the dataset, the sentence and the hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import Model, app_profile, pool_info
from zfstune.datasets.cautions import Caution, is_nearly_full
from zfstune.profiles.load import load
from zfstune.values.frozen import replace
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from zfstune.values.state import PoolInfo

FAST = Vdev("mirror", 12, "special", ("/dev/nvme0",), rotational=False)
DISKS = Vdev("mirror", 12, "normal", ("/dev/sda", "/dev/sdb"), rotational=True)
NEVER = Caution(
    "tank/data/app",
    "records of 8K never compress on sectors of 8192 bytes",
    "use -o recordsize=16K or larger",
)
PARITY = Caution(
    "tank/data/app",
    "on raidz2, parity and padding take much space with records of 8K",
    "use -o recordsize=32K or larger, or a pool of mirrors",
)
ALL_SPECIAL = Caution(
    "tank/data/app",
    "all data goes to the special vdev: no record exceeds special_small_blocks",
    "to avoid that, ask for less: -o special_small_blocks=32K",
)


def cautions(pool: PoolInfo, **values: str) -> tuple[Caution, ...]:
    """Return the cautions of a plan for one dataset with these values."""
    return Model(pool=pool).plan(app_profile(**values), allow_unsafe=True).warnings


def with_fast(pool: PoolInfo) -> PoolInfo:
    """Return a pool that has a special vdev, too."""
    return replace(pool, vdevs=(*pool.vdevs, FAST))


def test_json_has_each_attribute_by_its_name() -> None:
    """A caution without a hint has null there."""
    assert NEVER.to_dict() == {
        "dataset": "tank/data/app",
        "message": "records of 8K never compress on sectors of 8192 bytes",
        "hint": "use -o recordsize=16K or larger",
    }
    assert Caution("tank", "x").to_dict() == {
        "dataset": "tank",
        "message": "x",
        "hint": None,
    }


@pytest.mark.parametrize(
    ("kind", "ashift", "record", "told"),
    [
        ("mirror", 12, "8K", ()),
        ("mirror", 13, "8K", (NEVER,)),
        ("mirror", 13, "16K", ()),
        ("raidz2", 12, "8K", (PARITY,)),
        ("raidz2", 13, "8K", (NEVER, PARITY)),
        ("raidz2", 12, "32K", ()),
    ],
)
def test_records_and_the_sectors_of_the_pool(
    kind: str, ashift: int, record: str, told: tuple[Caution, ...]
) -> None:
    """A record of one sector never shrinks; below 32K, parity costs much."""
    assert cautions(pool_info(kind, ashift=ashift), recordsize=record) == told
    assert cautions(pool_info(kind, ashift=ashift), atime="off") == ()


def test_vdevs_of_several_kinds() -> None:
    """One vdev with parity is enough, and a vdev that holds no data does not count."""
    plain, parity = pool_info("mirror"), pool_info("raidz2").vdevs[0]
    mixed = replace(plain, vdevs=(*plain.vdevs, parity))
    assert cautions(mixed, recordsize="8K") == (PARITY,)
    draid = replace(mixed, vdevs=(*mixed.vdevs, replace(parity, kind="draid1")))
    [found] = cautions(draid, recordsize="8K")
    assert found == replace(PARITY, message=PARITY.message.replace("raidz2", "draid1"))
    other = replace(plain, vdevs=(*plain.vdevs, replace(parity, role="special")))
    assert cautions(other, recordsize="8K") == ()


def test_small_blocks_without_a_special_vdev() -> None:
    """The value does nothing there, and 0 asks for nothing."""
    assert cautions(pool_info(), special_small_blocks="1K") == (
        Caution(
            "tank/data/app",
            "special_small_blocks does nothing: pool 'tank' has no special vdev",
        ),
    )
    assert cautions(pool_info(), special_small_blocks="0") == ()


@pytest.mark.parametrize(
    ("record", "small", "told"),
    [
        ("64K", "64K", (ALL_SPECIAL,)),
        ("64K", "128K", (ALL_SPECIAL,)),
        ("64K", "32K", ()),
        ("64K", "0", ()),
    ],
)
def test_small_blocks_and_records(
    record: str, small: str, told: tuple[Caution, ...]
) -> None:
    """The hint has the largest value that keeps data off the special vdev."""
    pool = with_fast(pool_info())
    assert cautions(pool, recordsize=record, special_small_blocks=small) == told


def test_small_blocks_that_are_set_above() -> None:
    """The caution names the dataset that the value is set on, and the value."""
    model = Model({"tank": {"special_small_blocks": "65536"}}, pool=with_fast(pool_info()))
    [found] = model.plan(app_profile(recordsize="64K")).warnings
    assert found == replace(ALL_SPECIAL, message=f"{ALL_SPECIAL.message} (64K on tank)")


@pytest.mark.parametrize(
    ("values", "waits"),
    [
        ({"sync": "standard"}, True),
        ({"sync": "always"}, True),
        ({"logbias": "latency"}, True),
        ({"sync": "disabled", "logbias": "latency"}, True),
        ({"sync": "disabled"}, False),
        ({"logbias": "throughput"}, False),
        ({"atime": "off"}, False),
    ],
)
def test_writes_that_wait(values: dict[str, str], *, waits: bool) -> None:
    """A profile that cares for synced writes is told of spinning disks without a log."""
    slow = Caution(
        "tank/data/app",
        "each synced write waits for the spinning disks of the pool",
        "a fast log device shortens the wait: `zpool add tank log ...`",
    )
    pool = replace(pool_info(), vdevs=(DISKS,))
    assert cautions(pool, **values) == (slow,) * waits
    assert cautions(replace(pool, vdevs=(DISKS, replace(FAST, role="log"))), **values) == ()
    assert cautions(pool_info(), **values) == ()


def test_shares_over_smb() -> None:
    """The hint has the command that shares the dataset."""
    smb = "sharesmb is stored, but not shared over SMB: zfstune serves NFS only"
    assert cautions(pool_info(), sharesmb="on") == (
        Caution("tank/data/app", smb, "`zfs share tank/data/app` shares it"),
    )
    assert cautions(pool_info(), sharesmb="off") == ()


def test_a_release_that_is_too_early() -> None:
    """A profile that is named twice says once what it needs, on its first dataset."""
    docker = load("docker")
    limits = replace(DEFAULT_LIMITS, release=(2, 1, 11))
    for root, asked in (("tank/data", [docker]), ("tank/srv", [docker, docker])):
        plan = Model().plan(*asked, owner=False, limits=limits, root=root)
        found = [c for c in plan.warnings if "needs" in c.message]
        assert found == [
            Caution(
                f"{root}/docker",
                "profile docker needs OpenZFS 2.2 or later, and this is 2.1.11",
                "overlay2 cannot lie on an earlier one",
            )
        ]


def test_a_pool_with_little_room() -> None:
    """A tenth that is free is enough; less is said about the pool."""
    pool = replace(pool_info(), size_bytes=1000, free_bytes=100)
    assert not is_nearly_full(pool)
    assert is_nearly_full(replace(pool, free_bytes=99))
    little = replace(pool, size_bytes=1 << 40, free_bytes=100_000_000_000)
    assert cautions(little, atime="off") == (
        Caution(
            "tank",
            "less than a tenth of the pool is free (93.1G): writes get slow",
            "make room, or add a vdev",
        ),
    )

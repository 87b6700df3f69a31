"""Targets that are put aside, with what lies below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zfstune
from two_images import SOURCE, TARGET, two_images
from zfstune.values.errors import PlanError
from zfstune.values.key import Key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from zfstune.engine.image import ImageEngine
    from zfstune.streams.replication_plan import ReplicationPlan

PASSPHRASE = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
KEY = Key("correct horse")
Pools = tuple["ImageEngine", "ImageEngine"]


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[Pools]:
    """Make two pools, the first with a dataset of three snapshots."""
    with two_images(tmp_path) as both:
        yield both


def run(pools: Pools, **how: Any) -> ReplicationPlan:
    """Replicate the tree from the one to the other."""
    tank, back = pools
    how = {"keep_aside": True, "recursive": True} | how
    return zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back, **how)


def diverge(pools: Pools, below: str, number: int) -> None:
    """Let both sides go their own ways."""
    for engine, name in zip(pools, (SOURCE, TARGET), strict=True):
        engine.take_snapshots([f"{name}{below}@{engine.pools()[0]}-{number}"])


def test_an_encrypted_one_below_was_put_aside_before(pools: Pools) -> None:
    """Its key is that of the dataset in its place, and it stays below what goes aside."""
    tank, back = pools
    tank.create(f"{SOURCE}/x", properties=PASSPHRASE, key=KEY)
    tank.take_snapshots([f"{SOURCE}/x@1"])
    run(pools)
    diverge(pools, "/x", 1)
    run(pools)
    [aside] = [d for d in back.datasets(TARGET) if "/x-aside-" in d.name]
    assert aside.value("encryptionroot") == f"{TARGET}/x"
    diverge(pools, "", 2)
    run(pools)
    names = {d.name for d in back.datasets(TARGET.partition("/")[0])}
    assert f"{TARGET}/x" in names
    assert aside.name not in names
    assert [name for name in names if f"/{aside.name.rpartition('/')[2]}" in name]
    assert not run(pools).pending


def test_a_copy_below_with_the_key_of_the_target(pools: Pools) -> None:
    """It cannot be taken from what goes aside, and that is said before anything is done."""
    tank, back = pools
    tank.create(f"{SOURCE}/x")
    tank.take_snapshots([f"{SOURCE}/x@1"])
    back.create(TARGET, properties=PASSPHRASE, key=KEY)
    back.take_snapshots([f"{TARGET}@own"])
    tank_x, back_x = f"{SOURCE}/x", f"{TARGET}/x"
    zfstune.replicate(tank_x, back_x, engine=tank, target_engine=back)
    assert back.dataset(back_x).value("encryptionroot") == TARGET
    before = [dataset.name for dataset in back.datasets(TARGET)]
    with pytest.raises(PlanError, match=f"'{back_x}' below it is opened by the key of"):
        run(pools, recursive=False)
    assert [dataset.name for dataset in back.datasets(TARGET)] == before

"""A profile explained: reasons, sources, who disagrees, and the values that a pool gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from model_pool import FEATURES, pool_info
from zfstune.profiles.explanation import explain_profile
from zfstune.profiles.load import load, profile_names
from zfstune.values.fold import folded
from zfstune.values.ondisk import Overwrite
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import PoolInfo, Vdev

if TYPE_CHECKING:
    from zfstune.profiles.explained import ExplainedDataset, ExplainedValue
    from zfstune.profiles.explanation import Explanation

K = 1 << 10


def explained(
    name: str, variant: str | None = None, pool: PoolInfo | None = None
) -> Explanation:
    """Explain a profile that ships."""
    return explain_profile(load(name), variant, pool, DEFAULT_LIMITS)


def dataset(explanation: Explanation, path: str) -> ExplainedDataset:
    """Return one dataset of an explanation."""
    [found] = [d for d in explanation.datasets if d.path == path]
    return found


def value(explanation: Explanation, path: str, name: str) -> ExplainedValue:
    """Return one value of an explanation."""
    [found] = [v for v in dataset(explanation, path).values if v.property == name]
    return found


def test_each_value_comes_with_all_that_is_known_of_it() -> None:
    """A value has its reason, source, who disagrees, and the seed's value and reason."""
    setting = load("web").datasets[0].setting("recordsize")
    assert setting is not None
    found = value(explained("web"), "www", "recordsize")
    assert (found.asked, found.value, found.pool) == ("128K", "128K", "")
    assert (found.why, found.source) == (setting.why, setting.source)
    assert found.disagrees == setting.disagrees
    assert found.seed == "16K"
    assert found.seed_why.startswith("Meant for small files")


def test_where_the_seed_agrees_there_is_nothing_to_say() -> None:
    """A value that the seed shares has no second reason; an inherited one is not listed."""
    found = explained("postgres")
    assert value(found, "postgres", "recordsize").seed_why == ""
    wal = dataset(found, "postgres/wal").seed_only
    assert [(name, text) for name, text, _ in wal] == [("primarycache", "metadata")]
    assert not dataset(found, "postgres/data").in_seed
    assert not explained("logs").has_seed


def test_what_the_pool_cannot_take_is_said() -> None:
    """The explanation has the nearest value and why, or says that it is left out."""
    bare = pool_info(features=frozenset())
    large = value(explained("images", pool=bare), "images", "recordsize")
    assert (large.asked, large.value) == ("1M", "128K")
    assert "large_blocks" in large.pool
    dnodes = value(explained("nfs", pool=bare), "home", "dnodesize")
    assert (dnodes.value, "large_dnode" in dnodes.pool) == (None, True)
    single = explained("postgres", "seed", pool_info("disk"))
    assert value(single, "postgres", "redundant_metadata").value == "all"


def test_rules_for_the_pool_are_followed_and_the_others_shown() -> None:
    """On raidz, the tables and the datasets below them get 32K; the text says why."""
    found = explained("postgres", pool=pool_info("raidz2"))
    size = value(found, "postgres", "recordsize")
    assert (size.asked, size.value) == ("8K", "32K")
    assert size.pool.startswith("On raidz")
    assert [fact for fact, _, _ in size.rules] == ["draid", "raidz", "large-sectors"]
    data = dataset(found, "postgres/data").footprint
    assert data is not None
    assert data.record_bytes == 32 * K
    text = str(found)
    assert "      here:       becomes 32K: On raidz, parity" in text
    assert "      else:       16K on large sectors. With sectors of 8K" in text


@pytest.mark.parametrize(
    ("vdev", "raw", "packed", "write"),
    [
        (Vdev("mirror", 12, "normal", ("a", "b"), None), 8 * K, 4 * K, 16 * K),
        (Vdev("mirror", 13, "normal", ("a", "b"), None), 8 * K, 8 * K, 16 * K),
        (
            Vdev("raidz1", 12, "normal", tuple("abcde"), None, 5, 1),
            16 * K,
            8 * K,
            16 * K,
        ),
    ],
)
def test_footprints_follow_the_pool(vdev: Vdev, raw: int, packed: int, write: int) -> None:
    """A record of 8K takes other space on mirrors, on large sectors and on raidz."""
    pool = PoolInfo("tank", 1, (vdev,), FEATURES, 1 << 40, 1 << 40, False, False)
    found = dataset(explained("postgres", "seed", pool=pool), "postgres").footprint
    assert found is not None
    assert (found.raw_bytes, found.packed_bytes) == (raw, packed)
    assert found.raw_write == Overwrite(write, 0)


def test_footprints_follow_what_is_inherited_and_what_is_off() -> None:
    """A dataset inherits its parent's recordsize; without compression nothing is halved."""
    wide = explained("postgres", "warehouse")
    data = dataset(wide, "postgres/data").footprint
    assert data is not None
    assert data.record_bytes == 128 * K
    assert data.packed_write == Overwrite(64 * K, 64 * K)
    off = dataset(explained("images", "seed"), "images").footprint
    assert off is not None
    assert off.packed_bytes == off.raw_bytes
    assert dataset(explained("vm-zvol"), "zvols").footprint is None


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_and_variant_can_be_explained(name: str) -> None:
    """Each has a text that a terminal can fold, and JSON, with a pool and without."""
    base = load(name)
    for variant in (None, *(v.name for v in base.variants)):
        for pool in (None, pool_info("raidz2", features=frozenset())):
            found = explain_profile(base, variant, pool, DEFAULT_LIMITS)
            assert json.loads(json.dumps(found.to_dict()))["profile"] == found.profile
            for line in str(found).splitlines()[1:]:
                for part in folded(line, 80):
                    assert len(part) <= 80 or "://" in part, part
            names = [d.path for d in base.datasets]
            assert [d.path for d in found.datasets if d.path in names]

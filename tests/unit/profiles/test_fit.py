"""Fitting a value to a pool: the nearest one, and the reason that it differs."""

from __future__ import annotations

import pytest

from model_pool import FEATURES, pool_info
from zfstune.profiles.fit import fit_value, grub_reads, is_for_grub
from zfstune.values.frozen import replace
from zfstune.values.properties import DEFAULT_LIMITS, Limits


@pytest.mark.parametrize(
    ("name", "value", "features", "nearest", "lack"),
    [
        ("recordsize", str(1 << 20), FEATURES, str(1 << 20), ""),
        ("recordsize", str(1 << 20), frozenset(), str(128 << 10), "large_blocks"),
        ("compression", "zstd-3", FEATURES, "zstd-3", ""),
        ("compression", "zstd-3", frozenset({"lz4_compress"}), "lz4", "zstd_compress"),
        ("compression", "zstd-3", frozenset(), "on", "zstd_compress"),
        ("dnodesize", "auto", frozenset(), None, "large_dnode"),
        ("org.example:note", "x", frozenset(), "x", ""),
    ],
)
def test_the_nearest_value_that_the_pool_has_features_for(
    name: str, value: str, features: frozenset[str], nearest: str | None, lack: str
) -> None:
    """A value gives way step by step, and the reason is about the value asked for."""
    pool = pool_info(features=features)
    fitted, reason = fit_value(name, value, pool, DEFAULT_LIMITS)
    assert fitted == nearest
    assert reason == (lack and f"pool 'tank' has not enabled the feature {lack}")


def test_the_running_module_limits_a_record() -> None:
    """A record beyond the module's largest is cut to that, whatever the pool takes."""
    limits = Limits(max_recordsize_bytes=1 << 20)
    fitted = fit_value("recordsize", str(16 << 20), pool_info(), limits)
    assert fitted == (str(1 << 20), "the running module takes at most 1M")


def test_a_record_gives_way_twice() -> None:
    """Cut to what the module takes, a record may still need a feature of the pool."""
    pool = pool_info(features=frozenset())
    for most in (1 << 20, 4 << 20):
        limits = Limits(max_recordsize_bytes=most)
        fitted, _ = fit_value("recordsize", str(4 << 20), pool, limits)
        assert fitted == str(128 << 10)
    limits = Limits(max_recordsize_bytes=1 << 20)
    for size in (1 << 20, 128 << 10, 8 << 10):
        same = fit_value("recordsize", str(size), pool_info(), limits)
        assert same == (str(size), "")


def test_thin_metadata_needs_a_second_copy() -> None:
    """Without redundancy, redundant_metadata stays all; on a mirror it may be most."""
    limits = replace(DEFAULT_LIMITS, release=(2, 3))
    name = "redundant_metadata"
    assert fit_value(name, "most", pool_info("mirror"), limits) == ("most", "")
    fitted, reason = fit_value(name, "most", pool_info("disk"), limits)
    assert fitted == "all"
    assert "no second copy" in reason


@pytest.mark.parametrize(
    ("compatibility", "feature", "reads"),
    [
        ("grub2", "zstd_compress", False),
        ("grub2", "large_blocks", True),
        ("grub2-2.12", "large_dnode", False),
        ("grub2-2.06", "large_blocks", False),
        ("grub2-2.06", "lz4_compress", True),
        ("openzfs-2.1-linux,/etc/zfs/compatibility.d/grub2", "blake3", False),
    ],
)
def test_what_grub_reads(compatibility: str, feature: str, *, reads: bool) -> None:
    """The files that a pool is kept to say that it is for GRUB, and for which release."""
    pool = replace(pool_info(), compatibility=compatibility)
    assert is_for_grub(pool)
    assert grub_reads(pool, feature) == reads


def test_not_for_grub() -> None:
    """Other files, or a pool that some loader boots from, say nothing of GRUB."""
    for compatibility in ("", "off", "legacy", "openzfs-2.1-linux", "my-grub"):
        pool = pool_info()
        pool = replace(pool, compatibility=compatibility, bootfs="tank/ROOT")
        assert not is_for_grub(pool)

"""Pools that GRUB reads: what they are kept to, and what would be too much for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zfstune

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]


def test_kept_to_what_grub_reads(
    make_pool: Callable[..., str], engine: Engine, command: Command
) -> None:
    """A feature that somebody enabled beyond that stays unused."""
    options = ("-o", "compatibility=grub2", "-O", "mountpoint=none")
    pool = make_pool(options=(*options, "-o", "feature@zstd_compress=enabled"))
    assert engine.pool(pool).compatibility == "grub2"
    plan = zfstune.apply("logs", root=f"{pool}/srv", engine=engine).plan
    assert "GRUB cannot read zstd_compress" in " ".join(c.message for c in plan.warnings)
    found = command("zfs", "get", "-Ho", "value", "compression", f"{pool}/srv/logs")
    assert found.strip() == "lz4"
    state = command("zpool", "get", "-Ho", "value", "feature@zstd_compress", pool)
    assert state.strip() == "enabled"
    assert "zstd_compress" not in engine.pool(pool).active
    assert not zfstune.verify(pool=pool, engine=engine).pending


def test_booted_from(
    make_pool: Callable[..., str], engine: Engine, command: Command
) -> None:
    """The warning comes before the first use of what GRUB does not know, not after."""
    pool = make_pool(options=("-O", "mountpoint=none"))
    command("zfs", "create", f"{pool}/ROOT")
    command("zpool", "set", f"bootfs={pool}/ROOT", pool)
    for first in (True, False):
        plan = zfstune.apply("logs", root=f"{pool}/boots", engine=engine).plan
        warned = [c for c in plan.warnings if "GRUB" in c.message]
        assert [c.dataset for c in warned] == [pool] * first
    assert "zstd_compress" in engine.pool(pool).active

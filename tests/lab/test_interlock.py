"""Prune beside replication on a kernel, where a channel program destroys the victims."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.marks import POLICY_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release


def test_a_base_outlives_prunes_and_other_tools(
    pool: str, engine: Engine, command: Command
) -> None:
    """What is not replicated stays, and what no bookmark keeps; then the count decides."""
    source, target = (f"{pool}/{secrets.token_hex(4)}" for _ in range(2))
    engine.create(source, properties={POLICY_PROPERTY: "match=* keep=1 unreplicated"})
    for number in "123":
        engine.take_snapshots([f"{source}@{number}"])
    assert zfstune.prune(source, engine=engine, force=True).destroyed == ()
    zfstune.replicate(source, target, engine=engine)
    (bookmark,) = engine.bookmarks(source)
    command("zfs", "destroy", bookmark)
    spared = zfstune.prune(source, keep=1, match="*", engine=engine).spared
    assert [each.snapshot.short_name for each in spared] == ["2", "1"]
    zfstune.replicate(source, target, engine=engine)
    assert len(engine.bookmarks(source)) == 1
    engine.take_snapshots([f"{source}@4"])
    destroyed = zfstune.prune(source, engine=engine, force=True).destroyed
    assert sorted(destroyed) == [f"{source}@{number}" for number in "123"]
    plan = zfstune.replicate(source, target, engine=engine)
    assert plan.datasets[0].transfer.steps[0].describe().startswith("incremental")
    pruned = zfstune.prune(target, keep=0, match="*", all_of_them=True, engine=engine)
    assert [each.snapshot.short_name for each in pruned.spared] == ["4"]

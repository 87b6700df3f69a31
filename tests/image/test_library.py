"""apply, snapshot and prune on an image: the same calls as on a kernel's pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.marks import SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from zfstune.engine.image import ImageEngine

PROFILES = ("postgres", "logs", "images")


def test_apply_converges(engine: ImageEngine) -> None:
    """What was planned is done; nothing is left to do, not even in the history."""
    planned = zfstune.plan(*PROFILES, engine=engine)
    applied = zfstune.apply(*PROFILES, engine=engine)
    assert applied.plan == planned
    assert applied.done == planned.actions != ()
    data = engine.dataset("tank/data/postgres/data")
    assert (data.value("recordsize"), data.local("recordsize")) == ("8192", None)
    assert engine.dataset("tank/data/postgres").local("recordsize") == "8192"
    assert zfstune.apply(*PROFILES, engine=engine).done == ()
    engine.set("tank/data/postgres", {"recordsize": "64K"})
    again = zfstune.plan(*PROFILES, engine=engine)
    assert [action.dataset for action in again.actions] == ["tank/data/postgres"]


def test_three_times_sixty_prunes_to_forty_eight(engine: ImageEngine) -> None:
    """The oldest twelve of each go, together; a second run finds nothing to do."""
    zfstune.apply(*PROFILES, engine=engine)
    targets = [f"tank/data/{profile}" for profile in PROFILES]
    for _ in range(60):
        zfstune.snapshot(*targets, engine=engine)
    before = {name: engine.snapshots(name) for name in targets}
    assert [len(found) for found in before.values()] == [60] * 3
    pruned = zfstune.prune(*targets, keep=48, engine=engine)
    assert len(pruned.destroyed) == 36
    for name in targets:
        left = engine.snapshots(name)
        assert left == before[name][12:]
    assert zfstune.prune(*targets, keep=48, engine=engine).destroyed == ()


def test_prune_spares_held_cloned_and_foreign(engine: ImageEngine) -> None:
    """They do not count, they stay, and those of zfstune's are reported."""
    engine.create("tank/a")
    shorts = [f"zfstune-202601{day:02d}T000000Z" for day in range(1, 8)]
    for short in shorts:
        engine.take_snapshots([f"tank/a@{short}"], properties={SNAPSHOT_PROPERTY: "auto"})
    engine.take_snapshots(["tank/a@by-hand"])
    engine.hold([f"tank/a@{shorts[0]}"], "backup")
    engine.clone(f"tank/a@{shorts[1]}", "tank/clone")
    pruned = zfstune.prune("tank/a", keep=2, engine=engine)
    left = {snapshot.name.partition("@")[2] for snapshot in engine.snapshots("tank/a")}
    assert left >= {shorts[0], shorts[1], "by-hand", shorts[-1], shorts[-2]}
    assert not left & {shorts[2], shorts[3]}
    reasons = {s.snapshot.name: " ".join(s.reasons) for s in pruned.spared}
    assert reasons.keys() == {f"tank/a@{shorts[0]}", f"tank/a@{shorts[1]}"}
    assert "held" in reasons[f"tank/a@{shorts[0]}"]
    assert "clone" in reasons[f"tank/a@{shorts[1]}"]


@pytest.mark.parametrize("keep", [0, -1])
def test_prune_to_nothing_is_refused(engine: ImageEngine, keep: int) -> None:
    """As everywhere."""
    engine.create("tank/a")
    zfstune.snapshot("tank/a", engine=engine)
    with pytest.raises(zfstune.PolicyError):
        zfstune.prune("tank/a", keep=keep, engine=engine)
    assert len(engine.snapshots("tank/a")) == 1

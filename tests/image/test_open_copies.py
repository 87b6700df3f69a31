"""Copies that lack what makes them inert, between real pools in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from two_images import SOURCE, TARGET, two_images
from zfstune.values.errors import EngineError, PlanError
from zfstune.values.marks import REPLICA_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine
    from zfstune.streams.replication_plan import ReplicationPlan


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[tuple[ImageEngine, ImageEngine]]:
    """Make two pools, the first with a dataset of three snapshots."""
    with two_images(tmp_path) as both:
        yield both


def replicated(pools: tuple[ImageEngine, ImageEngine], **how: Any) -> ReplicationPlan:
    """Replicate from the one pool to the other."""
    tank, back = pools
    return zfstune.replicate(SOURCE, TARGET, engine=tank, target_engine=back, **how)


def arrives_without(
    monkeypatch: pytest.MonkeyPatch, back: ImageEngine, *refused: str
) -> None:
    """Have receives of a block refuse properties, as the kernel may, and say so."""
    real = back.receive

    def receive(snapshot: str, fd: int, **how: Any) -> None:
        given = how["properties"] or {}
        how["properties"] = {n: v for n, v in given.items() if n not in refused}
        real(snapshot, fd, **how)
        raise EngineError(operation="set", target=snapshot, reason="it arrived without")

    monkeypatch.setattr(back, "receive", receive)


def test_what_makes_a_copy_inert_is_seen_to(
    pools: tuple[ImageEngine, ImageEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it lacks, verify finds it and the next run sets it; no choice is undone."""
    tank, back = pools
    with monkeypatch.context() as patched:
        arrives_without(patched, back, "canmount", "setuid")
        for how in ({}, {"without": ["exec"], "properties": {"devices": "on"}}):
            with pytest.raises(EngineError, match="arrived without"):
                replicated(pools, every=False, **how)
            if not how:
                back.rename(TARGET, "back/plain")
    back.rename(TARGET, "back/open")
    back.rename("back/plain", TARGET)
    found = {v.name: v.findings[0] for v in zfstune.verify(engine=back).datasets}
    assert {n: f.state for n, f in found.items()} == {
        TARGET: "not-inert",
        "back/open": "not-inert",
    }
    assert "canmount=on, setuid=on" in found[TARGET].note
    assert f"zfs set canmount=noauto setuid=off {TARGET}" in found[TARGET].hint
    told = f"set canmount=noauto setuid=off on {TARGET}: it lacks what makes a copy inert"
    assert list(replicated(pools, dry_run=True).lines()) == [told]
    replicated(pools)
    assert back.dataset(TARGET).local("canmount") == "noauto"
    assert not replicated(pools).pending
    zfstune.replicate(SOURCE, "back/open", engine=tank, target_engine=back)
    opened = back.dataset("back/open")
    chosen = [opened.local(name) for name in ("canmount", "exec", "devices")]
    assert chosen == ["noauto", None, "on"]
    assert zfstune.verify(engine=back).datasets == ()


def test_a_copy_that_arrived_without_its_mark(
    pools: tuple[ImageEngine, ImageEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused until somebody says which it is; marked, it is made inert."""
    tank, back = pools
    with monkeypatch.context() as patched:
        arrives_without(patched, back, REPLICA_PROPERTY, "readonly")
        with pytest.raises(EngineError, match="arrived without"):
            replicated(pools, every=False)
    with pytest.raises(PlanError, match="no mark of a copy") as refused:
        replicated(pools)
    mark = refused.value.hint.partition(f"{REPLICA_PROPERTY}=")[2].partition(" ")[0]
    back.set(TARGET, {REPLICA_PROPERTY: mark})
    replicated(pools)
    assert back.dataset(TARGET).local("readonly") == "on"
    assert not replicated(pools).pending
    assert len(tank.bookmarks(SOURCE)) == 1

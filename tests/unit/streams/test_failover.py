"""A change of roles, carried out: the order of the calls, and what stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mounted_image import MountedImage
from zfstune.streams.failover import failover
from zfstune.values.errors import Busy, InvalidProperty, PlanError
from zfstune.values.marks import REPLICA_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.streams.failover_plan import FailoverPlan

COPY = f"plain:{5:016x}"
CHANGES = {
    *("abort_receive", "bookmark_all", "destroy_bookmarks", "inherit", "mount"),
    *("remount", "set", "unmount"),
}


class Watched:
    """A pool with mounts, and the calls that changed it.

    Attributes:
        calls: The name of each, and its first argument.
        busy: A filesystem that cannot be unmounted.
    """

    def __init__(self, engine: MountedImage) -> None:
        self.engine = engine
        self.calls: list[tuple[str, Any]] = []
        self.busy = ""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.engine, name)
        if name not in CHANGES:
            return found

        def call(target: Any, *more: Any, **named: Any) -> object:
            if name == "unmount" and target == self.busy:
                raise Busy(operation="unmount", target=target, reason="it is busy")
            self.calls.append((name, target))
            return found(target, *more, **named)

        return call


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Watched]:
    """Make a pool with a copy, and one below it."""
    engine = MountedImage.make(tmp_path / "x.zpool", size_bytes=128 << 20)
    for name in ("tank/a", "tank/a/b"):
        inert = {"readonly": "on", "canmount": "noauto", REPLICA_PROPERTY: COPY}
        engine.create(name, properties=inert)
    engine.take_snapshots(["tank/a@1", "tank/a/b@1"])
    yield Watched(engine)
    engine.close()


def run(pool: Watched, **how: Any) -> FailoverPlan:
    """Change the role of the copy."""
    engine: Any = pool
    return failover("tank/a", engine=engine, **how)


def test_taking_over(pool: Watched) -> None:
    """First the base is kept, then both are marked and awake, then mounted from above."""
    shown: list[FailoverPlan] = []
    plan = run(pool, dry_run=True, show=shown.append)
    assert shown == [plan]
    assert pool.calls == []
    run(pool, properties={"mountpoint": "/srv"})
    assert pool.calls[0][0] == "bookmark_all"
    assert len(pool.calls[0][1]) == 2
    assert pool.calls[-2:] == [("mount", "tank/a"), ("mount", "tank/a/b")]
    assert {n: m.path for n, m in pool.engine.mounts().items()} == {
        "tank/a": "/srv",
        "tank/a/b": "/srv/b",
    }
    pool.calls.clear()
    assert not run(pool).pending
    assert pool.calls == []


def test_one_that_is_mounted_already(pool: Watched) -> None:
    """Somebody reads it; its mount follows the new properties."""
    pool.engine.mount("tank/a")
    assert "ro" in (pool.engine.mounts()["tank/a"].options or ())
    run(pool)
    assert "ro" not in (pool.engine.mounts()["tank/a"].options or ())
    assert ("remount", "tank/a") in pool.calls


def test_standing_by(pool: Watched) -> None:
    """All is unmounted from below before anything else; one in use stops it there."""
    run(pool)
    pool.calls.clear()
    pool.busy = "tank/a"
    with pytest.raises(Busy):
        run(pool, standby=True)
    assert pool.calls == [("unmount", "tank/a/b")]
    pool.busy = ""
    run(pool, standby=True)
    assert pool.engine.mounts() == {}
    assert pool.calls[1] == ("unmount", "tank/a")
    assert pool.calls[-1][0] == "destroy_bookmarks"
    assert pool.engine.bookmarks("tank/a") == {}
    assert pool.engine.dataset("tank/a/b").local(REPLICA_PROPERTY) == COPY


@pytest.mark.parametrize(
    ("properties", "error"),
    [
        ({"org.zfstune:policy": "never"}, InvalidProperty),
        ({"nonsense": "1"}, InvalidProperty),
        ({"volsize": "1G"}, InvalidProperty),
    ],
)
def test_a_value_that_cannot_be(
    pool: Watched, properties: dict[str, str], error: type[Exception]
) -> None:
    """It is refused before anything changes."""
    with pytest.raises(error):
        run(pool, properties=properties)
    with pytest.raises(PlanError, match="stand by"):
        run(pool, properties=properties, standby=True)
    assert pool.calls == []

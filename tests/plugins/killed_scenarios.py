"""The scenarios of killed commands that change snapshots and datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zfstune
from killed_verbs import OURS, Scenario, beside, shorts, snapshots, tree

if TYPE_CHECKING:
    from killed_verbs import Ground
    from zfstune.engine.protocol import Engine

__all__ = ["SCENARIOS"]


def _applied(_: Ground, engine: Engine, root: str) -> None:
    plan = zfstune.plan("logs", root=root, owner=False, engine=engine)
    assert not plan.pending


def _taken(_: Ground, engine: Engine, root: str) -> None:
    first, second = (shorts(engine, f"{root}/{name}") for name in ("a", "b"))
    assert first == second == shorts(engine, root)
    assert first


def _pruned(_: Ground, engine: Engine, root: str) -> None:
    assert shorts(engine, f"{root}/a") == [f"{OURS}3Z", "by-hand"]
    assert shorts(engine, f"{root}/b") == [f"{OURS}3Z"]


def _goes_by_prune(name: str, root: str) -> bool:
    ours = (f"{root}/{n}@{OURS}{number}Z" for n in ("a", "b") for number in range(3))
    return name in set(ours)


def _noted(_: Ground, engine: Engine, root: str) -> None:
    for name in ("a", "b"):
        assert shorts(engine, f"{root}/{name}") == ["checkpoint-done"]


def _gone_back(_: Ground, engine: Engine, root: str) -> None:
    assert shorts(engine, f"{root}/a") == [f"{OURS}0Z"]
    assert len(shorts(engine, f"{root}/b")) == 4


def _goes_by_rollback(name: str, root: str) -> bool:
    return name.startswith(f"{root}/a@") and not name.endswith(f"{OURS}0Z")


def _destroyed(_: Ground, engine: Engine, root: str) -> None:
    assert [dataset.name for dataset in engine.datasets(root)] == [root, f"{root}/b"]


def _goes_by_destroy(name: str, root: str) -> bool:
    return name == f"{root}/a" or name.startswith(f"{root}/a@")


def _to_replicate(_: Ground, engine: Engine, root: str) -> None:
    engine.create(f"{root}/from")
    snapshots(engine, f"{root}/from")


def _copied(_: Ground, engine: Engine, root: str) -> None:
    for name in ("a", "b"):
        copy = engine.snapshots(f"{root}/copy/{name}")
        assert {s.guid for s in copy} == {
            s.guid for s in engine.snapshots(f"{root}/from/{name}")
        }


def _sent(ground: Ground, engine: Engine, root: str) -> None:
    with beside(ground, root, "stream").open("rb") as file:
        zfstune.receive(f"{root}/from-file", file, engine=engine)
    sent = engine.snapshot(f"{root}/a@by-hand")
    assert engine.snapshot(f"{root}/from-file@by-hand").guid == sent.guid
    engine.destroy_snapshots([f"{root}/from-file@by-hand"])
    engine.destroy(f"{root}/from-file")
    beside(ground, root, "stream").unlink()


def _cloned(_: Ground, engine: Engine, root: str) -> None:
    for number in range(3):
        found = engine.dataset(f"{root}/clone{number}")
        assert found.value("origin") == f"{root}/a@{OURS}0Z"


SCENARIOS = (
    Scenario(
        "apply",
        lambda _ground, _engine, _root: None,
        lambda _, root: ("apply", "logs", "--root", root, "--no-owner"),
        _applied,
    ),
    Scenario(
        "snapshot",
        lambda _, engine, root: tree(engine, root),
        lambda _, root: ("snapshot", root, "-r"),
        _taken,
        keeps=False,
    ),
    Scenario(
        "prune",
        lambda _, engine, root: snapshots(engine, root),
        lambda _, root: ("prune", f"{root}/a", f"{root}/b", "--keep", "1"),
        _pruned,
        _goes_by_prune,
    ),
    Scenario(
        "checkpoint",
        lambda _, engine, root: tree(engine, root),
        lambda _, root: ("checkpoint", "done", root),
        _noted,
        again=(0, 1),
    ),
    Scenario(
        "rollback",
        lambda _, engine, root: snapshots(engine, root),
        lambda _, root: ("rollback", f"{root}/a@{OURS}0Z", "--lose", "snapshots"),
        _gone_back,
        _goes_by_rollback,
    ),
    Scenario(
        "destroy",
        lambda _, engine, root: snapshots(engine, root),
        lambda _, root: (
            *("destroy", f"{root}/a"),
            *("--lose", "datasets", "--lose", "snapshots"),
        ),
        _destroyed,
        _goes_by_destroy,
        again=(0, 1),
    ),
    Scenario(
        "replicate",
        _to_replicate,
        lambda _, root: ("replicate", "-r", f"{root}/from", f"{root}/copy"),
        _copied,
    ),
    Scenario(
        "send",
        lambda _, engine, root: snapshots(engine, root),
        lambda ground, root: (
            *("send", f"{root}/a@by-hand"),
            *("--output", str(beside(ground, root, "stream"))),
        ),
        _sent,
        again=(0, 1),
    ),
    Scenario(
        "clone",
        lambda _, engine, root: snapshots(engine, root),
        lambda _, root: (
            *("clone", f"{root}/a@{OURS}0Z"),
            *(f"{root}/clone{number}" for number in range(3)),
        ),
        _cloned,
    ),
)

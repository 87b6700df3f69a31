"""Replication to and from a host that has the zfs command alone, on a kernel's pools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from fake_ssh import fake_host
from zfstune.streams.compare import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

MIB = 1 << 20


@pytest.fixture
def far(
    make_pool: Callable[..., str],
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """Give a pool that is reached through a program in ssh's place, which finds zfs."""
    monkeypatch.setenv("ZFSTUNE_SSH", str(fake_host(tmp_path / "host", zfstune=False)))
    name = make_pool()
    yield name
    command("zpool", "destroy", "-f", name)


@pytest.fixture
def tree(engine: Engine, dataset: str) -> str:
    """Give a dataset with a file, one below it with a clone, and a volume."""
    (Path("/") / dataset / "file").write_bytes(bytes(range(256)) * 4096)
    engine.create(f"{dataset}/b")
    engine.create(f"{dataset}/v", volume=True, properties={"volsize": "16M"})
    engine.take_snapshots([f"{dataset}{part}@1" for part in ("", "/b", "/v")])
    engine.clone(f"{dataset}/b@1", f"{dataset}/c")
    engine.take_snapshots([f"{dataset}{part}@2" for part in ("", "/b", "/v", "/c")])
    return dataset


def alike(engine: Engine, source: str, target: str, snapshot: str) -> None:
    """See that all datasets of two trees hold the same."""
    for part in ("", "/b", "/v", "/c"):
        one, other = f"{source}{part}@{snapshot}", f"{target}{part}@{snapshot}"
        assert engine.snapshot(one).guid == engine.snapshot(other).guid
        assert compare(one, other, engine=engine).equal


def test_properties_follow_the_source(engine: Engine, tree: str, far: str) -> None:
    """They are set there by the zfs command, changed without a stream, and come back."""
    copy, back = f"{far}/copy", f"{tree}-back"
    how: Any = {"recursive": True, "take_properties": True, "engine": engine}
    engine.set(tree, {"atime": "off", "com.example:x": "one 'two'"})
    engine.set(f"{tree}/b", {"xattr": "dir", "recordsize": "16K"})
    zfstune.replicate(tree, f"far:{copy}", **how)
    assert engine.dataset(copy).local("com.example:x") == "one 'two'"
    assert engine.dataset(f"{copy}/b").local("recordsize") == "16384"
    assert engine.dataset(copy).local("readonly") == "on"
    assert not zfstune.replicate(tree, f"far:{copy}", **how).pending
    engine.set(tree, {"atime": "on"})
    engine.inherit(tree, "com.example:x")
    zfstune.replicate(tree, f"far:{copy}", **how)
    assert engine.dataset(copy).local("atime") == "on"
    assert engine.dataset(copy).local("com.example:x") is None
    assert not zfstune.replicate(tree, f"far:{copy}", **how).pending
    engine.set(f"{copy}/v", {"org.zfstune:replicate-to": "none"})
    how["exclude_properties"] = ["com.example:backup=no"]
    engine.set(f"{copy}/c", {"com.example:backup": "no"})
    plan = zfstune.replicate(f"far:{copy}", back, **how)
    assert sorted(each.source for each in plan.left_out) == [f"{copy}/c", f"{copy}/v"]
    assert engine.dataset(f"{back}/b").local("xattr") == "dir"
    assert not zfstune.replicate(f"far:{copy}", back, **how).pending


def test_there_and_back(engine: Engine, tree: str, far: str) -> None:
    """A tree is pushed, goes on from a bookmark, and is pulled from there."""
    copy, back = f"{far}/copy", f"{tree}-back"
    zfstune.replicate(tree, f"far:{copy}", recursive=True, verify=True, engine=engine)
    alike(engine, tree, copy, "2")
    assert engine.dataset(copy).local("readonly") == "on"
    assert engine.dataset(f"{copy}/b").local("canmount") == "noauto"
    assert engine.dataset(f"{copy}/c").value("origin") == f"{copy}/b@1"
    (Path("/") / tree / "file").write_bytes(b"new" * 1000)
    engine.take_snapshots([f"{tree}{part}@3" for part in ("", "/b", "/v", "/c")])
    engine.destroy_snapshots([f"{tree}@1", f"{tree}@2"])
    plan = zfstune.replicate(tree, f"far:{copy}", recursive=True, engine=engine)
    steps = [step.describe() for each in plan.datasets for step in each.transfer.steps]
    assert len(steps) == 4
    assert all(step.startswith("incremental") for step in steps)
    alike(engine, tree, copy, "3")
    assert not zfstune.replicate(tree, f"far:{copy}", recursive=True, engine=engine).pending
    zfstune.replicate(f"far:{copy}", back, recursive=True, engine=engine)
    alike(engine, tree, back, "3")
    for name in (f"{tree}@3", f"{copy}@3", f"{back}@3"):
        assert engine.holds(name) == {}

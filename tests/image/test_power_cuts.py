"""The power fails at random moments of a run: nothing is lost, the next run converges."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from lots import kills, seed, tally
from native_code import DIALECT, ROOT, compile_c
from power_cuts import cut, mark, notes
from sparse_copy import sparse_copy
from zfstune.engine.image import ImageEngine, create_image
from zfstune.retention.prune import prune
from zfstune.values.marks import SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.protocol import Engine

CUTS = kills(5)
SEED = seed(20261201)
OWN = {SNAPSHOT_PROPERTY: "auto"}
ROUNDS = 4
KEEP = 2


def short(number: int) -> str:
    """Give the name of one of zfstune's snapshots."""
    return f"zfstune-20260101T00000{number}Z"


def run(engine: Engine, record: Path) -> None:
    """Take, hold, clone, roll back and prune, and mark each call that has returned."""
    for number in range(ROUNDS):
        names = [f"tank/{name}@{short(number)}" for name in ("a", "b")]
        engine.take_snapshots(names, properties=OWN)
        mark(record, f"there {names[0]} {names[1]}")
        engine.create(f"tank/new{number}", properties={"recordsize": "8K"})
        mark(record, f"there tank/new{number}")
        engine.take_snapshots([f"tank/new{number}@mine"])
        engine.hold([f"tank/new{number}@mine"], "tag")
        mark(record, f"there tank/new{number}@mine")
        engine.clone(f"tank/new{number}@mine", f"tank/clone{number}")
        mark(record, f"there tank/clone{number}")
        engine.rollback(f"tank/new{number}@mine")
        prune("tank/a", "tank/b", keep=KEEP, force=True, engine=engine)
        mark(record, f"pruned {number}")


def guids(engine: Engine) -> dict[str, int]:
    """Give the guid of each dataset and snapshot."""
    found = {}
    for dataset in engine.datasets("tank"):
        assert not dataset.damaged, dataset
        found[dataset.name] = dataset.guid
        found |= {s.name: s.guid for s in engine.snapshots(dataset.name)}
    return found


def may_be_pruned(name: str) -> bool:
    """Tell whether the run prunes a snapshot at its end or before."""
    dataset, _, its_short = name.partition("@")
    gone = {short(number) for number in range(ROUNDS - KEEP)}
    return dataset in {"tank/a", "tank/b"} and its_short in gone


@pytest.mark.timeout(0)
def test_power_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a call that returned has made is there, and so is all that was there before."""
    library, record = tmp_path / "record.so", tmp_path / "record"
    source = ROOT / "tests" / "native" / "record_writes.c"
    compile_c(*DIALECT, "-shared", "-fPIC", "-O1", source, "-ldl", "-o", library)
    base, disk = tmp_path / "base.zpool", tmp_path / "disk.zpool"
    with create_image(base, size_bytes=64 << 20) as engine:
        for name in ("a", "b", "other"):
            engine.create(f"tank/{name}")
            engine.take_snapshots([f"tank/{name}@by-hand"])
        before = guids(engine)
    sparse_copy(base, disk)
    with monkeypatch.context() as changed:
        changed.setenv("LD_PRELOAD", str(library))
        changed.setenv("ZFSTUNE_RECORD", str(record))
        with ImageEngine(disk) as engine:
            run(engine, record)
            after = guids(engine)
    recorded = notes(record)
    assert sum(note.letter == "F" for note in recorded) > ROUNDS
    for number in range(CUTS):
        random = Random(f"{SEED} {number}")  # noqa: S311 (to repeat, not to surprise)
        disk.unlink()
        sparse_copy(base, disk)
        said = cut(disk, recorded, random.randrange(len(recorded) + 1), random)
        with ImageEngine(disk) as engine:
            found = guids(engine)
            assert before.items() <= found.items(), number
            for line in said:
                word, *names = line.split()
                for name in names if word == "there" else ():
                    same = found.get(name) == after.get(name)
                    assert same or may_be_pruned(name), (number, name)
            for name in ("a", "b"):
                engine.take_snapshots([f"tank/{name}@{short(9)}"], properties=OWN)
            for _ in range(2):
                prune("tank/a", "tank/b", keep=1, force=True, engine=engine)
                left = [n.partition("@")[2] for n in guids(engine) if "tank/a@" in n]
                assert sorted(left) == ["by-hand", short(9)]
    tally(power_cuts=CUTS)

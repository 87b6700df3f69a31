"""The scenarios of killed commands that move data, keep time or measure."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from killed_verbs import OURS, Scenario, beside, shorts, snapshots
from zfstune import golden
from zfstune.measurement.sweep import NOTES
from zfstune.schedules.note import last_run
from zfstune.values.marks import (
    POLICY_PROPERTY,
    REPLICATE_PROPERTY,
    SCHEDULE_PROPERTY,
    SCRATCH_PREFIX,
)

if TYPE_CHECKING:
    from killed_verbs import Ground
    from zfstune.engine.protocol import Engine

__all__ = ["LONGER"]

MIB = 1 << 20
HELD = ("zfstune-golden",)


def _disk(ground: Ground) -> Path:
    """Give a disk with two places of data."""
    path = ground.folder / "disk.raw"
    if not path.exists():
        noise = random.Random(4711)  # noqa: S311 (the same in each run)
        with path.open("wb") as file:
            for offset in (0, 5 * MIB):
                file.seek(offset)
                file.write(noise.randbytes(MIB))
            file.truncate(8 * MIB)
    return path


def _image(ground: Ground, engine: Engine, root: str) -> None:
    golden.create(f"{root}/disk", disk=str(_disk(ground)), engine=engine)


def _same_disk(ground: Ground, engine: Engine, root: str, name: str = "disk") -> None:
    """See that a volume holds the disk, byte for byte."""
    (image,) = golden.images(f"{root}/{name}", engine=engine)
    assert image.state == "sealed"
    back = beside(ground, root, "back")
    golden.export_disk(f"{root}/{name}", str(back), engine=engine)
    assert back.read_bytes() == _disk(ground).read_bytes()
    back.unlink()


def _to_receive(ground: Ground, engine: Engine, root: str) -> None:
    _image(ground, engine, root)
    with beside(ground, root, "stream").open("wb") as file:
        engine.send(f"{root}/disk@golden", file.fileno())


def _received(_: Ground, engine: Engine, root: str) -> None:
    there = engine.snapshot(f"{root}/disk@golden")
    assert engine.snapshot(f"{root}/copy@golden").guid == there.guid
    assert not engine.dataset(f"{root}/copy").value("receive_resume_token")


def _stamped(_: Ground, engine: Engine, root: str) -> None:
    (image,) = golden.images(f"{root}/disk", engine=engine)
    assert image.clones == tuple(f"{root}/clone{number}" for number in range(3))
    assert image.unfinished == ()


def _export(ground: Ground, engine: Engine, root: str) -> None:
    _image(ground, engine, root)
    golden.export(f"{root}/disk", str(beside(ground, root, "export")), engine=engine)


def _exported(ground: Ground, engine: Engine, root: str) -> None:
    golden.restore(str(beside(ground, root, "export")), f"{root}/back", engine=engine)
    _same_disk(ground, engine, root, "back")
    golden.retire(f"{root}/back", lose=("image",), engine=engine)


def _retired(_: Ground, engine: Engine, root: str) -> None:
    assert not engine.exists(f"{root}/disk")


def _left_by_measuring(ground: Ground) -> list[str]:
    """Give the notes and the mounts of measurements in a pool of the kernel."""
    if ground.image is not None:
        return []
    folders = (Path(NOTES), Path("/run/zfstune-measure"))
    return [str(path) for folder in folders if folder.exists() for path in folder.iterdir()]


def _measured(ground: Ground, engine: Engine, _: str) -> None:
    names = [dataset.name for dataset in engine.datasets(ground.pool)]
    assert [name for name in names if SCRATCH_PREFIX in name] == []
    assert _left_by_measuring(ground) == []


def _scheduled(_: Ground, engine: Engine, root: str) -> None:
    engine.create(f"{root}/from")
    snapshots(engine, f"{root}/from")
    schedule = {SCHEDULE_PROPERTY: "hourly", POLICY_PROPERTY: "keep=1"}
    engine.set(f"{root}/from", {**schedule, REPLICATE_PROPERTY: f"{root}/copy"})


def _run_words(job: str, ground: Ground, root: str) -> tuple[str, ...]:
    state = str(beside(ground, root, "state"))
    return ("schedule", "run", "--once", job, f"{root}/from", "--state", state)


def _noted(job: str, ground: Ground, engine: Engine, root: str) -> None:
    """See that the run is noted as one that went well, and that nothing else is there."""
    folder = beside(ground, root, "state")
    guid = engine.dataset(f"{root}/from").guid
    run = last_run(str(folder), job, guid)
    assert run is not None
    assert run.error == ""
    assert {path.name for path in folder.iterdir()} == {
        f"{job}@{guid}.lock",
        f"{job}@{guid}.run.json",
    }


def _taken_by_the_clock(ground: Ground, engine: Engine, root: str) -> None:
    _noted("snapshot", ground, engine, root)
    newest = [shorts(engine, f"{root}/from{below}")[-1] for below in ("", "/a", "/b")]
    assert len(set(newest)) == 1
    assert newest[0].startswith("zfstune-")


def _pruned_by_the_clock(ground: Ground, engine: Engine, root: str) -> None:
    _noted("prune", ground, engine, root)
    assert shorts(engine, f"{root}/from/a") == [f"{OURS}3Z", "by-hand"]
    assert shorts(engine, f"{root}/from/b") == [f"{OURS}3Z"]


def _goes_by_the_clock(name: str, root: str) -> bool:
    dataset, _, short_name = name.partition("@")
    old = {f"{OURS}{number}Z" for number in range(3)}
    return dataset in {f"{root}/from/a", f"{root}/from/b"} and short_name in old


def _sent_by_the_clock(ground: Ground, engine: Engine, root: str) -> None:
    _noted("replicate", ground, engine, root)
    for name in ("a", "b"):
        here, there = (
            {s.guid for s in engine.snapshots(f"{root}/{side}/{name}")}
            for side in ("from", "copy")
        )
        assert here == there


LONGER = (
    Scenario(
        "receive",
        _to_receive,
        lambda ground, root: (
            *("receive", f"{root}/copy"),
            *("--input", str(beside(ground, root, "stream"))),
        ),
        _received,
    ),
    Scenario(
        "golden-create",
        lambda _ground, _engine, _root: None,
        lambda ground, root: (
            *("golden", "create", f"{root}/disk"),
            *("--disk", str(_disk(ground))),
        ),
        _same_disk,
        holds=lambda root: {f"{root}/disk@golden": HELD},
    ),
    Scenario(
        "golden-stamp",
        _image,
        lambda _, root: (
            *("golden", "stamp", f"{root}/disk"),
            *(f"{root}/clone{number}" for number in range(3)),
        ),
        _stamped,
    ),
    Scenario(
        "golden-export",
        _image,
        lambda ground, root: (
            *("golden", "export", f"{root}/disk"),
            str(beside(ground, root, "export")),
        ),
        _exported,
        again=(0, 1),
    ),
    Scenario(
        "golden-restore",
        _export,
        lambda ground, root: (
            *("golden", "restore", str(beside(ground, root, "export"))),
            f"{root}/back",
        ),
        lambda ground, engine, root: _same_disk(ground, engine, root, "back"),
        holds=lambda root: {f"{root}/back@golden": HELD},
    ),
    Scenario(
        "golden-retire",
        _image,
        lambda _, root: ("golden", "retire", f"{root}/disk", "--lose", "image"),
        _retired,
        lambda name, root: name in {f"{root}/disk", f"{root}/disk@golden"},
        again=(0, 1),
    ),
    Scenario(
        "measure",
        lambda _ground, _engine, _root: None,
        lambda ground, _: (
            *("measure", "postgres", "--pool", ground.pool, "--only-bytes"),
            *("--size", "1M", "--runs", "1", "--recordsize", "8K,128K"),
        ),
        _measured,
    ),
    Scenario(
        "schedule-snapshot",
        _scheduled,
        partial(_run_words, "snapshot"),
        _taken_by_the_clock,
        keeps=False,
    ),
    Scenario(
        "schedule-prune",
        _scheduled,
        partial(_run_words, "prune"),
        _pruned_by_the_clock,
        _goes_by_the_clock,
    ),
    Scenario(
        "schedule-replicate",
        _scheduled,
        partial(_run_words, "replicate"),
        _sent_by_the_clock,
    ),
)

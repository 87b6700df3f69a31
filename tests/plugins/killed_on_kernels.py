"""The scenarios of killed commands that only a kernel's pool has."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from killed_verbs import VOLUME, Scenario, beside
from retuned_dataset import NEW, block_bytes, idle_option, left_in
from zfstune.engine.open import open_engine
from zfstune.schedules.install import enabled_timers, installed
from zfstune.values.marks import POLICY_PROPERTY

if TYPE_CHECKING:
    from killed_verbs import Ground
    from zfstune.engine.protocol import Engine

__all__ = ["ON_KERNELS"]

FILES = 6
BYTES = 300 << 10


def _content(number: int) -> bytes:
    return Random(number).randbytes(BYTES)  # noqa: S311 (the same in each run)


def _folder(engine: Engine, root: str) -> Path:
    return Path(engine.mounts()[f"{root}/files"].path)


def _to_retune(_: Ground, engine: Engine, root: str) -> None:
    engine.create(f"{root}/files", properties={"recordsize": "128K"})
    folder = Path(engine.mount(f"{root}/files"))
    for number in range(FILES):
        (folder / f"{number}").write_bytes(_content(number))
        (folder / f"{number}.link").hardlink_to(folder / f"{number}")
    engine.set(f"{root}/files", {"recordsize": "8K"})


def _retune(_: Ground, root: str) -> tuple[str, ...]:
    with open_engine() as engine:
        idle = idle_option(engine)
    return ("retune", f"{root}/files", "--keep-free", "1M", *idle)


def _all_content(_: Ground, engine: Engine, root: str) -> None:
    folder = _folder(engine, root)
    for number in range(FILES):
        for name in (f"{number}", f"{number}.link"):
            assert (folder / name).read_bytes() == _content(number), name


def _retuned(_: Ground, engine: Engine, root: str) -> None:
    folder = _folder(engine, root)
    assert left_in(folder) == []
    for number in range(FILES):
        one, other = folder / f"{number}", folder / f"{number}.link"
        assert block_bytes(one) == NEW
        assert one.samefile(other)
        assert one.stat().st_nlink == 2


def _with_policy(_: Ground, engine: Engine, root: str) -> None:
    engine.create(f"{root}/a", properties=VOLUME, volume=True)
    engine.set(f"{root}/a", {POLICY_PROPERTY: "keep=3"})


def _installed(ground: Ground, _: Engine, root: str) -> None:
    folder = beside(ground, root, "units")
    jobs = {(job, f"{root}/a") for job in ("snapshot", "prune")}
    assert enabled_timers(str(folder)) == jobs
    names = {path.name for path in folder.rglob("*") if not path.is_dir()}
    assert names == set(installed(str(folder)))
    assert len(names) == 4


ON_KERNELS = (
    Scenario("retune", _to_retune, _retune, _retuned, intact=_all_content),
    Scenario(
        "schedule-install",
        _with_policy,
        lambda ground, root: (
            *("schedule", "install", f"{root}/a", "--every", "hourly"),
            *("--dir", str(beside(ground, root, "units"))),
        ),
        _installed,
    ),
)

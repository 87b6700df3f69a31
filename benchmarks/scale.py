"""What a prune takes at 1,000 snapshots and at 100,000, a snapshot.

    python benchmarks/scale.py [--sizes 1000,100000] [--each 100] [--laps 3] [--by-age]

Runs on pools in plain files, on this host: it takes libzpool, no root and no guest.
Each size is that many snapshots over datasets of `--each`; half of each dataset goes.
A pool is filled once; each lap prunes a copy of it, opened anew, as a timer's run finds
it: with nothing in ZFS's caches, whether the pool would fit them or not.
The steps are timed one by one, in processor time of this process and of the one that
the image lives in, so that what else the machine does weighs little; ``--wall`` takes
the time of the clock on the wall.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfstune.engine.image import ImageEngine, create_image
from zfstune.retention import destroy, examine, prune
from zfstune.values import marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STEPS = ("list", "decide", "plan", "destroy", "prune")
TARGET = 1.2
IMAGE_BYTES = 16 << 30
# a short lap says little, and what the machine does besides changes from minute to minute
MOST_TIMES = 10
TICKS = os.sysconf("SC_CLK_TCK")


class Clock:
    """Adds up what each step takes, by replacing the function that does it."""

    def __init__(self, engine: ImageEngine, *, wall: bool) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)
        self._wall = wall
        worker = engine._zfs._child  # noqa: SLF001 (nothing else knows the process)
        self._stat = Path(f"/proc/{worker.pid}/stat")

    def now(self) -> float:
        """Give the time that was taken so far, in seconds."""
        if self._wall:
            return time.perf_counter()
        # man 5 proc: utime and stime stand behind the name in brackets
        fields = self._stat.read_text().rpartition(")")[2].split()
        return time.process_time() + sum(map(int, fields[11:13])) / TICKS

    @contextmanager
    def on(self, owner: Any, name: str, step: str) -> Iterator[None]:
        """Time all calls of one function during a block."""
        original: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **named: Any) -> Any:
            begun = self.now()
            try:
                return original(*args, **named)
            finally:
                self.seconds[step] += self.now() - begun

        setattr(owner, name, timed)
        try:
            yield
        finally:
            setattr(owner, name, original)


def fill(engine: ImageEngine, snapshots: int, each: int) -> None:
    """Make the datasets and take all snapshots, one of each dataset at a time."""
    datasets = [f"tank/d{number:04}" for number in range(snapshots // each)]
    for name in datasets:
        engine.create(name, properties={marks.PROFILE_PROPERTY: "scale"})
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(each):
        short = marks.auto_name(begun + timedelta(hours=number), 0)
        engine.take_snapshots(
            [f"{name}@{short}" for name in datasets],
            properties={marks.SNAPSHOT_PROPERTY: "auto"},
        )


def measure(
    engine: ImageEngine, each: int, *, by_age: bool, wall: bool
) -> dict[str, float]:
    """Prune half of each dataset; give the seconds of each step."""
    clock = Clock(engine, wall=wall)
    keep: dict[str, Any] = {"keep": each // 2}
    if by_age:
        # none is that young: their times are read, and the count alone keeps
        keep = {"policy": f"within=1s keep={each // 2}", "force": True}
    with (
        clock.on(engine, "snapshots", "list"),
        clock.on(examine, "_decide", "decide"),
        clock.on(prune, "plan_prune", "plan"),
        clock.on(destroy.Destruction, "run", "destroy"),
    ):
        begun = clock.now()
        pruned = prune.prune(pool="tank", engine=engine, **keep)
        clock.seconds["prune"] = clock.now() - begun
    assert len(pruned.destroyed) * 2 == len(pruned.plan.decisions)
    # what decides has no part in what it took to list, nor in what was destroyed
    clock.seconds["plan"] -= clock.seconds["list"] + clock.seconds["decide"]
    return clock.seconds


def filled(folder: str, size: int, each: int) -> Path:
    """Make an image of so many snapshots."""
    path = Path(folder) / f"{size}.zpool"
    begun = time.perf_counter()
    with create_image(path, size_bytes=IMAGE_BYTES) as engine:
        fill(engine, size, each)
    print(f"{size}: filled in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return path


def lap(image: Path, size: int, args: argparse.Namespace) -> dict[str, float]:
    """Prune a copy of an image; give the microseconds a snapshot of each step."""
    copy = image.with_suffix(".lap")
    # only cp leaves out the holes of a sparse file, whatever the filesystem
    subprocess.run(["cp", "--sparse=always", image, copy], check=True)
    os.sync()
    with ImageEngine(copy) as engine:
        seconds = measure(engine, args.each, by_age=args.by_age, wall=args.wall)
    copy.unlink()
    found = {step: took / size * 1e6 for step, took in seconds.items()}
    text = ", ".join(f"{step} {us:.1f}" for step, us in found.items())
    print(f"{size}: {text} us a snapshot", file=sys.stderr)
    return found


def compare(sizes: list[int], args: argparse.Namespace) -> dict[int, dict[str, float]]:
    """Give the median of each step by size; the sizes take turns, the small ones more."""
    laps: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        images = {size: filled(folder, size, args.each) for size in sizes}
        for _ in range(args.laps):
            for size, image in images.items():
                for _ in range(min(MOST_TIMES, sizes[-1] // size)):
                    laps[size].append(lap(image, size, args))
    return {
        size: {step: statistics.median(each[step] for each in of) for step in STEPS}
        for size, of in laps.items()
    }


def main() -> int:
    """Print microseconds a snapshot by size, and what the largest is to the smallest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,100000")
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--laps", type=int, default=3, help="of the largest size")
    parser.add_argument("--by-age", action="store_true", help="a rule that reads times")
    parser.add_argument("--wall", action="store_true", help="by the clock on the wall")
    parser.add_argument("--folder", help="for the pools: 12 GB at 100,000 snapshots")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    sizes = sorted(int(size) for size in args.sizes.split(","))
    gc.disable()  # as the command runs
    os.environ["ZFSTUNE_CACHE"] = ""  # no lap knows what the one before has read
    found = compare(sizes, args)
    ratios = {s: found[sizes[-1]][s] / found[sizes[0]][s] for s in STEPS}
    if args.json:
        print(json.dumps({"microseconds_a_snapshot": found, "ratios": ratios}, indent=1))
        return 0
    print("step     " + "".join(f"{size:>12,}" for size in sizes) + "       ratio")
    for step in STEPS:
        cells = "".join(f"{found[size][step]:>9.1f} us" for size in sizes)
        verdict = "met" if ratios[step] <= TARGET else f"NOT MET, {TARGET} is the most"
        print(f"{step:<9}{cells}{ratios[step]:>12.2f}  {verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A pool in a file: the same calls on libzpool and on the kernel beside it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from zfstune.engine.image import ImageEngine, create_image
from zfstune.engine.open import open_engine
from zfstune.retention.prune import prune
from zfstune.values import marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.timeout(1800)

OPEN = "open a pool and close it"
SNAPSHOTS = "100 snapshots, one a call"
PRUNE = "prune 400 -> 48, pool in a file"
SEND = "send 64 MiB"
YARDSTICK = "kernel"
LAPS = {scenario: {"kernel": 5, "image": 5} for scenario in (OPEN, SNAPSHOTS, PRUNE, SEND)}
TARGETS: list[tuple[str, str, float]] = []

KEEP = 48
MIB = 1 << 20


class Two(NamedTuple):
    """A pool of the kernel's and one in a file, with the same data."""

    pool: Any
    file: Path
    scaled: Callable[..., int]


@pytest.fixture(scope="module")
def two(
    make_pool: Callable[[], Any],
    scaled: Callable[..., int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Two]:
    """Give both pools, named alike, with a filesystem of random bytes in each."""
    pool = make_pool()
    file = Path("/dev/shm/zfstune-bench/image")  # noqa: S108 (the guest is ours alone)
    stream = tmp_path_factory.mktemp("stream") / "stream"
    with open_engine() as kernel:
        kernel.create(f"{pool.name}/sent")
        folder = Path(kernel.mount(f"{pool.name}/sent"))
        with (folder / "bytes").open("wb") as data:
            for _ in range(scaled(64)):
                data.write(os.urandom(MIB))
        kernel.take_snapshots([f"{pool.name}/sent@s"])
        with stream.open("wb") as sink:
            kernel.send(f"{pool.name}/sent@s", sink.fileno())
    image = create_image(file, size_bytes=1 << 30, pool=pool.name)
    with image, stream.open("rb") as source:
        image.receive(f"{pool.name}/sent@s", source.fileno())
    stream.unlink()
    yield Two(pool, file, scaled)
    file.unlink()
    pool.destroy()


def bench_image(
    measure: Callable[..., None],
    command: Callable[..., str],
    two: Two,
    scenario: str,
    peer: str,
) -> None:
    """Time one call; both sides go through the same Python."""
    if scenario == OPEN:
        open_and_close(measure, command, two, peer)
        return
    with open_engine() if peer == "kernel" else ImageEngine(two.file) as engine:
        if scenario == SEND:
            with Path(os.devnull).open("wb") as sink:
                measure(lambda: engine.send(f"{two.pool.name}/sent@s", sink.fileno()))
            return
        name = f"{two.pool.name}/snapped"
        engine.create(name, properties={marks.PROFILE_PROPERTY: "bench"})
        if scenario == SNAPSHOTS:
            count = two.scaled(100)
            taken = take(engine, name, count)
            measure(lambda: [next(taken) for _ in range(count)])
        else:
            for _ in take(engine, name, two.scaled(400, 2 * KEEP)):
                pass
            pool = two.pool.name
            measure(lambda: prune(keep=KEEP, pool=pool, engine=engine))
            assert len(engine.snapshots(name)) == KEEP
        engine.destroy_snapshots([s.name for s in engine.snapshots(name)])
        engine.destroy(name)


def open_and_close(
    measure: Callable[..., None], command: Callable[..., str], two: Two, peer: str
) -> None:
    """Time what it takes to have a pool, and to let it go."""
    if peer == "image":
        measure(lambda: ImageEngine(two.file).close())
        return
    command("zpool", "export", two.pool.name)

    def by_the_kernel() -> None:
        command("zpool", "import", "-d", str(two.pool.folder), two.pool.name)
        command("zpool", "export", two.pool.name)

    measure(by_the_kernel)
    command("zpool", "import", "-d", str(two.pool.folder), two.pool.name)


def take(engine: Engine, dataset: str, count: int) -> Iterator[None]:
    """Take a snapshot at each step."""
    for number in range(count):
        when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        name = f"{dataset}@{marks.auto_name(when)}"
        engine.take_snapshots([name], properties={marks.SNAPSHOT_PROPERTY: "auto"})
        yield

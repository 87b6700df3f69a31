"""Replication: many datasets with one new snapshot each, and one dataset with much data.

Each peer has a target of its own, which has all snapshots but the newest before it runs.
The first copy for a tool is made by the zfs command: the tools take half an hour for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from zfstune.engine.open import open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.timeout(3600)

YARDSTICK = "library"
PIPE = "zfs send | zfs receive"
MANY, MUCH = "200 datasets, a new snapshot each", "2 GiB in one stream"
TOOLS = ("syncoid", "bzfs", "zfs-autobackup")
# Each other tool takes minutes, and zfs-autobackup more than an hour in emulation at full
# size, where the limit above ends it: one lap of each.
LAPS = {
    MANY: {YARDSTICK: 3, "command": 3, **dict.fromkeys(TOOLS, 1)},
    MUCH: dict.fromkeys((YARDSTICK, "command", PIPE), 3),
}
TARGETS = [
    *(("command", tool, 1.0, MANY) for tool in TOOLS),
    ("command", "syncoid", 0.2, MANY),
    (YARDSTICK, PIPE, 1.02, MUCH),
]
DATASETS, MIB = 200, 2048
# The memory of a replication must not grow with its stream.
LITTLE_MIB, MOST_MORE_KIB = 16, 4096


class Trees:
    """A source with many datasets, one with much data, and a target for each peer."""

    def __init__(self, pool: Any, engine: Engine, folder: Path, scaled: Any) -> None:
        self.pool = pool.name
        self.engine = engine
        self.folder = folder
        self.laps = 0
        self.source = f"{self.pool}/source"
        engine.create(self.source, properties={"autobackup:bench": "true"})
        for number in range(scaled(DATASETS, 4)):
            engine.create(f"{self.source}/d{number:03}")
        engine.create(f"{self.pool}/targets")
        self.snapshot()

    def snapshot(self) -> None:
        """Take a snapshot of each dataset, under a name that all peers take for theirs."""
        self.laps += 1
        short = f"bench-{20300101000000 + self.laps}"
        names = [dataset.name for dataset in self.engine.datasets(self.source)]
        self.engine.take_snapshots([f"{name}@{short}" for name in names])

    def target(self, peer: str) -> str:
        """Give the name of a peer's own target."""
        return f"{self.pool}/targets/{peer}"

    def run(self, peer: str) -> None:
        """Bring the target of a peer up to the source."""
        target = self.target(peer)
        if peer == YARDSTICK:
            zfstune.replicate(self.source, target, recursive=True, engine=self.engine)
            return
        argv = {
            "command": ["zfstune", "replicate", "-r", self.source, target],
            "syncoid": [
                *("syncoid", "--recursive", "--no-sync-snap", "--quiet"),
                *("--no-privilege-elevation", self.source, target),
            ],
            "bzfs": [
                *("bzfs", self.source, target, "--recursive"),
                *("--no-privilege-elevation", "--log-dir", str(self.folder)),
            ],
            "zfs-autobackup": [
                *("zfs-autobackup", "--no-snapshot", "--utc", "--no-thinning"),
                *("--snapshot-format", "bench-%Y%m%d%H%M%S", "--clear-mountpoint"),
                *("bench", target),
            ],
        }[peer]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout

    def copy_for(self, tool: str) -> None:
        """Make the first copy for a tool, where it will look for it."""
        where = self.target(tool)
        if tool == "zfs-autobackup":
            # It puts the source's own path below the target.
            where = f"{where}/{self.source}"
            self.engine.create(where.rpartition("/")[0], parents=True)
        newest = self._newest(self.source)[0].name
        plain = "-x mountpoint -o canmount=off"
        line = f"zfs send -R {newest} | zfs receive -u {plain} {where}"
        subprocess.run(["sh", "-ec", line], check=True)

    def arrived(self, peer: str) -> bool:
        """Tell whether the newest snapshot of each dataset is there."""
        newest = {each.guid for each in self._newest(self.source)}
        target = self.target(peer)
        return newest <= {each.guid for each in self._newest(target)}

    def _newest(self, root: str) -> list[Any]:
        listed = (self.engine.snapshots(d.name) for d in self.engine.datasets(root))
        return [snapshots[-1] for snapshots in listed if snapshots]


@pytest.fixture(scope="module")
def trees(
    make_pool: Callable[[], Any],
    scaled: Callable[..., int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Trees]:
    """Give the source with a first copy for each peer."""
    pool = make_pool()
    with open_engine() as engine:
        # bzfs wants the word in the name of a folder that it writes logs to
        made = Trees(pool, engine, tmp_path_factory.mktemp("bzfs-logs"), scaled)
        for peer in LAPS[MANY]:
            if peer in TOOLS:
                made.copy_for(peer)
            else:
                made.run(peer)
        yield made
    pool.destroy()


@pytest.fixture(scope="module")
def much(make_pool: Callable[..., Any], scaled: Callable[..., int]) -> Iterator[str]:
    """Give a dataset with data that no compression makes smaller, and a little one."""
    disk, *_ = os.environ["ZFSTUNE_LAB_DISKS"].split()
    pool = make_pool(disk)
    with open_engine() as engine:
        for short, size_mib in (("much", scaled(MIB, 64)), ("little", LITTLE_MIB)):
            name = f"{pool.name}/{short}"
            engine.create(name, properties={"recordsize": "1M"})
            with (Path(engine.mount(name)) / "data").open("wb") as file:
                for _ in range(size_mib):
                    file.write(os.urandom(1 << 20))
            engine.take_snapshots([f"{name}@s"])
    yield f"{pool.name}/much"
    pool.destroy()


def bench_replicate(
    request: pytest.FixtureRequest,
    measure: Callable[..., None],
    scenario: str,
    lap: int,
    peer: str,
) -> None:
    """Only what is missing is sent, and all of it arrives."""
    if scenario == MUCH:
        _send_much(request.getfixturevalue("much"), measure, peer)
        return
    trees: Trees = request.getfixturevalue("trees")
    if trees.laps < lap + 2:
        trees.snapshot()
    measure(partial(trees.run, peer))
    assert trees.arrived(peer)


def _send_much(source: str, measure: Callable[..., None], peer: str) -> None:
    target = f"{source}-copy"
    line = f"zfs send -Lc {source}@s | zfs receive -u -o readonly=on {target}"
    calls = {
        PIPE: lambda: subprocess.run(["sh", "-c", line], check=True),
        YARDSTICK: lambda: zfstune.replicate(source, target),
        "command": lambda: subprocess.run(
            ["zfstune", "replicate", source, target], check=True, stdout=subprocess.DEVNULL
        ),
    }
    measure(calls[peer])
    _check_and_destroy(source, target)


def _check_and_destroy(source: str, target: str) -> None:
    with open_engine() as engine:
        assert engine.snapshot(f"{target}@s").guid == engine.snapshot(f"{source}@s").guid
        engine.destroy_bookmarks(engine.bookmarks(source))
    subprocess.run(["zfs", "destroy", "-r", target], check=True)


def bench_memory(
    much: str, note: Callable[[str], None], scaled: Callable[..., int]
) -> None:
    """The memory of a replication does not grow with its stream."""
    little = f"{much.removesuffix('much')}little"
    few_kib, many_kib = _peak_kib(little), _peak_kib(much)
    assert many_kib - few_kib <= MOST_MORE_KIB
    note(
        f"`zfstune replicate` had {few_kib} KiB of memory at most for a stream of "
        f"{LITTLE_MIB} MiB, and {many_kib} KiB for one of {scaled(MIB, 64)} MiB."
    )


def _peak_kib(source: str) -> int:
    """Replicate by the command, and give the most memory of any of its processes."""
    target = f"{source}-copy"
    program = shutil.which("zfstune") or ""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    argv = [program, "replicate", source, target]
    pid = os.posix_spawn(program, argv, os.environ, file_actions=silent)
    # wait4(2): of all that it has waited for in its turn, too
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    _check_and_destroy(source, target)
    return usage.ru_maxrss

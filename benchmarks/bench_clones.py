"""Clones: a thousand of one snapshot, mounted and not, and images that are stamped."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune import golden
from zfstune.engine.open import open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.timeout(3600)

YARDSTICK, LOOP = "library", "zfs clone, in a loop"
PLAIN, MOUNTED = "1000 clones", "200 clones, mounted"
LAPS = {
    PLAIN: {LOOP: 1, YARDSTICK: 3, "command": 3, "channel program": 3},
    MOUNTED: {LOOP: 2, YARDSTICK: 3, "command": 3},
}
TARGETS = [(YARDSTICK, LOOP, 0.2, PLAIN), ("command", LOOP, 0.2, PLAIN)]
SIZES = {PLAIN: 1000, MOUNTED: 200}
# A release without zfs.sync.clone has no such peer.
PROGRAM = """
args = ...
for _, name in ipairs(args["names"]) do
    local code = zfs.sync.clone(args["snapshot"], name)
    if code ~= 0 then return name, code end
end
return 0
"""


@pytest.fixture
def names(pool: str, scenario: str, scaled: Callable[..., int]) -> Iterator[list[str]]:
    """Give the names of clones to be made, and destroy what was made."""
    with open_engine() as engine:
        if not engine.exists(f"{pool}/golden"):
            engine.create(f"{pool}/golden")
            golden.create(f"{pool}/golden", engine=engine)
        where = {"mountpoint": f"/{pool}/nodes" if scenario == MOUNTED else "none"}
        engine.create(f"{pool}/nodes", properties=where)
    yield [f"{pool}/nodes/n{number:04}" for number in range(scaled(SIZES[scenario], 20))]
    subprocess.run(["zfs", "destroy", "-r", f"{pool}/nodes"], check=True)


def bench_clones(
    measure: Callable[..., None], names: list[str], pool: str, peer: str, scenario: str
) -> None:
    """From the first clone to the last; each is there afterwards, and mounted if asked."""
    snapshot = f"{pool}/golden@golden"
    with open_engine() as engine:
        if peer == "channel program" and not _has_program(engine, pool):
            pytest.skip("this release has no zfs.sync.clone")
    calls = {
        LOOP: lambda: _in_a_loop(snapshot, names),
        YARDSTICK: lambda: zfstune.clone(snapshot, *names),
        "command": lambda: subprocess.run(
            ["zfstune", "clone", snapshot, *names], check=True, stdout=subprocess.DEVNULL
        ),
        "channel program": lambda: _by_program(pool, snapshot, names),
    }
    measure(calls[peer])
    mounts = Path("/proc/self/mounts").read_text("ascii")
    with open_engine() as engine:
        assert all(engine.exists(name) for name in names)
    assert scenario != MOUNTED or all(f"{name} " in mounts for name in names)


def _in_a_loop(snapshot: str, names: list[str]) -> None:
    for name in names:
        subprocess.run(["zfs", "clone", snapshot, name], check=True)


def _has_program(engine: Engine, pool: str) -> bool:
    program = "return zfs.sync.clone ~= nil"
    return bool(engine.run_program(pool, program, {}, sync=False))


def _by_program(pool: str, snapshot: str, names: list[str]) -> None:
    with open_engine() as engine:
        arguments = {"snapshot": snapshot, "names": names}
        assert engine.run_program(pool, PROGRAM, arguments) == 0

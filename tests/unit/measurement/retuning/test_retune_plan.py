"""The plan of a run: what it says, and what snapshots keep."""

from __future__ import annotations

import json

import pytest

from zfstune.measurement.retuning.found_file import FoundFile
from zfstune.measurement.retuning.gain import Layout, gains
from zfstune.measurement.retuning.retune_plan import (
    History,
    Left,
    Pinned,
    RetunePlan,
    pinned,
)
from zfstune.values.frozen import replace
from zfstune.values.state import Vdev

K = 1 << 10
DISK = Vdev("disk", 12, "normal", ("/dev/a",), None)
FILES = tuple(
    FoundFile(n, 1 << 20, 128 * K, 1 << 20, 1, 0, changed * 10**9, ((f"f{n}",),))
    for n, changed in ((1, 100), (2, 300))
)
PLAN = RetunePlan(
    dataset="tank/db",
    path="/tank/db",
    record_bytes=8 * K,
    compression="lz4",
    looked_at=7,
    files=FILES,
    left=(Left("odd\n", "it is gone"),),
    gains=gains(FILES, Layout(DISK, 8 * K, compressed=True)),
    history=History(2, 200),
    free_bytes=10 << 30,
    floor_bytes=1 << 30,
)


@pytest.mark.parametrize(
    ("history", "kept", "words"),
    [
        (History(), Pinned(0, 0), "no snapshot keeps the old blocks"),
        (History(1, 50), Pinned(0, 2 << 20), "the snapshot keeps"),
        (History(2, 200), Pinned(1 << 20, 2 << 20), "destroyed: 1M to 2M"),
        (History(2, 400), Pinned(2 << 20, 2 << 20), "2 snapshots keep"),
        (
            History(0, 0, pool_checkpoint=True),
            Pinned(2 << 20, 2 << 20),
            "the pool's checkpoint keeps the old blocks: 2M",
        ),
    ],
)
def test_what_snapshots_keep(history: History, kept: Pinned, words: str) -> None:
    """Blocks of files that are older than the newest snapshot, and at most those of all."""
    assert pinned(FILES, history) == kept
    assert words in "\n".join(replace(PLAN, history=history).lines())


def test_lines() -> None:
    """The plan says what is written, gained, kept and left, and where it stops."""
    assert PLAN.lines() == [
        "tank/db: recordsize 8K, compression lz4",
        "  2 of 7 files to write anew: 2M, 2M on disk now, about 2M afterwards",
        "  2 files in blocks of 128K, 2M",
        (
            "    a random write of 8K: 128K written after 128K were read now, 8K written "
            "afterwards"
        ),
        "    pointers to blocks: 2K now, 32K afterwards",
        "  2 snapshots keep the old blocks until they are destroyed: 1M to 2M",
        "  10G are free; the run stops at 1G",
        "  left: odd\\n: it is gone",
    ]


def test_nothing_to_do() -> None:
    """Where no file is stale, the plan says so, and names what a killed run left."""
    plan = replace(PLAN, files=(), left=(), looked_at=1, leftovers=3)
    assert plan.lines()[1:] == [
        "  a killed run left 3 files, which are settled first",
        "  nothing to do: looked at 1 file",
    ]


def test_json() -> None:
    """All of it is there for programs."""
    told = json.loads(json.dumps(PLAN.to_dict()))
    assert (told["files"], told["files_looked_at"], told["size_bytes"]) == (2, 7, 2 << 20)
    assert (told["pinned_least_bytes"], told["pinned_most_bytes"]) == (1 << 20, 2 << 20)
    assert told["left"] == [{"path": "odd\n", "reason": "it is gone"}]
    assert told["gains"][0]["used_after_bytes"] == 2 << 20

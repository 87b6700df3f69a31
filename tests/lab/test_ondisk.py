"""The model of what a block takes on disk, held against real pools, block by block."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.values.ondisk import allocated_bytes, charged_bytes, stored_bytes
from zfstune.values.size import parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Vdev

RECORDS = ("4K", "8K", "32K", "128K")
# Of each file: compression, how many bytes of it are random, how many blocks it has.
SHAPES = [
    ("off", 1.0, 4),
    ("off", 1.0, 1),
    ("lz4", 1.0, 4),
    ("lz4", 0.6, 4),
    ("lz4", 0.4, 4),
    ("lz4", 0.1, 4),
    ("lz4", 0.1, 1),
    ("lz4", 0.0, 4),
]


@dataclass(frozen=True)
class Written:
    """One file: what the model says each block is stored in, and what was allocated."""

    label: str
    blocks: int
    stored: int
    st_blocks: int
    allocated: list[int]


def _lz4_bytes(random_bytes: int, record: int) -> int:
    """Give what lz4 makes of random bytes and a run, give or take a few bytes.

    A header of 4, literals as they are, and a byte for each 255 of either.
    """
    if not random_bytes:
        return 0
    return 4 + random_bytes + random_bytes // 255 + (record - random_bytes) // 255 + 12


def _write(path: Path, record: int, share: float, blocks: int) -> None:
    """Write blocks that start with random bytes and end in a run of zeroes."""
    noise = random.Random(path.name)  # noqa: S311 (the same in each run)
    size = int(record * share)
    with path.open("wb") as file:
        for _ in range(blocks):
            file.write(noise.randbytes(size) + bytes(record - size))


@pytest.fixture(
    scope="module",
    params=[
        (12, "FILE"),
        (9, "FILE"),
        (12, "mirror FILE FILE"),
        (12, "raidz1 FILE FILE FILE"),
        (12, "raidz2 FILE FILE FILE FILE FILE FILE"),
    ],
    ids=lambda param: f"{param[1].split()[0].lower()}-{param[0]}",
)
def written(
    request: pytest.FixtureRequest,
    engine: Engine,
    make_pool: Callable[..., str],
    command: Callable[..., str],
) -> Iterator[tuple[Vdev, list[Written]]]:
    """Give the vdev of a pool of each kind, and the files that were written there."""
    ashift, vdevs = request.param
    name = make_pool(
        *vdevs.split(), options=("-o", f"ashift={ashift}"), size_bytes=128 << 20
    )
    dataset = f"{name}/data"
    engine.create(dataset)
    folder = Path(engine.mount(dataset))
    [vdev] = engine.pool(name).vdevs
    made = []
    asked = ("", "")
    for text in RECORDS:
        record = parse_size(text)
        for compression, share, blocks in SHAPES:
            if asked != (text, compression):  # setting takes a moment here
                asked = (text, compression)
                engine.set(dataset, {"recordsize": text, "compression": compression})
            path = folder / f"{text}-{compression}-{share}-{blocks}"
            _write(path, record, share, blocks)
            made.append((path, record, compression, share, blocks))
    command("zpool", "sync", name)
    inodes = [path.stat().st_ino for path, *_ in made]
    allocated = _allocated(command("zdb", "-ddddd", dataset, *map(str, inodes)))
    files = []
    for inode, (path, record, compression, share, blocks) in zip(inodes, made, strict=True):
        packed = None
        if compression == "lz4":
            packed = _lz4_bytes(int(record * share), record)
        stored = stored_bytes(record, packed, ashift=ashift)
        st_blocks = path.stat().st_blocks
        files.append(Written(path.name, blocks, stored, st_blocks, allocated[inode]))
    yield vdev, files
    command("zpool", "destroy", "-f", name)


def _allocated(text: str) -> dict[int, list[int]]:
    """Read out of ``zdb -ddddd`` what each data block of each object takes.

    A line of a block is ``OFFSET L0 VDEV:OFFSET:SIZE LSIZE/PSIZE ...``, in hex. A
    hole is no such line, and neither is a block embedded in its pointer.
    """
    found: dict[int, list[int]] = {}
    inode = 0
    for line in text.splitlines():
        if heading := re.match(r" +(\d+) +\d+ +\S+ +\S+ +\S+ +\S+ ", line):
            inode = int(heading[1])
            found[inode] = []
        elif block := re.match(r" +[0-9a-f]+ +L0 [0-9a-f]+:[0-9a-f]+:([0-9a-f]+) ", line):
            found[inode].append(int(block[1], 16))
    return found


def test_each_block_is_as_large_as_the_model_says(
    written: tuple[Vdev, list[Written]],
) -> None:
    """Within a sector of what is stored, for every block of every file; zdb says so."""
    vdev, files = written
    sector = 1 << vdev.ashift
    compared = 0
    for file in files:
        assert len(file.allocated) == (file.blocks if file.stored else 0), file
        around = (file.stored - sector, file.stored, file.stored + sector)
        expected = {allocated_bytes(vdev, stored) for stored in around if stored > 0}
        assert expected.issuperset(file.allocated), file
        compared += len(file.allocated)
    assert compared > 60


def test_random_data_is_exact(written: tuple[Vdev, list[Written]]) -> None:
    """Where no compressor has a say, the model is exact to the byte."""
    vdev, files = written
    raw = [file for file in files if "-1.0-" in file.label]
    assert len(raw) == 3 * len(RECORDS)
    for file in raw:
        assert file.allocated == [allocated_bytes(vdev, file.stored)] * file.blocks, file


def test_du_agrees_on_files_of_one_block(written: tuple[Vdev, list[Written]]) -> None:
    """``st_blocks`` counts parity out at the rate of 128K, and the dnode in."""
    vdev, files = written
    single = [file for file in files if file.blocks == 1]
    assert len(single) == 2 * len(RECORDS)
    for file in single:
        said = file.st_blocks * 512
        expected = charged_bytes(vdev, file.stored) if file.stored else 0
        assert abs(said - expected) <= (1 << vdev.ashift) + 512, file

"""Samples of a user's files."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

import pytest

from zfstune.host.compressors import compressed_size
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.take_sample import take_sample
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20


def text(seed: int) -> bytes:
    """Return a MiB of lines that are alike here and there, as a log has them."""
    random = Random(seed)  # noqa: S311 (it need not be hard to guess)
    words = [f"word{random.randrange(4000)}" for _ in range(MIB // 7)]
    return " ".join(words).encode()[:MIB]


def test_data_like_the_users(tmp_path: Path) -> None:
    """Data that is made after a sample compresses as the sample does."""
    for number in range(3):
        (tmp_path / f"log.{number}").write_bytes(text(number))
    shape = take_sample(str(tmp_path), seed=1)
    made = Corpus(shape, 1).read(0, 0, MIB)
    for record in (8192, 65536):
        for data in (made, text(0)):
            pieces = [data[at : at + record] for at in range(0, len(data), record)]
            sizes = [compressed_size("lz4", piece) or 0 for piece in pieces]
            assert sum(sizes) / len(data) == pytest.approx(shape.fraction(record), abs=0.06)
    assert shape.symbols < 256
    assert shape.source == f"a sample of 3M of {tmp_path}"
    assert list(shape.spread) == sorted(shape.spread)


def test_a_single_file_and_links(tmp_path: Path) -> None:
    """A file may be named; links and pipes below a folder are left alone."""
    packed = tmp_path / "packed"
    packed.write_bytes(os.urandom(MIB))
    found = take_sample(str(packed), seed=1)
    assert found.fractions[8192] == 1.0
    assert found.symbols == 256
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(packed)
    os.mkfifo(folder / "pipe")
    with pytest.raises(ZfstuneError, match="it holds no data"):
        take_sample(str(folder), seed=1)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A path that is not there is named, with the reason."""
    with pytest.raises(ZfstuneError, match=f"cannot sample '{tmp_path}/none': No such"):
        take_sample(str(tmp_path / "none"), seed=1)

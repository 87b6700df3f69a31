"""Files are filled, written over and read at the planned places, and nowhere else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from made_workload import HALF, workload
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.write_pages import Pages, file_name
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
CORPUS = Corpus(HALF, 1)


def test_filled_and_written_over(tmp_path: Path) -> None:
    """Each batch ends in a transaction group; pages change, and the others stay."""
    batches = plan_batches(workload(), MIB, seed=1)
    synced: list[int] = []
    pages = Pages(str(tmp_path), batches, CORPUS, lambda: synced.append(1), 1)
    pages.fill()
    path = tmp_path / file_name(0)
    assert path.read_bytes() == CORPUS.read(0, 0, MIB)
    assert len(synced) == 1
    assert pages.allocated_bytes() == path.stat().st_blocks * 512
    assert pages.write(batches.counted[:2], synced=False) == 64 * 8192
    assert len(synced) == 3
    touched = {offset for batch in batches.counted[:2] for _, offset, _ in batch}
    after = path.read_bytes()
    before = CORPUS.read(0, 0, MIB)
    changed = {
        at for at in range(0, MIB, 8192) if after[at : at + 8192] != before[at : at + 8192]
    }
    assert changed == touched
    assert pages.read(batches.asked[:10]) == 10 * 8192
    pages.close()


def test_many_small_files(tmp_path: Path) -> None:
    """More files than are held open at once are filled and written."""
    batches = plan_batches(workload(page=4096, file=4096), 100 * 4096, seed=1)
    pages = Pages(str(tmp_path), batches, CORPUS, lambda: None, 0)
    pages.fill()
    pages.write(batches.settling, synced=True)
    pages.close()
    assert len(list(tmp_path.iterdir())) == 100
    assert {path.stat().st_size for path in tmp_path.iterdir()} == {4096}


def test_as_often_as_the_application_syncs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fourth write is synced where the workload says so, and none while settling."""
    calls: list[int] = []
    monkeypatch.setattr(os, "fdatasync", calls.append)
    batches = plan_batches(workload(), MIB, seed=1)
    pages = Pages(str(tmp_path), batches, CORPUS, lambda: None, 4)
    pages.fill()
    pages.write(batches.counted[:1], synced=False)
    assert calls == []
    pages.write(batches.counted[:1], synced=True)
    assert len(calls) == 8
    pages.close()


def test_a_folder_that_fails(tmp_path: Path) -> None:
    """A failure names the folder; a link in the place of a file is not followed."""
    batches = plan_batches(workload(), MIB, seed=1)
    (tmp_path / file_name(0)).symlink_to("/dev/null")
    pages = Pages(str(tmp_path), batches, CORPUS, lambda: None, 0)
    with pytest.raises(ZfstuneError, match=f"cannot fill '{tmp_path}'"):
        pages.fill()

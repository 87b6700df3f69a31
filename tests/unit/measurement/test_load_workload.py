"""The workloads that ship, and those that a user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.load_workload import load_job, load_workload, shipped_workloads
from zfstune.profiles.load import load_shipped
from zfstune.values.errors import ProfileError

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.measurement.job_file import Workload

SHIPPED = {workload.facts.name: workload for workload in shipped_workloads()}


@pytest.mark.parametrize("name", SHIPPED)
def test_each_that_ships(name: str) -> None:
    """It belongs to a dataset of a profile, has a source, and its data can be made."""
    workload = SHIPPED[name]
    assert load_shipped(workload.profile).dataset(workload.dataset) is not None
    assert workload.facts.source.startswith("https://")
    assert workload.shape.source
    assert len(Corpus(workload.shape, 1).read(0, 0, 8192)) == 8192


def test_what_ships() -> None:
    """All kinds of workloads that people ask about are there."""
    assert set(SHIPPED) == {
        *("containers", "images", "kafka", "logs", "mail", "mysql", "nfs", "postgres"),
        *("postgres-wal", "sqlite", "vm-images"),
    }


def pattern(workload: Workload) -> tuple[int, str, bool]:
    """Return page size, pattern, and whether it syncs."""
    facts = workload.facts
    return facts.page_bytes, facts.pattern, facts.sync_every > 0


def test_what_they_do() -> None:
    """The best known ones do what everybody knows of them."""
    assert pattern(SHIPPED["postgres"]) == (8192, "random", True)
    assert pattern(SHIPPED["postgres-wal"]) == (8192, "append", True)
    assert pattern(SHIPPED["mysql"]) == (16384, "random", True)
    assert pattern(SHIPPED["kafka"]) == (65536, "append", False)
    assert pattern(SHIPPED["images"]) == (1 << 20, "sequential", False)


def test_by_name_and_by_profile() -> None:
    """A workload is found by its own name, or by that of its profile."""
    assert load_workload("postgres-wal").dataset == "postgres/wal"
    assert load_workload("postgres").dataset == "postgres"
    assert load_workload("docker").facts.name == "containers"
    with pytest.raises(ProfileError, match="cannot measure 'postgers'") as caught:
        load_workload("postgers")
    assert "did you mean 'postgres'?" in caught.value.hint


def test_a_file_of_the_users(tmp_path: Path) -> None:
    """The workload of a job file has the name of that file; a file is read or refused."""
    path = tmp_path / "mine.fio"
    path.write_text(SHIPPED["sqlite"].facts.job)
    assert load_job(str(path)).facts.name == "mine"
    with pytest.raises(ProfileError, match="No such file"):
        load_job(str(tmp_path / "none.fio"))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match="it is no text"):
        load_job(str(path))


@pytest.mark.parametrize("name", SHIPPED)
def test_jobs_that_measure_what_they_say(name: str) -> None:
    """No job reserves space, which does nothing here, or goes past the ARC."""
    lines = SHIPPED[name].facts.job.splitlines()
    assert "fallocate=none" in lines
    assert "refill_buffers=1" in lines
    assert not any(line.startswith("direct=") for line in lines)

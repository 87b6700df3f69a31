"""Counters are read where the kernel keeps them, and are empty where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfstune.measurement import read_counters

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HEAD = "27 1 0x01 7 2160 1 2\nname type data\n"


def test_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset's file has its number in hexadecimal; its log has counters since 2.2."""
    monkeypatch.setattr(read_counters, "_KSTATS", str(tmp_path))
    (tmp_path / "tank").mkdir()
    own = tmp_path / "tank" / "objset-0x1a"
    own.write_text(f"{HEAD}nwritten 4 5\n")
    (tmp_path / "zil").write_text(f"{HEAD}zil_commit_count 4 7\n")
    (tmp_path / "arcstats").write_text(f"{HEAD}demand_data_hits 4 9\n")
    assert read_counters.dataset_counters("tank", 26) == {"nwritten": 5}
    assert read_counters.zil_counters("tank", 26) == ({"zil_commit_count": 7}, True)
    own.write_text(f"{HEAD}zil_commit_count 4 3\n")
    assert read_counters.zil_counters("tank", 26) == ({"zil_commit_count": 3}, False)
    assert read_counters.arc_counters() == {"demand_data_hits": 9}
    assert read_counters.dataset_counters("tank", 27) == {}


def test_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters that this release lacks are left out."""
    monkeypatch.setattr(read_counters, "_PARAMETERS", str(tmp_path))
    (tmp_path / "zfs_txg_timeout").write_text("5\n")
    assert read_counters.module_parameters() == {"zfs_txg_timeout": "5"}


def test_a_write_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A partition has the cache of its disk, and a file has none that is known."""
    monkeypatch.setattr(read_counters, "_BLOCK", str(tmp_path))
    (tmp_path / "sda/sda1").mkdir(parents=True)
    (tmp_path / "sda/queue").mkdir()
    (tmp_path / "sda/queue/write_cache").write_text("write back\n")
    (tmp_path / "sda1").symlink_to("sda/sda1")
    assert read_counters.write_cache("/dev/sda") == "write back"
    assert read_counters.write_cache("/dev/sda1") == "write back"
    assert read_counters.write_cache("/srv/file") == ""


def test_processors_are_busy() -> None:
    """This host's processors have been busy."""
    assert read_counters.processor_ticks() > 0

"""Suspended pools, found in the kernel's statistics."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zfstune.engine import suspended

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_only_suspended_pools_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A healthy pool, and a statistic of something else, are left out."""
    for name, state in {
        "tank": "ONLINE\n",
        "lost": "SUSPENDED\n",
        "gone": "SUSPENDED",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "state").write_text(state)
    (tmp_path / "arcstats").write_text("SUSPENDED")
    monkeypatch.setattr(suspended, "_KSTATS", str(tmp_path))
    assert suspended.suspended_pools() == {"lost", "gone"}


def test_no_module_is_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without statistics no pool is suspended."""
    monkeypatch.setattr(suspended, "_KSTATS", str(tmp_path / "nothing"))
    assert suspended.suspended_pools() == frozenset()


def test_marks_of_a_process() -> None:
    """The marks of a process have its context switches; a process that is gone has none."""
    assert "ctxt_switches" in suspended.process_marks(os.getpid())
    assert suspended.process_marks(1 << 30) == ""

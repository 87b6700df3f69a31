"""What all unit tests share: each begins as a run of zfstune does, with empty caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.measurement import sweep
from zfstune.retention.scope import scope_tests
from zfstune.schedules.instants import offsets
from zfstune.values.marks import is_auto_name

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    """Forget the answers, and the budgets spent, of the tests before."""
    for cached in (scope_tests, offsets, is_auto_name):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def notes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give the folder of the notes on measurements, which is not this host's."""
    folder = tmp_path_factory.mktemp("notes") / "measurements"
    monkeypatch.setattr(sweep, "NOTES", str(folder))
    return folder

"""What all unit tests share: each begins as a run of zfstune does, with empty caches."""

from __future__ import annotations

import pytest

from zfstune.retention.scope import scope_tests
from zfstune.schedules.instants import offsets
from zfstune.values.marks import is_auto_name


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    """Forget the answers, and the budgets spent, of the tests before."""
    for cached in (scope_tests, offsets, is_auto_name):
        cached.cache_clear()

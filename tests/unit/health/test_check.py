"""Checking from Python: the judgement is a value, and no ZFS is asked in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zfstune
from heirs import Heirs
from zfstune.values.errors import InvalidValue

if TYPE_CHECKING:
    from pathlib import Path


def test_an_old_snapshot(tmp_path: Path) -> None:
    """It is a problem of the dataset, with a status as monitors have it, and no error."""
    engine = Heirs("tank", "tank/a")
    engine.set("tank/a", {"org.zfstune:schedule": "hourly"})
    engine.take("tank/a", [24 * 365])
    found = zfstune.check("tank/a", folder=str(tmp_path), engine=engine.seam)
    assert (found.status, found.word) == (2, "CRITICAL")
    assert [(p.target, p.word) for p in found.problems] == [("tank/a", "CRITICAL")]
    patient = {"warning_s": 10**10, "critical_s": 10**11}
    found = zfstune.check("tank/a", folder=str(tmp_path), engine=engine.seam, **patient)
    assert (found.status, found.problems) == (0, ())


@pytest.mark.parametrize("prefix", ["", "lag_"])
def test_ages_that_make_no_sense(tmp_path: Path, prefix: str) -> None:
    """They are refused before ZFS is asked."""
    engine = Heirs("tank", "tank/a")
    engine.before = pytest.fail
    wrong = {f"{prefix}warning_s": 2, f"{prefix}critical_s": 1}
    with pytest.raises(InvalidValue, match="cannot "):
        zfstune.check(folder=str(tmp_path), engine=engine.seam, **wrong)

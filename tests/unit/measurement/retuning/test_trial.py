"""What a run needs of system and ZFS, tried out first."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from zfstune.measurement.retuning import spare as spares
from zfstune.measurement.retuning.spare import Spare
from zfstune.measurement.retuning.trial import try_out
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path


def test_all_is_there(tmp_path: Path) -> None:
    """Where all is there, nothing is left of the trial."""
    root = os.open(tmp_path, os.O_RDONLY)
    with Spare.made(root, idle=False) as spare:
        try_out(spare, "tank/a")
        assert list((tmp_path / spare.name).iterdir()) == []
    os.close(root)


def test_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No exchange, or no lease, is said with what helps; nothing is left."""
    root = os.open(tmp_path, os.O_RDONLY)
    with monkeypatch.context() as patch, Spare.made(root, idle=False) as spare:
        patch.setattr(spares, "exchange_names", lambda *_: False)
        with pytest.raises(PlanError, match="cannot exchange two names") as error:
            try_out(spare, "tank/a")
        assert "--idle" in error.value.hint
        assert list((tmp_path / spare.name).iterdir()) == []
        with Spare(root, spare.name, idle=True) as same:
            try_out(same, "tank/a")

    def refuse(*_: object) -> int:
        raise OSError(22, "Invalid argument")

    with Spare.made(root, idle=False) as spare:
        monkeypatch.setattr(fcntl, "fcntl", refuse)
        with pytest.raises(PlanError, match="gives no lease") as error:
            try_out(spare, "tank/a")
        assert "fs.leases-enable" in error.value.hint
        assert list((tmp_path / spare.name).iterdir()) == []
    os.close(root)

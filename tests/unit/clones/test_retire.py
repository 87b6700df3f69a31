"""Retiring: marked first, destroyed when its last clone is gone, however runs end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clone_engine import Killed
from zfstune.clones.clone import clone
from zfstune.clones.create import create
from zfstune.clones.retire import retire
from zfstune.clones.survey import find_image
from zfstune.values.errors import BatchError, PlanError

if TYPE_CHECKING:
    from clone_engine import CloneEngine


def test_it_goes_with_its_last_clone(sealed: CloneEngine) -> None:
    """Until then it is marked, and can be taken back."""
    clone("tank/disk@golden", "tank/x", engine=sealed.zfs)
    plan = retire("tank/disk", lose=["image"], engine=sealed.zfs)
    assert plan.clones == ("tank/x",)
    assert find_image(sealed.zfs, "tank/disk", "read").state == "retired"
    create("tank/disk", engine=sealed.zfs)
    assert find_image(sealed.zfs, "tank/disk", "read").state == "sealed"
    sealed.destroy("tank/x")
    retire("tank/disk", lose=["image"], engine=sealed.zfs)
    assert "tank/disk" not in sealed.kinds
    assert sealed.changes[-3:] == [
        "release tank/disk@golden",
        "destroy tank/disk@golden",
        "destroy tank/disk",
    ]


@pytest.mark.parametrize("left", range(4))
def test_it_converges(sealed: CloneEngine, left: int) -> None:
    """Killed before any step, and then run again."""
    sealed.left = left
    with pytest.raises(Killed):
        retire("tank/disk", lose=["image"], engine=sealed.zfs)
    sealed.left = None
    retire("tank/disk", lose=["image"], engine=sealed.zfs)
    assert "tank/disk" not in sealed.kinds


def test_a_clone_that_somebody_makes_meanwhile_stops_it(sealed: CloneEngine) -> None:
    """Clone and image stay."""

    def meanwhile(_: object) -> None:
        clone("tank/disk@golden", "tank/x", engine=sealed.zfs)

    with pytest.raises(BatchError):
        retire("tank/disk", lose=["image"], engine=sealed.zfs, show=meanwhile)
    assert {"tank/x", "tank/disk"} <= sealed.kinds.keys()
    assert find_image(sealed.zfs, "tank/disk", "read").clones == ("tank/x",)


def test_nothing_else_is_retired(sealed: CloneEngine) -> None:
    """What is no image stays as it is, and a dry run changes nothing."""
    with pytest.raises(PlanError, match="it is no golden image"):
        retire("tank/nodes", engine=sealed.zfs)
    retire("tank/disk", lose=["image"], dry_run=True, engine=sealed.zfs)
    assert sealed.changes == []

"""A snapshot by its name, and what may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mounted_folder import MountedFolder
from zfstune.snapshots.look_up import look_up
from zfstune.values.errors import InvalidName, NotFound

if TYPE_CHECKING:
    from pathlib import Path


def test_found_or_something_near(tmp_path: Path) -> None:
    """A slip of the pen is named with the snapshot that was meant, and the newest."""
    engine = MountedFolder(tmp_path)
    with pytest.raises(NotFound, match="no snapshot of that name") as caught:
        look_up(engine.seam, "tank/home@monday", operation="restore from")
    assert caught.value.hint.endswith("zfstune snapshot tank/home takes one")
    engine.take_snapshots(["tank/home@monday"])
    engine.take_snapshots(["tank/home@tuesday"])
    found = look_up(engine.seam, "tank/home@monday", operation="restore from")
    assert found.name == "tank/home@monday"
    with pytest.raises(NotFound) as caught:
        look_up(engine.seam, "tank/home@munday", operation="restore from")
    assert str(caught.value) == (
        "cannot restore from 'tank/home@munday': 'tank/home' has no snapshot of that name"
    )
    assert caught.value.hint == (
        "did you mean 'monday'? the newest is 'tuesday'; all of them: "
        "zfstune snapshots tank/home"
    )


def test_no_such_dataset_and_no_such_name(tmp_path: Path) -> None:
    """Without a dataset there is nothing to choose from, and a name has its form."""
    engine = MountedFolder(tmp_path)
    with pytest.raises(NotFound, match="tank/hime"):
        look_up(engine.seam, "tank/hime@monday", operation="restore from")
    with pytest.raises(InvalidName):
        look_up(engine.seam, "tank/home", operation="restore from")

"""Mount points below a path, out of the kernel's table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zfstune.host.mount_points import mount_points_at

if TYPE_CHECKING:
    from pathlib import Path

TABLE = r"""21 1 0:20 / /srv rw - zfs tank/srv rw
22 21 0:21 / /srv/a\040b rw - zfs tank/ab rw
23 22 0:22 / /srv/a\040b/deep rw - tmpfs tmpfs rw
24 21 0:23 / /srv/abc rw - zfs tank/abc rw
"""


def test_at_a_path_and_below_it(tmp_path: Path) -> None:
    """A name that only begins alike is another place; blanks are read."""
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    found = mount_points_at("/srv/a b/", table=os.fspath(table))
    assert found == ("/srv/a b", "/srv/a b/deep")
    assert mount_points_at("/srv/a", table=os.fspath(table)) == ()
    assert len(mount_points_at("/", table=os.fspath(table))) == 4


def test_of_this_process() -> None:
    """The kernel's own table is read."""
    assert "/proc" in mount_points_at("/")

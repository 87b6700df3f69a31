"""A status with something of everything, for the pages that show one."""

from __future__ import annotations

from zfstune.health.growth import Growth
from zfstune.health.status_page import StatusDataset, StatusPage, StatusPool, StatusTarget

__all__ = ["made_status"]

_LONG = "a-rather-long-name-of-a-dataset-for-the-disks-of-virtual-machines"


def made_status() -> StatusPage:
    """Make one, with long names, findings, and a name that tries to be markup."""
    growth = Growth(3 << 30, 0)
    rows = (
        ("tank/data/postgres", "ok"),
        ("tank/data/web", "stale-snapshots"),
        (f"tank/{_LONG}", "ok"),
        ("tank/<script>alert(1)</script>", "late"),
    )
    return StatusPage(
        (
            StatusPool("tank", "ONLINE", 100 << 30, 24 << 30, "ok", growth),
            StatusPool("rpool", "DEGRADED", 1 << 40, 1 << 36, "unhealthy"),
        ),
        tuple(
            StatusDataset(name, ("web", "shop"), 3 << 30, 720, 3600, state, growth)
            for name, state in rows
        ),
        (StatusTarget("backup.example.org:tank/copy/of/web", "tank/data/web", 2, 7200),),
        (
            ("tank/data/web", "its newest snapshot is 3d old"),
            ("rpool", f"a device is not online: /dev/disk/by-id/{'x' * 90} FAULTED"),
        ),
    )

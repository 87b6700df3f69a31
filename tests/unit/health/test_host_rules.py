"""Libraries, permissions, programs, zones and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sick_host import WELL, complaints, dataset
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.health.host_facts import HostFacts


@pytest.mark.parametrize(
    ("facts", "name", "severity"),
    [
        (replace(WELL, library="2.1.11-1"), "library-differs", "advice"),
        (replace(WELL, device="Permission denied"), "device-closed", "fault"),
        (replace(WELL, swaps=("/dev/zd0",)), "swap-on-volume", "fault"),
        (replace(WELL, zones={"Mars/Olympus": False}), "zone-unknown", "fault"),
        (replace(WELL, latest=("tank/a", WELL.now + 121)), "clock-behind", "danger"),
        (replace(WELL, services={"clock": False}), "clock-alone", "advice"),
        (replace(WELL, remote=True, programs={"ssh": ""}), "no-ssh", "fault"),
        (replace(WELL, services={"zed": False}), "no-zed", "advice"),
        (replace(WELL, programs={"mount.zfs": ""}), "no-zfs-command", "advice"),
        (
            replace(
                WELL, datasets=(dataset("tank", sharenfs="ro"),), programs={"exportfs": ""}
            ),
            "no-exportfs",
            "fault",
        ),
        (
            replace(WELL, parameters={"zfs_arc_max": str(8 << 30)}),
            "parameter-zfs_arc_max",
            "fault",
        ),
    ],
)
def test_each_rule(facts: HostFacts, name: str, severity: str) -> None:
    """Each thing that is missing or in the way is one finding."""
    assert complaints(facts) == {name: severity}


def test_what_is_no_finding() -> None:
    """Builds of one release are alike; a clock may be a little behind."""
    assert not complaints(replace(WELL, library="2.4.4-2"))
    assert not complaints(replace(WELL, latest=("tank", WELL.now + 120)))
    assert not complaints(replace(WELL, programs={"ssh": ""}))
    assert not complaints(replace(WELL, image=True, device="no", services={"zed": False}))

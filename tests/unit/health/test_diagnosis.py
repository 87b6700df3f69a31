"""What is made of the facts about a host."""

from __future__ import annotations

from sick_host import SICK, WELL, on
from zfstune.health.diagnosis import diagnose
from zfstune.health.trap import SEVERITIES
from zfstune.values.frozen import replace


def test_releases_that_nobody_knows() -> None:
    """A release that is too new, a kernel that is, and a version that is none."""
    newer = diagnose(on(WELL, (2, 5, 0)))
    assert "release-too-new" in {finding.name for finding in newer.findings}
    late = diagnose(replace(WELL, kernel="7.3.0"))
    assert "kernel-too-new" in {finding.name for finding in late.findings}
    unknown = diagnose(replace(WELL, module="", library=""))
    assert unknown.traps == 0
    assert unknown.unseen == (
        "the faults of OpenZFS's releases: nobody can tell the release",
    )


def test_the_worst_comes_first() -> None:
    """Findings are in the order of their severities."""
    found = [SEVERITIES.index(f.severity) for f in diagnose(on(SICK, (2, 2, 0))).findings]
    assert found == sorted(found)
    assert diagnose(SICK).pending

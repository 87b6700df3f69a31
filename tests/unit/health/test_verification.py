"""A verification as a value: what it comes to, and its text."""

from __future__ import annotations

from zfstune.health.findings import DAMAGED, Finding, Verdict
from zfstune.health.verification import Verification

GOOD = Verdict("tank/a")
LATE = Verdict("tank/b", (Finding("stale-snapshots", "late", "take one"),))
LOST = Verdict("tank/c", (Finding(DAMAGED, "it is gone"),))


def test_what_it_comes_to() -> None:
    """Pools come before datasets; one finding makes it pending."""
    found = Verification((Verdict("tank"),), (GOOD, LATE))
    assert [verdict.name for verdict in found] == ["tank", "tank/a", "tank/b"]
    assert (found.pending, found.damaged) == (True, False)
    assert not Verification((), (GOOD,)).pending
    assert Verification((), (LOST,)).damaged


def test_its_text_is_its_lines() -> None:
    """As the command prints it."""
    found = Verification((), (GOOD, LATE))
    assert str(found).splitlines() == found.lines()
    assert found.lines()[-1] == "2 datasets looked at, 1 not as it should be"

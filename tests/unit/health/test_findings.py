"""Findings, the verdicts made of them, and their sum."""

from __future__ import annotations

import pytest

from zfstune.health.findings import (
    DAMAGED,
    NOTICES,
    STATES,
    Finding,
    Verdict,
    remedied_elsewhere,
)
from zfstune.health.verification import Verification


@pytest.mark.parametrize("state", STATES)
def test_notices_ask_for_nothing(state: str) -> None:
    """Somebody should act on each state except notices."""
    assert Finding(state, "note").pending == (state not in NOTICES)


def test_the_worst_finding_gives_the_state() -> None:
    """Findings are ordered by state, and keep their order within one state."""
    notes = [("overridden", "a"), ("unmounted", "b"), ("drift-local", "c")]
    verdict = Verdict("tank/a", tuple(Finding(state, note) for state, note in notes))
    assert [finding.note for finding in verdict.findings] == ["b", "c", "a"]
    assert (verdict.state, verdict.pending) == ("unmounted", True)
    two = Verdict("tank/a", (Finding("drift-local", "x"), Finding("drift-local", "y")))
    assert [finding.note for finding in two.findings] == ["x", "y"]
    notice = Verdict("tank/a", (Finding("unseen", "note"),))
    assert (notice.state, notice.pending) == ("unseen", False)
    assert (Verdict("tank/a").state, Verdict("tank/a").pending) == ("ok", False)


def test_a_verification_sums_up_its_verdicts() -> None:
    """A verification is pending if a verdict is, and damaged if a dataset is unreadable."""
    pool, well = Verdict("tank"), Verdict("tank/a")
    late = Verdict("tank/b", (Finding("stale-snapshots", "late"),))
    lost = Verdict("tank/c", (Finding(DAMAGED, "it cannot be read"),))
    assert not Verification((pool,), (well,)).pending
    found = Verification((pool,), (well, late))
    assert (found.pending, found.damaged) == (True, False)
    assert list(found) == [pool, well, late]
    assert Verification((pool,), (lost,)).damaged


def test_json_has_null_for_what_is_not_there() -> None:
    """A finding about no property has neither a property nor a source."""
    bare = Finding("unmounted", "it is not mounted").to_dict()
    assert bare == {
        "state": "unmounted",
        "note": "it is not mounted",
        "hint": None,
        "property": None,
        "expected": None,
        "found": None,
        "source": None,
        "origin": None,
    }
    drift = Finding(
        "drift-inherited", "n", "h", "atime", "off", "on", "inherited", "tank"
    ).to_dict()
    assert (drift["property"], drift["expected"], drift["found"]) == ("atime", "off", "on")
    assert (drift["source"], drift["origin"]) == ("inherited", "tank")
    verdict = Verdict("tank/a", (Finding("unseen", "n"),), ("postgres",))
    assert Verification((), (verdict,)).to_dict() == {
        "pending": False,
        "pools": [],
        "datasets": [verdict.to_dict()],
    }
    assert (verdict.to_dict()["name"], verdict.to_dict()["profiles"]) == (
        "tank/a",
        ["postgres"],
    )


def test_remedies_in_an_image() -> None:
    """The zfs command cannot reach it; zfstune's own remedies and words stay."""
    hints = ("zfs set atime=off tank/a", "zfstune apply logs", "look at it", "")
    verdict = Verdict("tank/a", tuple(Finding("drift-local", "x", h) for h in hints))
    found = [finding.hint for finding in remedied_elsewhere(verdict).findings]
    assert found[0] == "on a host that has imported this pool: zfs set atime=off tank/a"
    assert found[1:] == list(hints[1:])

"""Consent to losses, by words."""

from __future__ import annotations

import pytest

from zfstune.snapshots.consent import check_consent, without_consent
from zfstune.values.errors import PlanError

LOSSES = {"snapshots": ["tank/a@1", "tank/a@2"], "clones": ["tank/b"]}
KNOWN = ("snapshots", "clones", "script")


def test_each_loss_takes_its_word() -> None:
    """What lacks consent is named, with all the words that would give it."""
    check_consent("go back", LOSSES, ["clones", "snapshots", "script"], KNOWN)
    check_consent("go back", {}, [], KNOWN)
    with pytest.raises(PlanError, match=r"cannot go back: .*snapshots: tank/a@1") as caught:
        check_consent("go back", LOSSES, ["clones"], KNOWN)
    assert "tank/b" not in str(caught.value)
    assert caught.value.hint.endswith("give lose=['snapshots', 'clones']")
    assert caught.value.losses == {"snapshots": LOSSES["snapshots"]}
    assert without_consent(LOSSES, ["clones"]) == {"snapshots": LOSSES["snapshots"]}


def test_many_names_are_counted() -> None:
    """A message has the first of a kind; the error has all of them."""
    names = [f"tank/a@{number}" for number in range(14)]
    with pytest.raises(PlanError) as caught:
        check_consent("go back", {"snapshots": names}, [], KNOWN)
    assert str(caught.value).endswith(
        "would be lost: snapshots: tank/a@0, tank/a@1, tank/a@2 and 11 more"
    )
    assert caught.value.losses == {"snapshots": names}


def test_a_word_that_is_none() -> None:
    """It is refused, even where nothing would be lost."""
    with pytest.raises(PlanError, match="cannot consent to lose 'all'") as caught:
        check_consent("go back", {}, ["all"], KNOWN)
    assert caught.value.hint == "the words that consent are snapshots, clones, script"

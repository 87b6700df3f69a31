"""Refusals: each names its losses one by one, and the way out without any first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stream_ends import SOURCE, TARGET, snap
from zfstune.streams.refusals import (
    Diverged,
    NameTaken,
    NoCommonBase,
    NoSnapshot,
    PlaceholderStays,
    RawMismatch,
    TargetIsOther,
    TookOver,
)
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.streams.refusals import (
        Refusal,
    )

OWN = (snap(4, dataset=TARGET), snap(5, "my own", dataset=TARGET))
BASE = "backup/a@1"
ASIDE = "add --keep-aside to rename 'backup/a' and to receive beside it"
LOSE = "--lose backup/a@4 --lose 'backup/a@my own'"
DIVERGED = Diverged(SOURCE, TARGET, BASE, OWN, 0, raw=False, empty=False)

SAID = {
    "snapshots": (
        DIVERGED,
        "after 'backup/a@1' it has snapshots of its own: backup/a@4, backup/a@my own",
        f"{ASIDE}, or {LOSE} to give that up",
    ),
    "bytes": (
        replace(DIVERGED, victims=(), written_bytes=4096),
        "4096 bytes were written to it after 'backup/a@1'",
        (
            "`zfs set readonly=on backup/a` prevents writes; "
            f"{ASIDE}, or --lose written to give that up"
        ),
    ),
    "both": (
        replace(DIVERGED, written_bytes=1),
        (
            "after 'backup/a@1' it has snapshots of its own: backup/a@4, backup/a@my own; "
            "1 bytes were written to it after 'backup/a@my own'"
        ),
        (
            "`zfs set readonly=on backup/a` prevents writes; "
            f"{ASIDE}, or {LOSE} --lose written to give that up"
        ),
    ),
    "empty": (
        replace(DIVERGED, victims=OWN[:1], empty=True),
        (
            "after 'backup/a@1' it has snapshots of its own: backup/a@4; they hold no "
            "change and ZFS would keep them, but zfstune only appends to the common "
            "snapshot"
        ),
        f"{ASIDE}, or --lose backup/a@4 to give that up",
    ),
    "empty and raw": (
        replace(DIVERGED, victims=OWN[:1], empty=True, raw=True),
        (
            "after 'backup/a@1' it has snapshots of its own: backup/a@4; they hold no "
            "change, but a raw stream fits no newer snapshot"
        ),
        f"{ASIDE}, or --lose backup/a@4 to give that up",
    ),
    "no base": (
        NoCommonBase(SOURCE, TARGET, OWN),
        "the source has none of its snapshots, nor a bookmark of one",
        f"{ASIDE}, or {LOSE} to give that up",
    ),
    "no base, encrypted": (
        NoCommonBase(SOURCE, TARGET, OWN, forcible=False),
        "the source has none of its snapshots, nor a bookmark of one",
        ASIDE,
    ),
    "nobody to force": (
        replace(DIVERGED, victims=OWN[:1], empty=True, raw=True, forcible=False),
        (
            "after 'backup/a@1' it has snapshots of its own: backup/a@4; they hold no "
            "change, but a raw stream fits no newer snapshot"
        ),
        ASIDE,
    ),
    "raw": (
        RawMismatch(SOURCE, TARGET, OWN, 7, TARGET, raw=True),
        (
            "'backup/a' was received raw, and a stream that is not raw would end that "
            "chain for good"
        ),
        f"send a raw stream; to begin anew, {ASIDE}",
    ),
    "not raw": (
        RawMismatch(SOURCE, TARGET, (), 0, "backup/o@x", raw=False),
        "'backup/o@x' was not received raw, and takes no raw stream",
        "send a stream that is not raw",
    ),
    "perhaps raw": (
        RawMismatch(SOURCE, TARGET, (), 0, TARGET, raw=None),
        (
            "nobody can tell whether 'backup/a' was received raw, and a stream that is not "
            "raw would end a raw chain for good"
        ),
        "send a raw stream",
    ),
    "only a bookmark": (
        NoCommonBase(SOURCE, TARGET, OWN[:1], 0, "backup/a#zfstune-base-1-2"),
        (
            "the source has none of its snapshots, nor a bookmark of one; the target has "
            "only 'backup/a#zfstune-base-1-2' left of what both had, and a stream fits "
            "onto a snapshot alone"
        ),
        NoCommonBase(SOURCE, TARGET, OWN[:1]).hint,
    ),
    "kind": (
        TargetIsOther(SOURCE, TARGET, OWN, 0, "volume", "filesystem"),
        "it is a volume, and the source is a filesystem",
        (
            "add --keep-aside to rename 'backup/a' and to receive beside it, or choose "
            "another target"
        ),
    ),
    "no copy": (
        TargetIsOther(SOURCE, TARGET, (), 9, "volume", "volume"),
        "it exists and has no snapshot, so it is no copy of the source",
        (
            "add --keep-aside to rename 'backup/a' and to receive beside it, or choose "
            "another target"
        ),
    ),
    "name": (
        NameTaken(SOURCE, TARGET, OWN[::-1]),
        (
            "other snapshots than those to be sent have their names: backup/a@my own, "
            "backup/a@4"
        ),
        "`zfs rename 'backup/a@my own' 'backup/a@my own-target'` makes room",
    ),
    "empty source": (
        NoSnapshot(SOURCE, TARGET),
        "the source has no snapshot",
        "`zfstune snapshot tank/a` takes one",
    ),
    "placeholder": (
        PlaceholderStays(SOURCE, TARGET),
        (
            "it is a placeholder, and ZFS lets neither a clone nor an encrypted dataset "
            "take the place of another one"
        ),
        "add --keep-aside to rename 'backup/a' and to receive beside it",
    ),
    "took over": (
        TookOver(SOURCE, TARGET),
        "it has taken over, and is no copy any more",
        (
            "send from 'backup/a' to 'tank/a'; or, if nobody needs it there any more, "
            "`zfstune failover --standby backup/a`"
        ),
    ),
}


@pytest.mark.parametrize(("refusal", "reason", "hint"), SAID.values(), ids=SAID)
def test_the_words_of_each_refusal(refusal: Refusal, reason: str, hint: str) -> None:
    """The reason and the ways out are whole, and can be pasted."""
    assert refusal.reason == reason
    assert refusal.hint == hint
    error = refusal.error()
    assert isinstance(error, PlanError)
    assert error.message == f"cannot send 'tank/a' to 'backup/a': {reason}"
    assert error.hint == hint


@pytest.mark.parametrize("refusal", [refusal for refusal, _, _ in SAID.values()], ids=SAID)
def test_the_document_of_each_refusal(refusal: Refusal) -> None:
    """Victims are in it by name and guid, and nothing else is called one."""
    document = json.loads(json.dumps(refusal.to_dict()))
    assert document == {
        "refused": type(refusal).__name__,
        "source": "tank/a",
        "target": "backup/a",
        "reason": refusal.reason,
        "hint": refusal.hint,
        "victims": [
            {"name": s.name, "guid": str(s.guid), "creation": None} for s in refusal.victims
        ],
        "written_bytes": refusal.written_bytes,
    }


def test_losses_are_names_and_a_word_that_is_none() -> None:
    """A consent names each snapshot, and written bytes by a word without an '@'."""
    assert DIVERGED.losses == ("backup/a@4", "backup/a@my own")
    assert replace(DIVERGED, written_bytes=1).losses[-1] == "written"


def test_a_long_list_is_cut_in_words_alone() -> None:
    """A target of a thousand snapshots fits on a screen, and its document is whole."""
    many = tuple(snap(n, dataset=TARGET) for n in range(2, 23))
    refusal = replace(DIVERGED, victims=many)
    assert refusal.reason.endswith(", backup/a@21 and 1 more")
    assert refusal.hint == f"{ASIDE}, or --lose NAME for each loss"
    assert len(json.dumps(refusal.to_dict()["victims"]).split("name")) == 22
    refusal = replace(DIVERGED, victims=many[:-1])
    assert refusal.reason.endswith(", backup/a@21")
    assert refusal.hint.endswith("--lose backup/a@21 to give that up")

"""Steps: their words, and the document that other programs read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stream_ends import SOURCE, TARGET, mark, snap
from zfstune.streams.refusals import Diverged
from zfstune.streams.steps import Abort, Full, Incremental, Resume, Transfer

if TYPE_CHECKING:
    from zfstune.streams.steps import TransferStep

BIG = (1 << 63) + 1


def test_the_words_of_each_step() -> None:
    """A step says what goes where, and on what it builds."""
    steps: list[TransferStep] = [
        Abort(TARGET, "its snapshot is gone"),
        Full(snap(1), "backup/a@1", raw=True),
        Incremental(snap(2), mark(1, "kept"), "backup/a@2", raw=False),
        Incremental(snap(2), snap(1), "backup/a@2", raw=True, origin="backup/o@x"),
        Resume(snap(2), None, "backup/a@2", raw=False),
        Resume(snap(2), snap(1), "backup/a@2", raw=True),
    ]
    assert [step.describe() for step in steps] == [
        "abort the receive that broke off in backup/a: its snapshot is gone",
        "raw full tank/a@1 -> backup/a@1",
        "incremental tank/a@2 from tank/a#kept -> backup/a@2",
        "raw incremental tank/a@2 from tank/a@1 -> backup/a@2 as a clone of backup/o@x",
        "resume tank/a@2 -> backup/a@2",
        "raw resume tank/a@2 from tank/a@1 -> backup/a@2",
    ]


def test_the_document_of_a_transfer() -> None:
    """Guids are text, for jq rounds large numbers."""
    steps = (
        Abort(TARGET, "why"),
        Full(snap(BIG, "x"), "backup/a@x", raw=True),
        Incremental(snap(2), snap(1), "backup/a@2", raw=False, origin="backup/o@x"),
    )
    document = Transfer(SOURCE, TARGET, steps, unshared="tank/o@x").to_dict()
    assert json.loads(json.dumps(document)) == {
        "source": "tank/a",
        "target": "backup/a",
        "steps": [
            {"step": "abort", "target": "backup/a", "reason": "why"},
            {
                "step": "full",
                "snapshot": "tank/a@x",
                "guid": "9223372036854775809",
                "base": None,
                "base_guid": None,
                "received": "backup/a@x",
                "origin": None,
                "raw": True,
            },
            {
                "step": "incremental",
                "snapshot": "tank/a@2",
                "guid": "2",
                "base": "tank/a@1",
                "base_guid": "1",
                "received": "backup/a@2",
                "origin": "backup/o@x",
                "raw": False,
            },
        ],
        "blocked": None,
        "unshared": "tank/o@x",
    }


def test_an_empty_transfer_is_up_to_date() -> None:
    """Without a step there is nothing to do, and the next refusal is in the document."""
    blocked = Diverged(SOURCE, TARGET, "backup/a@1", (), 5, raw=False, empty=False)
    transfer = Transfer(SOURCE, TARGET, blocked=blocked)
    assert transfer.up_to_date
    document = transfer.to_dict()
    assert document["blocked"] == blocked.to_dict()
    assert document["unshared"] is None
    assert not Transfer(SOURCE, TARGET, (Abort(TARGET, "why"),)).up_to_date

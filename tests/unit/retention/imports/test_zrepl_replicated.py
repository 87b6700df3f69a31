"""zrepl's rule not_replicated: read where zfstune knows as much, refused elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reading_oracle import taken
from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import convert
from zfstune.retention.known_targets import Replicated
from zfstune.retention.rule_kinds import Unreplicated
from zrepl_jobs import job, refused, rules

if TYPE_CHECKING:
    from zfstune.retention.policy import Policy

PUSH = job(
    "push",
    "push",
    'filesystems: {{"{}": true}}\npruning:\n'
    "  keep_sender:\n  - {{{}}}\n  keep_receiver: []",
)
NOT_REPLICATED = "jobs:\n" + PUSH.format(
    "tank<",
    "type: not_replicated}\n"
    '    - {type: grid, grid: 24x1h, regex: "^zrepl_"}\n'
    '    - {type: regex, negate: true, regex: "^zrepl_"',
)


def test_not_replicated_is_a_rule() -> None:
    """It keeps the cursor's snapshot unless the settings say otherwise."""
    [tank, _] = convert("zrepl", NOT_REPLICATED).policies
    assert tank.text == ("regex=zrepl_.* grid=24x1h; regex=zrepl_.* unreplicated=and-base")
    assert any("until it has replicated the dataset" in note for note in tank.notes)
    listing = taken("tank", [(f"zrepl_{n}", 1_700_000_000 + n) for n in range(6)])
    arrived = {"tank": Replicated(3, "'host:b'")}
    now = datetime.fromtimestamp(1_700_000_010, UTC)

    def left(policy: Policy) -> set[int]:
        decided = decide(listing, policy, now, replicated=arrived)
        return {each.snapshot.createtxg for each in decided if each.keep}

    assert left(tank.policy) == {1, 3, 4, 5, 6}  # the oldest of the hour, and the base
    without = NOT_REPLICATED.replace(
        "not_replicated}", "not_replicated, keep_snapshot_at_cursor: false}"
    )
    policy = convert("zrepl", without).policies[0].policy
    assert left(policy) == {1, 4, 5, 6}
    assert Unreplicated() in policy.rules


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            NOT_REPLICATED.replace(
                "keep_receiver: []", "keep_receiver: [{type: not_replicated}]"
            ),
            "not_replicated is a rule for keep_sender alone",
        ),
        (rules("type: not_replicated"), "not_replicated is a rule for keep_sender alone"),
        (
            NOT_REPLICATED.replace(
                "not_replicated}", "not_replicated, keep_snapshot_at_cursor: maybe}"
            ),
            "keep_snapshot_at_cursor: 'maybe' is neither true nor false",
        ),
        (
            NOT_REPLICATED
            + NOT_REPLICATED.removeprefix("jobs:\n").replace("name: push", "name: b"),
            "jobs 'push' and 'b' prune it one after the other",
        ),
    ],
)
def test_not_replicated_where_it_means_nothing(text: str, reason: str) -> None:
    """Zrepl refuses it there too; and each of two jobs would go by its own target."""
    assert any(reason in each for each in refused(text).values())

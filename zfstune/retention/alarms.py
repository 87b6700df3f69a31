"""What is wrong with a plan to destroy snapshots, though each step has its reason.

A rule that goes by the clock is wrong when the clock is, and a policy that somebody
mistyped destroys in one night what took a year. So a plan that destroys more than
half of what it speaks of, all of it, that was made while snapshots seem to come
from the future, or to be taken backwards, or after most of them were lost, is for a
human to look at.
"""

from __future__ import annotations

from zfstune.values.duration import HOUR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from zfstune.retention.decision import Decision
    from zfstune.retention.policy import Policy

__all__ = ["alarms", "to_remember"]

# Three that go of five are no catastrophe, and a timer that missed a run goes on; nine
# that go of twelve months are one.
_FEW = 3
# Where fewer were left, somebody soon destroys half of them by hand.
_WORTH_A_NOTE = 10
# Clocks of two hosts, or one before and after it was set, differ a little.
_SLACK_SECONDS = HOUR


def alarms(
    decisions: Iterable[Decision],
    policies: Mapping[str, Policy],
    now: datetime | None,
    remembered: Mapping[str, int] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Give what should stop the prune of a dataset unless somebody insists.

    A consent to ``keep=0`` answers for what no other rule speaks of, and for nothing
    else: how much the other rules let go is looked at as ever.

    Args:
        decisions: Those on the snapshots of all datasets.
        policies: What each dataset follows.
        now: The time they were made by; None where no policy asks for it.
        remembered: How many a prune before left in scope, of some datasets.

    Returns:
        Dataset to its alarms; one that has none is left out.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, ours in _in_scope(decisions, policies).items():
        policy = policies[name]
        kept_by_rule = policy.scope(keeping=True)
        alarms = [
            *_many(name, [d for d in ours if kept_by_rule(d.snapshot.short_name)]),
            *_short(name, ours, (remembered or {}).get(name, 0)),
        ]
        if now is not None and policy.needs_time:
            alarms += _late(name, ours, int(now.timestamp()))
        if alarms:
            found[name] = tuple(alarms)
    return found


def to_remember(
    decisions: Iterable[Decision],
    policies: Mapping[str, Policy],
    remembered: Mapping[str, int],
) -> dict[str, int]:
    """Give how many in scope a plan leaves, where that is worth a new note.

    Args:
        decisions: Those on the snapshots of all datasets.
        policies: What each dataset follows.
        remembered: What was noted before. It is only to tell whether most are gone,
            so a quarter more or less is no news.
    """
    found = {}
    for name, ours in _in_scope(decisions, policies).items():
        kept, before = sum(d.keep for d in ours), remembered.get(name, 0)
        if (
            kept < len(ours)
            and max(kept, before) >= _WORTH_A_NOTE
            and abs(kept - before) * 4 > before
        ):
            found[name] = kept
    return found


def _in_scope(
    decisions: Iterable[Decision], policies: Mapping[str, Policy]
) -> dict[str, list[Decision]]:
    scopes = {name: policy.scope() for name, policy in policies.items()}
    found: dict[str, list[Decision]] = {name: [] for name in policies}
    for decision in decisions:
        dataset = decision.snapshot.dataset
        if scopes[dataset](decision.snapshot.short_name):
            found[dataset].append(decision)
    return found


def _many(dataset: str, ours: list[Decision]) -> Iterator[str]:
    gone = sum(not d.keep for d in ours)
    if gone and gone == len(ours):
        yield f"all {gone} snapshots in scope of '{dataset}' would go"
    elif gone > _FEW and gone * 2 > len(ours):
        yield (
            f"{gone} of the {len(ours)} snapshots in scope of '{dataset}' would go, "
            "more than half"
        )


def _short(dataset: str, ours: list[Decision], before: int) -> Iterator[str]:
    """Between two prunes snapshots are taken: there should be more than were left."""
    if before >= _WORTH_A_NOTE and len(ours) * 2 < before and not all(d.keep for d in ours):
        yield (
            f"'{dataset}' has {len(ours)} snapshots in scope, and the last prune left "
            f"{before}: somebody destroyed most, or the listing is not whole"
        )


def _late(dataset: str, ours: list[Decision], now: int) -> Iterator[str]:
    times = [d.snapshot.creation or 0 for d in ours]
    late = [time - now for time in times if time > now + _SLACK_SECONDS]
    if late:
        yield (
            f"{len(late)} snapshots in scope of '{dataset}' are dated after now, by up "
            f"to {max(late) / HOUR:.0f} hours: a clock is wrong, or was"
        )
    # newest first, in the order of transaction groups
    elif times and max(times) - times[0] > _SLACK_SECONDS:
        yield (
            f"the newest snapshot in scope of '{dataset}' is dated "
            f"{(max(times) - times[0]) / HOUR:.0f} hours before one taken earlier: the "
            "clock was set back"
        )

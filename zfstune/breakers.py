"""What is wrong with a plan to destroy snapshots, though each step has its reason.

A rule that goes by the clock is wrong when the clock is, and a policy that somebody
mistyped destroys in one night what took a year. So a plan that destroys more than
half of what it speaks of, all of it, or that was made while snapshots seem to come
from the future, is for a human to look at.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from zfstune.policy import Policy
    from zfstune.retention import Decision

__all__ = ["alarms"]

# A few that go of few are no catastrophe, and a timer that missed a day goes on.
_FEW = 10
# Clocks of two hosts, or one before and after it was set, differ a little.
_SLACK_SECONDS = 3600


def alarms(
    decisions: Iterable[Decision], policies: Mapping[str, Policy], now: datetime | None
) -> list[str]:
    """Give what should stop a prune unless somebody insists.

    Args:
        decisions: Those on the snapshots of all datasets.
        policies: What each dataset follows.
        now: The time they were made by; None where no policy asks for it.
    """
    of_dataset: dict[str, list[Decision]] = {name: [] for name in policies}
    for decision in decisions:
        of_dataset[decision.snapshot.dataset].append(decision)
    found: list[str] = []
    for name, policy in policies.items():
        covers = policy.scope()
        ours = [d for d in of_dataset[name] if covers(d.snapshot.short_name)]
        found += _many(name, ours, policy)
        if now is not None and policy.needs_time:
            found += _late(name, ours, int(now.timestamp()))
    return found


def _many(dataset: str, ours: list[Decision], policy: Policy) -> Iterator[str]:
    gone = sum(not d.keep for d in ours)
    if policy.allow_zero:  # who consents to none consents to few
        return
    if gone and gone == len(ours):
        yield f"all {gone} snapshots in scope of '{dataset}' would go"
    elif gone >= _FEW and gone * 2 > len(ours):
        yield (
            f"{gone} of the {len(ours)} snapshots in scope of '{dataset}' would go, "
            "more than half"
        )


def _late(dataset: str, ours: list[Decision], now: int) -> Iterator[str]:
    times = [d.snapshot.creation or 0 for d in ours]
    late = [time - now for time in times if time > now + _SLACK_SECONDS]
    if late:
        yield (
            f"{len(late)} snapshots in scope of '{dataset}' are dated after now, by up "
            f"to {max(late) / 3600:.0f} hours: a clock is wrong, or was"
        )

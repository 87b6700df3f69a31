"""Alarms: signs that a prune's plan is wrong, though each decision has its reason.

A rule that goes by the clock is wrong when the clock is, and a mistyped policy destroys
in one night the snapshots of a year. So a human should look at a plan

- that destroys all snapshots in scope, or more than half of them,
- that was made while snapshots are dated after now, or in the wrong order,
- before which most snapshots were lost.
"""

from __future__ import annotations

from zfstune.values.duration import HOUR, about

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from zfstune.retention.decision import Decision
    from zfstune.retention.policy import Policy

__all__ = ["alarms", "to_remember"]

# Three victims of five snapshots are no catastrophe, and a timer that missed a run must
# go on; nine victims of twelve months are one.
_FEW = 3
# Of fewer snapshots than this, somebody may well have destroyed half by hand.
_WORTH_A_NOTE = 10
# Clocks of two hosts differ a little, and one clock differs before and after it was set.
_SLACK_SECONDS = HOUR


def alarms(
    decisions: Iterable[Decision],
    policies: Mapping[str, Policy],
    now: datetime | None,
    remembered: Mapping[str, int] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Return the alarms that stop the prune of a dataset unless it is forced.

    A consent to ``keep=0`` covers the snapshots of which no other rule speaks. The
    victims of the other rules are counted all the same.

    Args:
        decisions: The decisions on the snapshots of all datasets.
        policies: The policy of each dataset.
        now: The time that the decisions were made by; None where no policy needs it.
        remembered: How many snapshots in scope the last prune left, of some datasets.

    Returns:
        The alarms of each dataset that has some.
    """
    raised: dict[str, tuple[str, ...]] = {}
    for name, in_scope in _in_scope(decisions, policies).items():
        policy = policies[name]
        kept_by_rule = policy.scope(keeping=True)
        alarms = [
            *_many(name, [d for d in in_scope if kept_by_rule(d.snapshot.short_name)]),
            *_lost(name, in_scope, (remembered or {}).get(name, 0)),
        ]
        if now is not None and policy.needs_time:
            alarms += _misdated(name, in_scope, int(now.timestamp()))
        if alarms:
            raised[name] = tuple(alarms)
    return raised


def to_remember(
    decisions: Iterable[Decision],
    policies: Mapping[str, Policy],
    remembered: Mapping[str, int],
) -> dict[str, int]:
    """Count the snapshots in scope that a plan leaves, where that is worth a new note.

    Args:
        decisions: The decisions on the snapshots of all datasets.
        policies: The policy of each dataset.
        remembered: The counts that are noted so far. They only serve to see that most
            snapshots are gone, so a quarter more or less needs no new note.
    """
    counts = {}
    for name, in_scope in _in_scope(decisions, policies).items():
        kept, before = sum(d.keep for d in in_scope), remembered.get(name, 0)
        if (
            kept < len(in_scope)
            and max(kept, before) >= _WORTH_A_NOTE
            and abs(kept - before) * 4 > before
        ):
            counts[name] = kept
    return counts


def _in_scope(
    decisions: Iterable[Decision], policies: Mapping[str, Policy]
) -> dict[str, list[Decision]]:
    scopes = {name: policy.scope() for name, policy in policies.items()}
    in_scope: dict[str, list[Decision]] = {name: [] for name in policies}
    for decision in decisions:
        dataset = decision.snapshot.dataset
        if scopes[dataset](decision.snapshot.short_name):
            in_scope[dataset].append(decision)
    return in_scope


def _many(dataset: str, in_scope: list[Decision]) -> Iterator[str]:
    gone = sum(not d.keep for d in in_scope)
    if gone and gone == len(in_scope):
        subject = f"all {gone} snapshots" if gone > 1 else "the only snapshot"
        yield f"{subject} in scope of '{dataset}' would go"
    elif gone > _FEW and gone * 2 > len(in_scope):
        yield (
            f"{gone} of the {len(in_scope)} snapshots in scope of '{dataset}' would go, "
            "more than half"
        )


def _lost(dataset: str, in_scope: list[Decision], before: int) -> Iterator[str]:
    """Compare with the last prune: there should be more snapshots than it left."""
    most_gone = before >= _WORTH_A_NOTE and len(in_scope) * 2 < before
    if most_gone and not all(d.keep for d in in_scope):
        yield (
            f"'{dataset}' has {_snapshots(len(in_scope))} in scope, and the last prune "
            f"left {before}: somebody destroyed most of them, or the listing is incomplete"
        )


def _misdated(dataset: str, in_scope: list[Decision], now: int) -> Iterator[str]:
    times = [d.snapshot.creation for d in in_scope if d.snapshot.creation is not None]
    late = [time - now for time in times if time > now + _SLACK_SECONDS]
    if late:
        verb = "are" if len(late) > 1 else "is"
        yield (
            f"{_snapshots(len(late))} in scope of '{dataset}' {verb} dated after now, by "
            f"up to {about(max(late))}: a clock is wrong or was wrong"
        )
    # The first snapshot was taken last: decisions are ordered by transaction group.
    elif times and max(times) - times[0] > _SLACK_SECONDS:
        yield (
            f"the newest snapshot in scope of '{dataset}' is dated "
            f"{about(max(times) - times[0])} before a snapshot that was taken earlier: the "
            "clock was set back"
        )


def _snapshots(count: int) -> str:
    return "1 snapshot" if count == 1 else f"{count} snapshots"

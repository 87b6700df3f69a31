"""Whether a policy fits how often snapshots are taken.

A schedule and a policy are set apart from each other, and two mistakes are easy. The
policy speaks of other names than those that the schedule gives (it was imported from
another tool), so that snapshots pile up. Or its shortest period is longer than the
schedule's: of the 24 snapshots that ``hourly`` takes in a day, ``daily=30`` lets go 23
at the next prune.
"""

from __future__ import annotations

from string import ascii_letters, digits

from zfstune.retention.policy import (
    Blocks,
    Every,
    Grid,
    Group,
    Last,
    Never,
    NewerThan,
    Policy,
    Within,
)
from zfstune.retention.policy_text import format_policy
from zfstune.values.duration import DAY, about
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.marks import AUTO_PREFIX
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.retention.policy import Rule
    from zfstune.schedules.cadence import Cadence

__all__ = [
    "Misfit",
    "covers_own",
    "find_misfit",
    "fitting_policy",
    "mismatch",
    "policy_command",
]

# What a schedule of each unit is kept by, from the finest rule to the coarsest.
_USUAL: dict[str, tuple[Rule, ...]] = {
    "minute": (Within(DAY), Every("hourly", 48), Every("daily", 30)),
    "hour": (Every("hourly", 48), Every("daily", 30)),
    "day": (Every("daily", 30),),
    "week": (Every("weekly", 8),),
    "month": (Every("monthly", 12),),
}
# The rules that keep all of a schedule's snapshots until the next coarser one begins.
_FINER: dict[str, tuple[Rule, ...]] = {
    "minute": (Within(DAY), Every("hourly", 48), Every("daily", 7)),
    "hour": (Every("hourly", 24), Every("daily", 7)),
    "day": (Every("daily", 7),),
    "week": (Every("weekly", 5),),
    "month": (Every("monthly", 12),),
}
# Names as zfstune.values.marks.auto_name gives them, from all hours, months and some years.
_NAMES = tuple(
    f"{AUTO_PREFIX}{2020 + 3 * at}{at % 12 + 1:02}{at + 1:02}T{at:02}{(7 * at) % 60:02}"
    f"{(13 * at) % 60:02}Z{suffix}"
    for at in range(24)
    for suffix in ("", "-1")
)


@frozen
class Misfit:
    """What a policy lets go of a schedule's snapshots before they are of any use.

    Attributes:
        seconds: The length of the policy's shortest period.
        taken: How many the schedule takes in that time.
        kept: How many of these stay once that time is over.
    """

    seconds: int
    taken: int
    kept: int

    def __str__(self) -> str:
        if self.taken == 1:
            return "each snapshot goes at the next prune"
        gone, span = self.taken - self.kept, about(self.seconds)
        return f"of {self.taken} snapshots taken in {span}, {gone} go at the next prune"


def covers_own(policy: Policy) -> bool:
    """Tell whether a policy speaks of all names that zfstune gives its snapshots."""
    return all(map(policy.scope(), _NAMES))


def find_misfit(cadence: Cadence, policy: Policy | None) -> Misfit | None:
    """Look whether a policy keeps what a schedule takes, at first.

    Counts and spans of the user's own (``keep=1``, ``within=6h``) say what they keep;
    it is the rules that keep one of each period which are easily misread.

    Args:
        cadence: How often snapshots are taken.
        policy: What stays of them, by rules that speak of zfstune's own names.

    Returns:
        None: the policy fits, or lets go only what space demands.
    """
    if policy is None or policy.free_target is not None:
        return None
    rules = tuple(_rules_of_own(policy))
    if not rules or any(map(_keeps_all, rules)):
        return None
    every = cadence.seconds
    spans = [seconds for rule in rules if (seconds := _span(rule))]
    shortest = max(min(spans, default=every), every)
    taken = shortest // every
    kept = max(_kept(rule, every, shortest) for rule in rules)
    spelled_out = any(isinstance(r, Within) and r.seconds >= 2 * every for r in rules)
    if kept >= taken or spelled_out:
        return None
    return Misfit(shortest, taken, kept)


def mismatch(cadence: Cadence, policy: Policy) -> str:
    """Say what is wrong with a policy for a schedule's snapshots; empty: nothing is."""
    text = f"the policy '{format_policy(policy)}'"
    if not covers_own(policy):
        return f"{text} does not speak of the names that zfstune gives: snapshots pile up"
    misfit = find_misfit(cadence, policy)
    return f"{text} does not fit {cadence}: {misfit}" if misfit is not None else ""


def fitting_policy(cadence: Cadence, policy: Policy | None) -> Policy:
    """Give a policy that covers a schedule's snapshots, and keeps them at first.

    Args:
        cadence: How often snapshots are taken.
        policy: One that does not; what it says otherwise stays said. None: there is
            none.
    """
    if policy is None:
        return Policy((Group(_USUAL[cadence.unit]),))
    if not covers_own(policy):
        groups = (*policy.groups, Group(_USUAL[cadence.unit]))
        return Policy(groups, policy.tz, policy.allow_zero, policy.free_target)
    misfit = find_misfit(cadence, policy)
    if misfit is None:
        return policy
    finer = tuple(
        rule for rule in _FINER[cadence.unit] if (_span(rule) or 0) < misfit.seconds
    )
    if misfit.taken == 1:  # not even the newest stays: no rule of the policy helps
        finer = _USUAL[cadence.unit]
    groups = tuple(
        Group((*finer, *_without_zero(group)), group.match, group.regex)
        if all(map(test, _NAMES))
        else group
        for group, test in zip(policy.groups, policy.tests, strict=True)
    )
    return Policy(groups, policy.tz, policy.allow_zero, policy.free_target)


def policy_command(dataset: str, cadence: Cadence, policy: Policy | None) -> str:
    """Write the command that stores the policy which fits."""
    fitting = fitting_policy(cadence, policy)
    try:
        text = format_policy(fitting)
    except PolicyError:  # an expression that cannot be written down again
        text = format_policy(fitting_policy(cadence, None))
    consent = " --all-of-them" * (Last(0) in fitting.rules)
    words = text if set(text) <= _UNQUOTED else for_shell(text)
    return f"zfstune policy set{consent} {for_shell(dataset)} {words}"


# A policy may be given as several words, as it reads best, where no shell minds.
_UNQUOTED = frozenset(ascii_letters + digits + "=-+/_ ")


def _rules_of_own(policy: Policy) -> Iterator[Rule]:
    """Give the rules that speak of all of zfstune's own names."""
    for group, test in zip(policy.groups, policy.tests, strict=True):
        if all(map(test, _NAMES)):
            yield from group.rules


def _without_zero(group: Group) -> tuple[Rule, ...]:
    return tuple(rule for rule in group.rules if rule != Last(0))


def _keeps_all(rule: Rule) -> bool:
    return isinstance(rule, (Never, NewerThan)) or rule == Last(None)


def _span(rule: Rule) -> int | None:
    """Give the length in seconds of what a rule keeps one of; None: of nothing."""
    if isinstance(rule, Every):
        return rule.longest_seconds
    if isinstance(rule, Blocks):
        return rule.seconds
    return rule.steps[0].seconds if isinstance(rule, Grid) else None


def _kept(rule: Rule, every: int, seconds: int) -> int:
    """Give how many a rule keeps of those that were taken in a time that just ended."""
    if isinstance(rule, Last):
        return rule.count or 0
    if isinstance(rule, Within):
        return min(rule.seconds, seconds) // every
    if isinstance(rule, Grid):
        first = rule.steps[0]
        whole = seconds // first.seconds
        return seconds // every if first.keep is None else first.keep * whole
    return seconds // (_span(rule) or seconds)

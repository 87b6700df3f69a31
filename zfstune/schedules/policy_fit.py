"""Tell whether a policy fits the schedule by which snapshots are taken.

A schedule and a policy are set separately, and two mistakes are easy. The policy may
be for other names than those of scheduled snapshots (because it was imported from
another tool), so that snapshots pile up. Or its shortest period is longer than the
schedule's: of the 24 snapshots that ``hourly`` takes in a day, ``daily=30`` lets 23 go
at the next prune.
"""

from __future__ import annotations

from string import ascii_letters, digits

from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import format_policy
from zfstune.retention.rule_kinds import Blocks, Every, Grid, Last, Never, NewerThan, Within
from zfstune.values.duration import DAY, about
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.marks import AUTO_PREFIX
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.retention.rule_kinds import Rule
    from zfstune.schedules.cadence import Cadence


__all__ = [
    "Misfit",
    "covers_own",
    "find_misfit",
    "fitting_policy",
    "mismatch",
    "policy_command",
]

# The usual policy for a schedule of each unit, from the finest rule to the coarsest.
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
# Names as zfstune.values.marks.auto_name makes them, of all hours, all months and some
# years.
_NAMES = tuple(
    f"{AUTO_PREFIX}{2020 + 3 * hour}{hour % 12 + 1:02}{hour + 1:02}T{hour:02}"
    f"{(7 * hour) % 60:02}{(13 * hour) % 60:02}Z{suffix}"
    for hour in range(24)
    for suffix in ("", "-1")
)


@frozen
class Misfit:
    """How many of a schedule's snapshots a policy lets go before they are of any use.

    Attributes:
        seconds: The length of the policy's shortest period.
        taken: The number of snapshots that the schedule takes in that time.
        kept: The number of these that stay once that time is over.
    """

    seconds: int
    taken: int
    kept: int

    def __str__(self) -> str:
        if self.taken == 1:
            return "each snapshot goes at the next prune"
        going, span = self.taken - self.kept, about(self.seconds)
        verb = "goes" if going == 1 else "go"
        return (
            f"of {self.taken} snapshots taken in {span}, {going} {verb} at the next prune"
        )


def covers_own(policy: Policy) -> bool:
    """Tell whether a policy is for all names that zfstune gives its snapshots."""
    return all(map(policy.scope(), _NAMES))


def find_misfit(cadence: Cadence, policy: Policy | None) -> Misfit | None:
    """Find out whether a policy lets a schedule's snapshots go too early.

    Only rules that keep one snapshot of each period are looked at, since they are easily
    misread. A count or a span (``keep=1``, ``within=6h``) says plainly what it keeps.

    Args:
        cadence: How often snapshots are taken.
        policy: The policy that they are pruned by; None: nothing prunes them.

    Returns:
        None: the policy fits, or prunes only for lack of space.
    """
    if policy is None or policy.free_target is not None:
        return None
    rules = tuple(_rules_for_own_names(policy))
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
    """Describe why a policy does not fit a schedule's snapshots; empty: it fits."""
    text = f"the policy '{format_policy(policy)}'"
    if not covers_own(policy):
        return f"{text} has no rule for the names that zfstune gives: snapshots pile up"
    misfit = find_misfit(cadence, policy)
    return (
        f"{text} does not fit the schedule '{cadence}': {misfit}"
        if misfit is not None
        else ""
    )


def fitting_policy(cadence: Cadence, policy: Policy | None) -> Policy:
    """Propose a policy that covers a schedule's snapshots and keeps each for a while.

    Args:
        cadence: How often snapshots are taken.
        policy: The policy that does not fit, whose rules are kept where they can be;
            None: no policy is stored.
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
    if misfit.taken == 1:  # no rule of the policy keeps even the newest snapshot
        finer = _USUAL[cadence.unit]
    groups = tuple(
        Group((*finer, *_without_zero(group)), group.match, group.regex)
        if all(map(test, _NAMES))
        else group
        for group, test in zip(policy.groups, policy.tests, strict=True)
    )
    return Policy(groups, policy.tz, policy.allow_zero, policy.free_target)


def policy_command(dataset: str, cadence: Cadence, policy: Policy | None) -> str:
    """Write the command that stores a policy which fits."""
    fitting = fitting_policy(cadence, policy)
    try:
        text = format_policy(fitting)
    except PolicyError:  # a regular expression that the text form cannot hold
        text = format_policy(fitting_policy(cadence, None))
    consent = " --all-of-them" * (Last(0) in fitting.rules)
    words = text if set(text) <= _UNQUOTED else for_shell(text)
    return f"zfstune policy set{consent} {for_shell(dataset)} {words}"


# A policy of these characters needs no quotes in a shell: its rules are separate words.
_UNQUOTED = frozenset(ascii_letters + digits + "=-+/_ ")


def _rules_for_own_names(policy: Policy) -> Iterator[Rule]:
    """Yield the rules that apply to all of zfstune's own names."""
    for group, test in zip(policy.groups, policy.tests, strict=True):
        if all(map(test, _NAMES)):
            yield from group.rules


def _without_zero(group: Group) -> tuple[Rule, ...]:
    return tuple(rule for rule in group.rules if rule != Last(0))


def _keeps_all(rule: Rule) -> bool:
    return isinstance(rule, (Never, NewerThan)) or rule == Last(None)


def _span(rule: Rule) -> int | None:
    """Return the seconds of the period of which a rule keeps one; None: it has none."""
    if isinstance(rule, Every):
        return rule.longest_seconds
    if isinstance(rule, Blocks):
        return rule.seconds
    return rule.steps[0].seconds if isinstance(rule, Grid) else None


def _kept(rule: Rule, every: int, seconds: int) -> int:
    """Count the snapshots that a rule keeps of those taken in a period that just ended."""
    if isinstance(rule, Last):
        return rule.count or 0
    if isinstance(rule, Within):
        return min(rule.seconds, seconds) // every
    if isinstance(rule, Grid):
        first = rule.steps[0]
        whole = seconds // first.seconds
        return seconds // every if first.keep is None else first.keep * whole
    return seconds // (_span(rule) or seconds)

"""Retention policies as values: rules, the snapshots they speak of, and a zone.

A snapshot stays if any rule keeps it, and also if no rule speaks of it. A policy without
a rule is an error. :mod:`zfstune.retention.policy_text` has the one-line form in which a
policy is stored on a dataset.
"""

from __future__ import annotations

from zfstune.retention.scope import check_scope, scope_tests
from zfstune.values.duration import LONGEST_SECONDS
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.whole_number import MAX_WHOLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.retention.free_target import FreeTarget


__all__ = [
    "PERIODS",
    "YEAR_10000",
    "Blocks",
    "Every",
    "Followed",
    "Grid",
    "Group",
    "Last",
    "Never",
    "NewerThan",
    "Policy",
    "Rule",
    "Step",
    "Within",
]

# The first second of the year 1, and the first after 9999, Python's last year.
_YEAR_1 = -62135596800
YEAR_10000 = 253402300800

# The word of each calendar rule, and the name of one of its periods.
PERIODS = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
}


@frozen
class Last:
    """Keep the newest `count` snapshots; None: all of them."""

    count: int | None

    def __post_init__(self) -> None:
        _check_count("keep", self.count)


@frozen
class Every:
    """Keep one snapshot of each calendar period, for the newest periods that have one.

    Args:
        period: A key of :data:`PERIODS`.
        count: The number of periods; None: all of them.
    """

    period: str
    count: int | None

    def __post_init__(self) -> None:
        if self.period not in PERIODS:
            raise PolicyError(
                f"cannot use policy '{self.period}={self.count}': there is no such period",
                hint=f"the periods are {', '.join(PERIODS)}",
            )
        _check_count(self.period, self.count)
        if self.count == 0:
            raise PolicyError(
                f"cannot use policy '{self.period}=0': it keeps nothing",
                hint="leave the rule out",
            )

    @property
    def longest_seconds(self) -> int:
        """The longest that one of its periods lasts."""
        return LONGEST_SECONDS[PERIODS[self.period]]


@frozen
class Within:
    """Keep the snapshots that are at most so many seconds old."""

    seconds: int

    def __post_init__(self) -> None:
        if type(self.seconds) is not int or not 0 < self.seconds <= MAX_WHOLE:
            reason = f"it takes a time above zero, {MAX_WHOLE} seconds at the most"
            raise PolicyError(f"cannot use policy 'within': {reason}")


@frozen
class NewerThan:
    """Keep one snapshot and all that came after it, or all since an instant.

    Args:
        name: The short name, which stands behind the ``@``. In a dataset without such
            a snapshot all stay.
        time: Seconds since 1970, where `name` is empty.
    """

    name: str = ""
    time: int | None = None

    def __post_init__(self) -> None:
        if bool(self.name) == (self.time is not None):
            raise PolicyError(
                "cannot use policy 'newer-than': it takes either a name or a time"
            )
        if self.time is not None and not _YEAR_1 <= self.time < YEAR_10000:
            raise PolicyError("cannot use policy 'newer-than': years are 1 to 9999")


@frozen
class Step:
    """Part of a grid: `times` spans of `seconds`, each of which keeps some snapshots.

    A span keeps its oldest `keep` snapshots; None: all of them.
    """

    times: int
    seconds: int
    keep: int | None = 1

    def __post_init__(self) -> None:
        counts = (self.times, self.seconds, 1 if self.keep is None else self.keep)
        if not all(0 < count <= MAX_WHOLE for count in counts):
            kept = "all" if self.keep is None else self.keep
            raise PolicyError(
                f"cannot use policy 'grid={self.times}x{self.seconds}s(keep={kept})': "
                f"each number must be from 1 to {MAX_WHOLE}"
            )


@frozen
class Grid:
    """Keep the oldest of each span, spans counted back from the newest snapshot.

    This is zrepl's arithmetic to the second: a span includes its younger edge and
    excludes its older one. The spans slide, so a timer that jitters around an edge
    leaves some of them empty; calendar periods do not suffer from that.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise PolicyError("cannot use policy 'grid=': it is empty")
        longest = 0
        for step in self.steps:
            # This is zrepl's rule: spans that get shorter with age would thin out nothing.
            if step.seconds < longest:
                raise PolicyError(
                    f"cannot use policy 'grid': spans of {step.seconds} s follow spans of "
                    f"{longest} s, and spans must not get shorter with age"
                )
            longest = 0 if step.keep is None else step.seconds


@frozen
class Blocks:
    """Keep the oldest of each block of `seconds` counted from 1970, while it is young.

    This is how zfs-autobackup and znapzend thin out; :class:`Every` goes by the
    calendar instead, and loses no period to a timer's jitter.

    Args:
        seconds: Length of a block.
        within: The greatest age in seconds that the rule keeps.
        beyond: Ages up to this one, in seconds, are left out; 0: none are.
    """

    seconds: int
    within: int
    beyond: int = 0

    def __post_init__(self) -> None:
        if self.seconds < 1 or not 0 <= self.beyond < self.within <= MAX_WHOLE:
            raise PolicyError(
                f"cannot use policy 'blocks={self.seconds}s/{self.beyond}s-{self.within}s':"
                f" a block lasts 1s or more, and the ages rise, to {MAX_WHOLE}s at most"
            )


@frozen
class Never:
    """Never let a snapshot go, as for an audit trail."""


Rule = Last | Every | Within | NewerThan | Grid | Blocks | Never


@frozen
class Group:
    """Rules, and the scope of snapshots that they speak of.

    Args:
        rules: At least one.
        match: A glob (``*``, ``?``, ``[seq]``, ``[!seq]``; case counts) that must
            match the whole short name, which stands behind the ``@``.
        regex: A regular expression instead, which must match the whole name as well;
            see :mod:`zfstune.retention.name_pattern` for its forms. Without either, the
            scope is the names that zfstune gives.
    """

    rules: tuple[Rule, ...]
    match: str | None = None
    regex: str | None = None

    def __post_init__(self) -> None:
        if not self.rules:
            raise _no_rule()
        check_scope(self.match, self.regex)

    @property
    def keeps_none(self) -> bool:
        """Whether all snapshots in its scope are to go.

        A least number to keep, which a prune may add, does not change that aim.
        """
        return Last(0) in self.rules and all(isinstance(r, Last) for r in self.rules)

    @property
    def own(self) -> bool:
        """Whether its scope is zfstune's own snapshots."""
        return self.match is None and self.regex is None

    def scope(self) -> Callable[[str], bool]:
        """Return a test of short names; :attr:`Policy.tests` has those of its groups."""
        return scope_tests(((self.match, self.regex),))[0]

    def outside(self) -> str:
        """Return the reason why a snapshot is out of scope."""
        if self.own:
            return "its name is not one that zfstune gives"
        return f"its name does not match '{self.match or self.regex}'"


class _ScopeTests:
    """A slot of a policy for the tests of its scopes, which are no part of its value."""

    __slots__ = ("_tests",)

    _tests: tuple[Callable[[str], bool], ...]


@frozen
class Policy(_ScopeTests):
    """The rules that say which snapshots to keep.

    The steps that all of its expressions together may take to match are limited: see
    :class:`zfstune.retention.name_pattern.Budget`.

    Args:
        groups: Groups of rules, each with its scope; at least one.
        tz: The zone in which calendar periods begin, by its name in the tz database.
        allow_zero: Consent to keeping none in the scope of a rule. It belongs to the
            policy: :func:`zfstune.retention.store.set_policy` stores it with the rules,
            and no prune asks again.
        free_target: Let go no more snapshots than it takes to have so much free, as
            measured on the dataset that carries the policy.

    Raises:
        PolicyError: The policy has no rule, or destroys everything without consent.
    """

    groups: tuple[Group, ...]
    tz: str = "UTC"
    allow_zero: bool = False
    free_target: FreeTarget | None = None

    def __post_init__(self) -> None:
        if not self.groups:
            raise _no_rule()
        for group in self.groups:
            if Last(0) in group.rules and not self.allow_zero:
                raise PolicyError(
                    "cannot use policy 'keep=0': it would destroy every snapshot in scope",
                    hint="to consent, add --all-of-them (in Python: allow_zero=True)",
                )

    @classmethod
    def last(
        cls, count: int | None, match: str | None = None, *, allow_zero: bool = False
    ) -> Policy:
        """Keep the newest `count`, as ``--keep`` does."""
        return cls((Group((Last(count),), match),), allow_zero=allow_zero)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all groups."""
        return tuple(rule for group in self.groups for rule in group.rules)

    @property
    def needs_time(self) -> bool:
        """Whether a decision needs the times of creation and the clock."""
        return not all(isinstance(rule, (Last, Never)) for rule in self.rules)

    @property
    def keep(self) -> int | None:
        """The count, where the only rule is to keep the newest so many."""
        rules = self.rules
        rule = rules[0] if len(rules) == 1 else None
        return rule.count if isinstance(rule, Last) else None

    @property
    def match(self) -> str | None:
        """The glob of the only group, where there is one."""
        return self.groups[0].match if len(self.groups) == 1 else None

    def with_least(self, count: int | None) -> Policy:
        """Return this policy, which then also keeps the newest `count` of each scope."""
        if count is None:
            return self
        least = Last(count)
        groups = [Group((least, *g.rules), g.match, g.regex) for g in self.groups]
        return Policy(tuple(groups), self.tz, self.allow_zero, self.free_target)

    @property
    def tests(self) -> tuple[Callable[[str], bool], ...]:
        """A test of short names for each group, kept for as long as the policy.

        A test raises :class:`~zfstune.values.errors.PolicyError` where the expressions
        of all groups together take too many steps.
        """
        try:
            return self._tests
        except AttributeError:
            tests = scope_tests(tuple((g.match, g.regex) for g in self.groups))
            object.__setattr__(self, "_tests", tests)
            return tests

    def covers(self, short_name: str) -> bool:
        """Tell whether a snapshot of that name (behind the ``@``) is in scope."""
        return self.scope()(short_name)

    def scope(self, *, named: bool = False, keeping: bool = False) -> Callable[[str], bool]:
        """Return a test whether a short name is in the scope of any group.

        Args:
            named: Leave out the groups that speak of zfstune's own snapshots.
            keeping: Leave out the groups that let all of their snapshots go.
        """
        tests = [
            test
            for group, test in zip(self.groups, self.tests, strict=True)
            if not (named and group.own) and not (keeping and group.keeps_none)
        ]
        return lambda short_name: any(test(short_name) for test in tests)


@frozen
class Followed:
    """The policy that a dataset follows, and the dataset that it was set on.

    A policy that the caller gave counts as set on the dataset that follows it.
    """

    policy: Policy
    set_on: str


def _no_rule() -> PolicyError:
    return PolicyError(
        "cannot use policy '': no rule says what to keep",
        hint="give a rule, as in keep=48, or `never` to keep every snapshot",
    )


def _check_count(word: str, count: object) -> None:
    if count is None:
        return
    if type(count) is not int:
        msg = f"cannot use policy '{word}={count!r}': it takes a whole number"
        raise PolicyError(msg, hint="None stands for `unlimited`")
    if count < 0:
        raise PolicyError(f"cannot use policy '{word}={count}': a count is never negative")
    if count > MAX_WHOLE:
        raise PolicyError(f"cannot use policy '{word}': a count is at most {MAX_WHOLE}")

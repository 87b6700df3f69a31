"""Retention policies as values: groups of rules, the snapshots they speak of, and a zone.

A snapshot stays if any rule keeps it, and also if no rule speaks of it. A policy without
a rule is an error. :mod:`zfstune.retention.policy_text` has the one-line form in which a
policy is stored on a dataset.
"""

from __future__ import annotations

from zfstune.retention.rule_kinds import Last, Never, Unreplicated
from zfstune.retention.scope import check_scope, scope_tests
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.marks import CHECKPOINT_PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.retention.free_target import FreeTarget
    from zfstune.retention.rule_kinds import Rule


__all__ = ["CONSENT", "Followed", "Group", "Policy"]

# The word by which a stored policy says that its keep=0 is meant.
CONSENT = "all-of-them"


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

    def __str__(self) -> str:
        """Return the policy as a dataset carries it, and as ``policy show`` prints it.

        Raises:
            PolicyError: A regular expression holds a single quote.
        """
        is_consent_needed = self.allow_zero and Last(0) in self.rules
        return f"{self.text()} {CONSENT}" if is_consent_needed else self.text()

    def text(self) -> str:
        """Return the rules as text, without the consent to a ``keep=0``.

        Raises:
            PolicyError: A regular expression holds a single quote.
        """
        from zfstune.retention.rule_text import (  # noqa: PLC0415 (not for a count)
            format_rule,
            quoted,
        )

        parts = []
        for group in self.groups:
            words = [
                f"{key}={quoted(value)}"
                for key, value in (("match", group.match), ("regex", group.regex))
                if value is not None
            ]
            parts.append(" ".join([*words, *map(format_rule, group.rules)]))
        text = "; ".join(parts)
        if self.free_target is not None:
            text += f" free-target={self.free_target}"
        return text if self.tz == "UTC" else f"{text} tz={self.tz}"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all groups."""
        return tuple(rule for group in self.groups for rule in group.rules)

    @property
    def needs_time(self) -> bool:
        """Whether a decision needs the times of creation and the clock."""
        timeless = (Last, Never, Unreplicated)
        return not all(isinstance(rule, timeless) for rule in self.rules)

    @property
    def needs_targets(self) -> bool:
        """Whether a decision needs the targets that a dataset is replicated to."""
        return any(isinstance(rule, Unreplicated) for rule in self.rules)

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

    def names_checkpoints(self, short_name: str) -> bool:
        """Tell whether a pattern that speaks of checkpoints alone matches a name.

        A pattern for everything, as ``*``, is meant for the snapshots of other tools,
        and nobody who writes it thinks of checkpoints.
        """
        return any(
            test(short_name)
            for group, test in zip(self.groups, self.tests, strict=True)
            if (group.match or group.regex or "").lstrip("^").startswith(CHECKPOINT_PREFIX)
        )


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

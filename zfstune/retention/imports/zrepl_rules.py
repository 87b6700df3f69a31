"""Turn the rules of one side of a zrepl job into groups of a policy.

The rules are those of internal/pruning/keep_grid.go, keep_helpers.go,
keep_not_replicated.go and pruning.go, of internal/config/retentiongrid.go and of
internal/daemon/pruner/pruner.go (github.com/zrepl/zrepl). An expression needs to match
only a part of a name.
"""

from __future__ import annotations

import re

from zfstune.retention.imports.go_regex import (
    UnreadableError,
    is_within,
    literal_prefix,
    whole,
)
from zfstune.retention.imports.reading import LEAVE_ALONE, NotKeptError
from zfstune.retention.imports.yaml_text import is_null, read_truth, read_yaml_number
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Grid, Last, Never, Step, Unreplicated
from zfstune.values.duration import DAY, HOUR, MINUTE, WEEK
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zfstune.retention.rule_kinds import Rule

__all__ = ["Kept", "read_rules"]

_CONSENT = (
    "zrepl destroys each snapshot that none of its rules keeps, no matter which program "
    "made it, and so does 'keep=0' in this policy; to keep those snapshots, leave that "
    "part out"
)
_NEWEST = "zfstune always keeps the newest snapshot of a scope; zrepl may destroy it"
_TIMES = (
    "zfstune keeps snapshots dated after now, and does not count them; of two snapshots of "
    "the same second, zrepl may keep the other one"
)
_UNREPLICATED = (
    "zfstune knows the targets of `zfstune replicate` alone: until it has replicated the "
    "dataset, 'unreplicated' keeps all snapshots; with several targets it keeps what any "
    "of them lacks"
)
_WRONG_SIDE = "not_replicated is a rule for keep_sender alone"

_KEYS = {
    "grid": {"type", "grid", "regex"},
    "last_n": {"type", "count", "regex"},
    "regex": {"type", "regex", "negate"},
    "not_replicated": {"type", "keep_snapshot_at_cursor"},
}
_EVERY_NAME = ".*"
_UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_STEP = re.compile(
    r"\s*(\d{1,9})\s*x\s*\+?(\d{1,9})\s*([smhdw])\s*"
    r"(?:\(\s*keep=(all|-1|\+?\d{1,9})\s*\))?\s*",
    re.ASCII,
)
# A bound on memory: no retention needs so many spans.
_MOST_SPANS = 100_000


@frozen
class Kept:
    """The rules of one side as a policy.

    Attributes:
        policy: The policy that keeps the same snapshots.
        notes: Differences between the two.
        scopes: Expressions for names; a snapshot that none of them matches stays. Empty:
            all snapshots stay.
    """

    policy: Policy
    notes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    def beside(self, other: Kept) -> Kept | None:
        """Combine the rules of two jobs on one dataset; None if no policy does the same.

        Each job counts the snapshots that the other left. So their rules must be the
        same, or each for snapshots that the other never touches. With ``not_replicated``
        the same rules do not suffice, since each job goes by its own target.
        """
        by_own_cursor = self.policy.needs_targets or other.policy.needs_targets
        if self.policy == other.policy and not by_own_cursor:
            return self
        apart = all(
            _apart(literal_prefix(scope), literal_prefix(other_scope))
            for scope in self.scopes
            for other_scope in other.scopes
        )
        if not apart:
            return None
        policy = Policy(
            (*self.policy.groups, *other.policy.groups),
            allow_zero=self.policy.allow_zero or other.policy.allow_zero,
        )
        return Kept(policy, self.notes + other.notes, self.scopes + other.scopes)


def _apart(prefix: str, other: str) -> bool:
    return not (prefix.startswith(other) or other.startswith(prefix))


def read_rules(rules: Sequence[object], *, sender: bool) -> Kept:
    """Read the rules of one side of a job.

    Args:
        rules: The rules, as YAML has them.
        sender: Whether they are for the snapshots that are sent.

    Raises:
        NotKeptError: No policy keeps the same, or zrepl would not accept the rules.
    """
    groups: list[Group] = []
    scopes: list[str] = []
    negated: list[str] = []  # a snapshot that one of these does not match stays
    at_cursor: list[bool] = []
    for rule in rules:
        if not isinstance(rule, dict):
            raise NotKeptError("a rule is no mapping")
        kind = _kind(rule)
        if kind == "not_replicated":
            at_cursor.append(_truth(rule, "keep_snapshot_at_cursor", "true"))
            continue
        regex = _regex(rule, kind)
        if kind == "regex" and _truth(rule, "negate", "false"):
            negated.append(regex)
            continue
        kept = _rule(kind, rule)
        scopes.append(regex)
        groups.append(_group(kept, regex))
    keeps_all = any(
        Never() in group.rules and scope == _EVERY_NAME
        for group, scope in zip(groups, scopes, strict=True)
    )
    if keeps_all or not rules or _complementary(groups, scopes, negated):
        return Kept(LEAVE_ALONE)  # without any rule, zrepl destroys nothing either
    negated = list(dict.fromkeys(negated))
    if at_cursor:
        if not sender:
            raise NotKeptError(_WRONG_SIDE)
        # What a negated expression does not match stays anyway.
        scope = negated[0] if len(negated) == 1 else _EVERY_NAME
        scopes.append(scope)
        groups.append(_group(Unreplicated(and_base=all(at_cursor)), scope))
    return _kept(groups, scopes, negated)


def _complementary(groups: list[Group], scopes: list[str], negated: list[str]) -> bool:
    """Tell whether one rule keeps just the names that another rule does not keep."""
    return any(
        Never() in group.rules and scope in negated
        for group, scope in zip(groups, scopes, strict=True)
    )


def _kept(groups: list[Group], scopes: list[str], negated: list[str]) -> Kept:
    notes = []
    rules = [rule for group in groups for rule in group.rules]
    sparse_grid = any(isinstance(r, Grid) and r.steps[0].keep is not None for r in rules)
    if sparse_grid or Unreplicated() in rules:
        notes.append(_NEWEST)
    if any(isinstance(rule, Unreplicated) for rule in rules):
        notes.append(_UNREPLICATED)
    if not all(isinstance(rule, (Never, Unreplicated)) for rule in rules):
        notes.append(_TIMES)
    if len(negated) == 1 and all(is_within(scope, negated[0]) for scope in scopes):
        if negated[0] in scopes:  # each snapshot that may go is in the scope of a rule
            return Kept(Policy(tuple(groups)), tuple(notes), tuple(negated))
        none = _group(Last(0), negated[0])
        policy = Policy((*groups, none), allow_zero=True)
        return Kept(policy, (*notes, _CONSENT), tuple(negated))
    groups = [*groups, *[_group(Never(), rf"(?!(?:{regex})\Z).*") for regex in negated]]
    policy = Policy((*groups, _group(Last(0), _EVERY_NAME)), allow_zero=True)
    return Kept(policy, (*notes, _CONSENT), (_EVERY_NAME,))


def _kind(rule: Mapping[str, object]) -> str:
    kind = rule.get("type")
    if not isinstance(kind, str) or kind not in _KEYS:
        shape = shown(kind) if isinstance(kind, str) else ""
        raise NotKeptError(f"unknown type of rule '{shape}'")
    odd = rule.keys() - _KEYS[kind]
    if odd:
        raise NotKeptError(f"unknown key '{shown(min(odd))}' in a rule of type {kind}")
    return kind


def _rule(kind: str, rule: Mapping[str, object]) -> Rule:
    if kind == "regex":
        return Never()
    if kind == "grid":
        return _grid(rule.get("grid"))
    count = read_yaml_number(rule.get("count"))
    if not count:
        raise NotKeptError(f"count: {_quoted_value(rule, 'count')} is no number above zero")
    return Last(count)


def _grid(text: object) -> Grid:
    if not isinstance(text, str):
        raise NotKeptError("a grid has no 'grid'")
    steps: list[Step] = []
    spans = 0
    for part in text.split("|"):
        match = _STEP.fullmatch(part)
        if match is None:
            raise NotKeptError(f"grid: '{shown(part.strip())}' should read like 24x1h")
        times, length, unit, keep = match.groups()
        keeps = 1 if keep is None else None if keep in ("all", "-1") else int(keep)
        seconds = int(length) * _UNITS[unit]
        spans += int(times)
        if steps and seconds < steps[-1].seconds and any(s.keep is not None for s in steps):
            raise NotKeptError(
                f"grid: '{shown(text)}': spans must not get shorter with age"
            )
        if spans > _MOST_SPANS:
            raise NotKeptError(f"grid: '{shown(text)}' has more than {_MOST_SPANS} spans")
        try:
            steps.append(Step(int(times), seconds, keeps))
        except PolicyError as error:
            raise NotKeptError(error.message) from None
    try:
        return Grid(tuple(steps))
    except PolicyError as error:
        raise NotKeptError(error.message) from None


def _truth(rule: Mapping[str, object], key: str, default: str) -> bool:
    truth = read_truth(rule.get(key, default))
    if truth is None:
        reason = f"{key}: {_quoted_value(rule, key)} is neither true nor false"
        raise NotKeptError(reason)
    return truth


def _regex(rule: Mapping[str, object], kind: str) -> str:
    regex = rule.get("regex")
    if regex is None and kind == "last_n":
        return _EVERY_NAME
    if not isinstance(regex, str) or (kind == "grid" and (is_null(regex) or not regex)):
        raise NotKeptError(f"a rule of type {kind} has no 'regex'")
    if is_null(regex) and regex:
        raise NotKeptError(f"regex: YAML reads {shown(regex)} without quotes as no value")
    try:
        return whole(regex)
    except UnreadableError as error:
        raise NotKeptError(f"regex {error}") from None


def _group(rule: Rule, regex: str) -> Group:
    if regex == _EVERY_NAME:
        return Group((rule,), match="*")
    if "'" in regex:
        raise NotKeptError(f"regex '{shown(regex)}': a snapshot's name cannot hold a quote")
    return Group((rule,), regex=regex)


def _quoted_value(rule: Mapping[str, object], key: str) -> str:
    value = rule.get(key)
    return f"'{shown(value)}'" if isinstance(value, str) else "its value"

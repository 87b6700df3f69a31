"""The rules of one side of a zrepl job, as groups of a policy."""

from __future__ import annotations

import re

from zfstune.retention.imports.go_regex import (
    UnreadableError,
    is_within,
    literal_prefix,
    whole,
)
from zfstune.retention.imports.reading import LEAVE_ALONE, NotKeptError
from zfstune.retention.imports.yaml_text import is_null, read_truth, read_whole
from zfstune.retention.policy import Grid, Group, Last, Never, Policy, Step
from zfstune.retention.policy_text import format_policy
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zfstune.retention.policy import Rule

__all__ = ["Kept", "read_rules"]

_CONSENT = (
    "zrepl destroys what none of its rules keeps, whoever made it, and so does 'keep=0' "
    "here; leave that part out to keep the rest"
)
_NEWEST = "the newest snapshot of a scope always stays here; zrepl's grid may let it go"
_TIMES = (
    "snapshots dated after now stay here and count for nothing; of two of one second "
    "zrepl may keep the other one"
)
_NOT_REPLICATED = (
    "not_replicated keeps what another host has not got yet, and zfstune does not know that"
)

_KEYS = {
    "grid": {"type", "grid", "regex"},
    "last_n": {"type", "count", "regex"},
    "regex": {"type", "regex", "negate"},
    "not_replicated": {"type", "keep_snapshot_at_cursor"},
}
_EVERY_NAME = ".*"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_STEP = re.compile(
    r"\s*(\d{1,9})\s*x\s*\+?(\d{1,9})\s*([smhdw])\s*"
    r"(?:\(\s*keep=(all|-1|\+?\d{1,9})\s*\))?\s*",
    re.ASCII,
)
# more spans than that are no retention, but memory
_MOST_SPANS = 100_000


@frozen
class Kept:
    """What the rules of one side keep.

    Attributes:
        policy: The same as a policy.
        notes: What differs.
        scopes: Expressions; what none of them matches stays. Empty: nothing is spoken
            of.
    """

    policy: Policy
    notes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    def beside(self, other: Kept) -> Kept | None:
        """Give what is left where both prune; None where no policy says that.

        Each counts what the other one left. So they must be the same, or speak of
        snapshots that the other one never touches.
        """
        if self.policy == other.policy:
            return self
        apart = all(
            _apart(literal_prefix(mine), literal_prefix(theirs))
            for mine in self.scopes
            for theirs in other.scopes
        )
        if not apart:
            return None
        policy = Policy(
            (*self.policy.groups, *other.policy.groups),
            allow_zero=self.policy.allow_zero or other.policy.allow_zero,
        )
        return Kept(policy, self.notes + other.notes, self.scopes + other.scopes)


def _apart(one: str, other: str) -> bool:
    return not (one.startswith(other) or other.startswith(one))


def read_rules(rules: Sequence[object]) -> Kept:
    """Read the rules of one side of a job.

    Raises:
        NotKeptError: No policy keeps the same, or zrepl would not take them.
    """
    groups: list[Group] = []
    scopes: list[str] = []
    stay_but: list[str] = []  # expressions of which all that they do not match stays
    waits = False
    for rule in rules:
        if not isinstance(rule, dict):
            raise NotKeptError("a rule is no mapping")
        kind = _kind(rule)
        if kind == "not_replicated":
            waits = True
            continue
        regex = _regex(rule, kind)
        if kind == "regex" and _negated(rule):
            stay_but.append(regex)
            continue
        kept = _rule(kind, rule)
        scopes.append(regex)
        groups.append(_group(kept, regex))
    keeps_all = any(
        Never() in group.rules and scope == _EVERY_NAME
        for group, scope in zip(groups, scopes, strict=True)
    )
    if keeps_all or not rules or _complementary(groups, scopes, stay_but):
        return Kept(LEAVE_ALONE)  # without a rule, too, zrepl destroys nothing
    found = _kept(groups, scopes, list(dict.fromkeys(stay_but)))
    if waits:
        others = format_policy(found.policy)
        raise NotKeptError(
            _NOT_REPLICATED,
            hint=f"once replication is set up anew, what its other rules keep is: {others}",
        )
    return found


def _complementary(groups: list[Group], scopes: list[str], stay_but: list[str]) -> bool:
    """Tell whether one rule keeps what another one's expression leaves."""
    return any(
        Never() in group.rules and scope in stay_but
        for group, scope in zip(groups, scopes, strict=True)
    )


def _kept(groups: list[Group], scopes: list[str], stay_but: list[str]) -> Kept:
    notes = []
    if any(isinstance(rule, Grid) and rule.steps[0].keep is not None
           for group in groups for rule in group.rules):  # fmt: skip
        notes.append(_NEWEST)
    if any(not isinstance(rule, Never) for group in groups for rule in group.rules):
        notes.append(_TIMES)
    if len(stay_but) == 1 and all(is_within(scope, stay_but[0]) for scope in scopes):
        if stay_but[0] in scopes:  # all that may go is spoken of
            return Kept(Policy(tuple(groups)), tuple(notes), tuple(stay_but))
        none = _group(Last(0), stay_but[0])
        policy = Policy((*groups, none), allow_zero=True)
        return Kept(policy, (*notes, _CONSENT), tuple(stay_but))
    groups = [*groups, *[_group(Never(), rf"(?!(?:{but})\Z).*") for but in stay_but]]
    policy = Policy((*groups, _group(Last(0), _EVERY_NAME)), allow_zero=True)
    return Kept(policy, (*notes, _CONSENT), (_EVERY_NAME,))


def _kind(rule: Mapping[str, object]) -> str:
    kind = rule.get("type")
    if not isinstance(kind, str) or kind not in _KEYS:
        shape = shown(kind) if isinstance(kind, str) else ""
        raise NotKeptError(f"nobody knows a rule of type '{shape}'")
    odd = rule.keys() - _KEYS[kind]
    if odd:
        raise NotKeptError(f"nobody knows '{shown(min(odd))}' of a rule of type {kind}")
    return kind


def _rule(kind: str, rule: Mapping[str, object]) -> Rule:
    if kind == "regex":
        return Never()
    if kind == "grid":
        return _grid(rule.get("grid"))
    count = read_whole(rule.get("count"))
    if not count:
        raise NotKeptError(f"count: {_said(rule, 'count')} is no number above zero")
    return Last(count)


def _grid(text: object) -> Grid:
    if not isinstance(text, str):
        raise NotKeptError("a grid has no 'grid'")
    steps: list[Step] = []
    spans = 0
    for part in text.split("|"):
        found = _STEP.fullmatch(part)
        if found is None:
            raise NotKeptError(f"grid: '{shown(part.strip())}' should read like 24x1h")
        times, length, unit, keep = found.groups()
        keeps = 1 if keep is None else None if keep in ("all", "-1") else int(keep)
        seconds = int(length) * _SECONDS[unit]
        spans += int(times)
        if steps and seconds < steps[-1].seconds and any(s.keep is not None for s in steps):
            raise NotKeptError(f"grid: '{shown(text)}': spans may not get shorter")
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


def _negated(rule: Mapping[str, object]) -> bool:
    negated = read_truth(rule.get("negate", "false"))
    if negated is None:
        raise NotKeptError(f"negate: {_said(rule, 'negate')} is neither true nor false")
    return negated


def _regex(rule: Mapping[str, object], kind: str) -> str:
    regex = rule.get("regex")
    if regex is None and kind == "last_n":
        return _EVERY_NAME
    if not isinstance(regex, str) or (kind == "grid" and (is_null(regex) or not regex)):
        raise NotKeptError(f"a rule of type {kind} has no 'regex'")
    if is_null(regex) and regex:
        raise NotKeptError(f"regex: {shown(regex)} is nothing, unless it is quoted")
    try:
        return whole(regex)
    except UnreadableError as error:
        raise NotKeptError(f"regex {error}") from None


def _group(rule: Rule, regex: str) -> Group:
    if regex == _EVERY_NAME:
        return Group((rule,), match="*")
    if "'" in regex:
        raise NotKeptError(f"regex '{shown(regex)}': no snapshot's name holds a quote")
    return Group((rule,), regex=regex)


def _said(rule: Mapping[str, object], key: str) -> str:
    value = rule.get(key)
    return f"'{shown(value)}'" if isinstance(value, str) else "what stands there"

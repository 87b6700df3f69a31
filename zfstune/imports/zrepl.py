"""zrepl's configuration: of each job the rules of its ``pruning`` section.

zrepl destroys a snapshot when every rule agrees to: so rules are a union, and what
none of them keeps goes, whoever took it. An expression need only match a part of a
name. Where a rule keeps all that an expression does not match, as zrepl's own
examples do, what is out of scope stays, and a policy here says just that.
"""

from __future__ import annotations

import re

from zfstune.errors import PolicyError
from zfstune.imports.plain_yaml import read_yaml
from zfstune.imports.reading import Imported, Reading
from zfstune.policy import Grid, Group, Last, Never, Policy
from zfstune.policy_text import parse_grid
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import NoReturn

    from zfstune.policy import Rule

__all__ = ["read"]

_CONSENT = (
    "zrepl destroys what none of its rules keeps, whoever made it, and so does the last "
    "part of this: it takes --all-of-them; leave it out to keep the rest"
)
_NEWEST = "the newest snapshot of a scope always stays here; zrepl's grid may let it go"
_AWAY = "{} of job '{}' is for the other side: run that command there"
_ALONE = "{}: those below inherit the policy; zrepl's job leaves them alone"
_ALL = "job '{}' is for all datasets: store it on each pool"


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (not yet)
    """Read a zrepl.yml."""
    try:
        whole = read_yaml(text)
    except PolicyError as error:
        raise PolicyError(f"cannot import from zrepl: {error.message}") from None
    jobs = whole.get("jobs") if isinstance(whole, dict) else None
    if not isinstance(jobs, list):
        _refuse("", "there is no list of jobs")
    found: list[Imported] = []
    for job in jobs:
        if not isinstance(job, dict):
            _refuse("", "a job is no mapping")
        found += _job(job)
    return Reading(tuple(found))


def _job(job: dict[str, object]) -> Iterator[Imported]:
    name = _text(job, "name", "", "a job")
    kind = _text(job, "type", name, "it")
    pruning = job.get("pruning")
    if pruning is None:
        return
    if not isinstance(pruning, dict):
        _refuse(name, "its pruning is no mapping")
    for key, rules in pruning.items():
        if key not in ("keep", "keep_sender", "keep_receiver"):
            _refuse(name, f"pruning: nobody knows '{shown(key)}'")
        if not isinstance(rules, list):
            _refuse(name, f"{key} is no list")
        if not rules:
            continue  # no rule, and zrepl destroys nothing
        policy, notes = _policy(rules, name, key)
        if (key, kind) in (("keep_receiver", "push"), ("keep_sender", "pull")):
            yield Imported("", policy, (*notes, _AWAY.format(key, name)))
        elif key == "keep_receiver":
            yield Imported(_text(job, "root_fs", name, "it"), policy, notes)
        else:
            yield from _spread(job, name, policy, notes)


def _spread(
    job: dict[str, object], name: str, policy: Policy, notes: tuple[str, ...]
) -> Iterator[Imported]:
    """Give the policy to each dataset that a job's filter takes in."""
    filters = job.get("filesystems")
    if not isinstance(filters, dict):
        _refuse(name, "it has no 'filesystems' to go by")
    within = [key.removesuffix("<") for key, value in filters.items() if value == "true"
              and key.endswith("<")]  # fmt: skip
    for key, value in filters.items():
        dataset = key.removesuffix("<")
        if value not in ("true", "false"):
            _refuse(name, f"filesystems: '{shown(key)}' is neither true nor false")
        if value == "false":
            if any(dataset == root or dataset.startswith(root + "/") or not root
                   for root in within):  # fmt: skip
                yield Imported(dataset, Policy((Group((Never(),), match="*"),)))
        elif not dataset:
            yield Imported("", policy, (*notes, _ALL.format(name)))
        elif key == dataset:
            yield Imported(dataset, policy, (*notes, _ALONE.format(dataset)))
        else:
            yield Imported(dataset, policy, notes)


def _policy(rules: list[object], name: str, key: str) -> tuple[Policy, tuple[str, ...]]:
    groups: list[Group] = []
    scopes: list[str] = []
    but: list[str] = []  # expressions of which all that they do not match stays
    notes = []
    for rule in rules:
        if not isinstance(rule, dict):
            _refuse(name, f"{key}: a rule is no mapping")
        kind = _text(rule, "type", name, "a rule")
        regex = str(rule.get("regex", ""))
        if kind == "regex" and rule.get("negate", "false") == "true":
            but.append(regex)
            continue
        kept = _rule(kind, rule, name, key)
        if isinstance(kept, Grid) and kept.steps[0].keep is not None:
            notes.append(_NEWEST)
        scopes.append(regex)
        groups.append(_group(kept, _part(regex, name)))
    if len(but) == 1 and set(scopes) == set(but):
        return Policy(tuple(groups)), tuple(notes)
    groups += [_group(Never(), f"(?!(?:{_part(regex, name)})\\Z).*") for regex in but]
    groups.append(Group((Last(0),), match="*"))
    return Policy(tuple(groups), allow_zero=True), (*notes, _CONSENT)


def _rule(kind: str, rule: dict[str, object], name: str, key: str) -> Rule:
    known = {
        "grid": {"type", "grid", "regex"},
        "last_n": {"type", "count", "regex"},
        "regex": {"type", "regex", "negate"},
    }
    if kind == "not_replicated":
        _refuse(
            name,
            f"{key}: not_replicated goes by what another host has, and that is not known "
            "here",
        )
    if kind not in known:
        _refuse(name, f"{key}: nobody knows a rule of type '{shown(kind)}'")
    odd = rule.keys() - known[kind]
    if odd:
        _refuse(name, f"{key}: nobody knows '{shown(min(odd))}' of a rule of type {kind}")
    if kind == "grid":
        try:
            return parse_grid(_text(rule, "grid", name, "a grid"))
        except PolicyError as error:
            _refuse(name, f"{key}: {error.message}")
    if kind == "regex":
        _text(rule, "regex", name, "a rule of type regex")
        return Never()
    count = _text(rule, "count", name, "last_n")
    if not (count.isascii() and count.isdigit() and int(count[:9])):
        _refuse(name, f"{key}: count: {shown(count)} is no number above zero")
    return Last(int(count[:9]))


def _group(rule: Rule, regex: str) -> Group:
    return Group((rule,), match="*") if regex == ".*" else Group((rule,), regex=regex)


def _part(regex: str, name: str) -> str:
    """Turn an expression that must match a part into one that must match the whole."""
    if "[[:" in regex:
        _refuse(name, f"regex '{shown(regex)}': classes like [[:alpha:]] are not read here")
    try:
        re.compile(regex)
    except re.error as error:
        _refuse(name, f"regex '{shown(regex)}': {error}")
    if not regex:
        return ".*"
    if "|" in regex:
        return f".*(?:{regex}).*"
    before = "" if regex.startswith("^") else ".*"
    ended = regex.endswith("$") and not regex.endswith("\\$")
    inner = regex.removeprefix("^")
    inner = inner.removesuffix("$") if ended else inner
    after = "" if ended or (inner.endswith(".*") and not inner.endswith("\\.*")) else ".*"
    return before + inner + after


def _text(table: dict[str, object], key: str, job: str, what: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        _refuse(job, f"{what} has no '{key}'")
    return value


def _refuse(job: str, reason: str) -> NoReturn:
    where = f" job '{shown(job)}'" if job else ""
    raise PolicyError(f"cannot import from zrepl{where}: {reason}")

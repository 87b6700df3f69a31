"""Read bzfs's plans: ``{'prod': {'onsite': {'hourly': 48, 'daily': 30}}}``.

The rules are those of bzfs_main/argparse_actions.py, which turns a plan into filters,
of bzfs_main/filter.py and of the lengths in bzfs_main/util/utils.py (bzfs 1.25,
github.com/whoschek/bzfs). A count N for an organisation, target and period keeps the N
newest snapshots and all that are at most N periods old; bzfs destroys all others. Its
month has 30.5 days and its year 365.
"""

from __future__ import annotations

import ast
import re

from zfstune.retention.imports.reading import Imported, Reading
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Last, Within
from zfstune.values.duration import DAY, HOUR, MINUTE, WEEK
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from zfstune.retention.rule_kinds import Rule

__all__ = ["read"]

_MILLISECONDS = {
    "millisecondly": 1,
    "secondly": 1000,
    "minutely": 1000 * MINUTE,
    "hourly": 1000 * HOUR,
    "daily": 1000 * DAY,
    "weekly": 1000 * WEEK,
    "monthly": 30_500 * DAY,
    "yearly": 365_000 * DAY,
}
_PERIOD = re.compile(r"((?:[1-9]\d{0,8})?)([a-z]+)", re.ASCII)
_MOST = 10**9
_NOTES = (
    (
        "bzfs destroys every snapshot that its plan does not keep, no matter which program "
        "made it, and so does 'match=* keep=0' in this policy; to keep those snapshots, "
        "leave that part out"
    ),
    "zfstune keeps snapshots dated after now, and does not count them",
)
_WHOLE_SECONDS = (
    "zfstune counts ages in whole seconds, so a snapshot may stay a second longer"
)
_NOTHING = "the plan keeps no snapshot, and this policy keeps none either"


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (a plan names no datasets)
    """Read one plan, a dictionary in Python's notation."""
    try:
        plan = ast.literal_eval(text.strip())
        parts = [
            (org, target, period, count)
            for org, targets in plan.items()
            for target, periods in targets.items()
            for period, count in periods.items()
        ]
    except (
        ValueError,
        SyntaxError,
        AttributeError,
        TypeError,
        MemoryError,
        RecursionError,
    ):
        raise PolicyError(
            "cannot import from bzfs: the text is no plan",
            hint="a plan reads like {'prod': {'onsite': {'hourly': 48, 'daily': 30}}}",
        ) from None
    if not parts:
        raise PolicyError("cannot import from bzfs: the plan is empty")
    groups = [group for part in parts for group in _group(*part)]
    notes = [*_NOTES]
    if any(str(period).endswith("millisecondly") for _, _, period, _ in parts):
        notes.append(_WHOLE_SECONDS)
    if not groups:
        notes.append(_NOTHING)
    groups.append(Group((Last(0),), match="*"))
    policy = Policy(tuple(groups), allow_zero=True)
    return Reading((Imported("", policy, tuple(notes)),))


def _group(org: object, target: object, period: object, count: object) -> Iterator[Group]:
    named = f"{org}_{target}_{period}"
    match = _PERIOD.fullmatch(period) if isinstance(period, str) else None
    if not isinstance(org, str) or not isinstance(target, str) or match is None:
        raise _bad(named, "it takes an organisation, a target and a period such as hourly")
    if "'" in named:
        raise _bad(named, "a snapshot's name cannot hold a quote")
    if type(count) is not int or not 0 <= count < _MOST:
        raise _bad(named, f"{shown(repr(count))} is no number of snapshots to keep")
    if not count:
        return
    begin = f"{re.escape(f'{target}_')}" if target else r"(19|20)[0-9][0-9]"
    rules: list[Rule] = [Last(count)]
    milliseconds = int(match[1] or 1) * _MILLISECONDS.get(match[2], 0) * count
    if milliseconds:
        rules.append(Within(-(-milliseconds // 1000)))
    prefix = re.escape(f"{org}_") if org else ""
    yield Group(tuple(rules), regex=f"{prefix}{begin}.*{re.escape(f'_{period}')}")


def _bad(named: str, reason: str) -> PolicyError:
    return PolicyError(f"cannot import from bzfs '{shown(named)}': {reason}")

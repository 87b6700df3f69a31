"""bzfs's plans: ``{'prod': {'onsite': {'hourly': 48, 'daily': 30}}}``.

Of each organisation, target and period it keeps the newest so many and what is not
older than so many periods, and destroys all else. Its month has 30.5 days and its
year 365.
"""

from __future__ import annotations

import ast
import re

from zfstune.errors import PolicyError
from zfstune.imports.reading import Imported, Reading
from zfstune.policy import Group, Last, Policy, Within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from zfstune.policy import Rule

__all__ = ["read"]

_DAY = 86400
_UNITS = {
    "secondly": 1,
    "minutely": 60,
    "hourly": 3600,
    "daily": _DAY,
    "weekly": 7 * _DAY,
    "monthly": _DAY * 61 // 2,
    "yearly": 365 * _DAY,
}
_PERIOD = re.compile(r"(\d*)([a-z]+)", re.ASCII)
_NOTE = (
    "bzfs destroys all that no part of its plan keeps, whoever made it, and so does the "
    "last part of this: it takes --all-of-them; leave it out to keep the rest"
)


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (a plan names none)
    """Read one plan, a dictionary as Python writes it."""
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
            hint="as in {'prod': {'onsite': {'hourly': 48, 'daily': 30}}}",
        ) from None
    groups = [group for part in parts for group in _group(*part)]
    if not groups:
        raise PolicyError("cannot import from bzfs: its plan keeps nothing")
    groups.append(Group((Last(0),), match="*"))
    return Reading((Imported("", Policy(tuple(groups), allow_zero=True), (_NOTE,)),))


def _group(org: object, target: object, period: object, count: object) -> Iterator[Group]:
    named = f"{org}_{target}_{period}"
    found = _PERIOD.fullmatch(str(period))
    if found is None or type(count) is not int or count < 0:
        raise PolicyError(f"cannot import from bzfs '{named}': {count} of it mean nothing")
    if not count:
        return
    begin = f"{re.escape(f'{target}_')}" if target else r"(19|20)[0-9][0-9]"
    rules: list[Rule] = [Last(count)]
    if found[2] == "millisecondly":
        raise PolicyError(f"cannot import from bzfs '{named}': ages are whole seconds here")
    if found[2] in _UNITS:
        rules.append(Within(int(found[1] or 1) * _UNITS[found[2]] * count))
    prefix = re.escape(f"{org}_") if org else ""
    yield Group(tuple(rules), regex=f"{prefix}{begin}.*{re.escape(f'_{period}')}")

"""Rules as values: one that cannot mean anything is refused when it is made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from zfstune.retention.rule_kinds import (
    Blocks,
    Every,
    Grid,
    Last,
    NewerThan,
    Step,
    Within,
)
from zfstune.values.errors import PolicyError
from zfstune.values.whole_number import MAX_WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Last(-1), "'keep=-1': a count is never negative"),
        (lambda: Last(MAX_WHOLE + 1), f"a count is at most {MAX_WHOLE}"),
        (lambda: Last(True), "'keep=True': it takes a whole number"),
        (lambda: Every("fortnightly", 1), "there is no such period"),
        (lambda: Every("daily", 0), "'daily=0': it keeps nothing"),
        (lambda: Within(0), "it takes a time above zero"),
        (NewerThan, "either a name or a time"),
        (lambda: NewerThan("a", 1), "either a name or a time"),
        (lambda: NewerThan(time=253402300800), "years are 1 to 9999"),
        (lambda: Step(0, 3600), "each number must be from 1"),
        (lambda: Grid(()), "it is empty"),
        (lambda: Grid((Step(1, 60), Step(1, 59))), "must not get shorter with age"),
        (lambda: Blocks(0, 10), "a block lasts 1s or more"),
        (lambda: Blocks(1, 10, 10), "the ages rise"),
    ],
)
def test_a_rule_without_a_meaning_is_refused(
    make: Callable[[], object], reason: str
) -> None:
    """The error names the rule and the reason."""
    with pytest.raises(PolicyError, match=re.escape(reason)):
        make()


def test_spans_may_get_shorter_behind_one_that_keeps_all() -> None:
    """A span that keeps all thins out nothing, so any span may follow it."""
    steps = (Step(1, 3600, None), Step(24, 60))
    assert Grid(steps).steps == steps


def test_a_period_lasts_as_long_as_its_longest() -> None:
    """A month has 31 days at most."""
    assert Every("monthly", 12).longest_seconds == 31 * 86400

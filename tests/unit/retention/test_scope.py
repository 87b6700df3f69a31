"""The scopes of a policy share one budget of steps, and keep what they built."""

from __future__ import annotations

import pytest

from zfstune.retention import name_pattern
from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import convert
from zfstune.retention.name_pattern import (
    MOST_STEPS,
    Budget,
)
from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import MAX_GROUPS, parse_policy
from zfstune.retention.rule_kinds import Last
from zfstune.retention.scope import scope_tests
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot


@pytest.fixture
def budgets(monkeypatch: pytest.MonkeyPatch) -> list[Budget]:
    """Record each budget that is opened; none is left from a test before."""
    scope_tests.cache_clear()
    found: list[Budget] = []

    class Noted(Budget):
        __slots__ = ()

        def __init__(self) -> None:
            super().__init__()
            found.append(self)

    monkeypatch.setattr(name_pattern, "Budget", Noted)
    return found


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record how many states each step of a matcher reaches, paid for or not."""
    found: list[int] = []
    spend = Budget.spend

    def counting(self: Budget, steps: int) -> None:
        found.append(steps)
        spend(self, steps)

    monkeypatch.setattr(Budget, "spend", counting)
    return found


def _hard(count: int) -> Policy:
    groups = [Group((Last(1),), regex=f".*a.{{13}}{at}") for at in range(count)]
    return Policy(tuple(groups))


# Forty names, no two alike, of a and b.
_NAMES = [f"{3**power:b}".translate({48: "a", 49: "b"})[:200] for power in range(130, 170)]


def test_steps_are_limited_in_all() -> None:
    """An expression has a limited number of steps, however many names there are."""
    matches = Group((Last(1),), regex=".*1.{150}" * 4 + "(.?){150}").scope()
    names = [f"{3**power:b}"[:255] for power in range(160, 999)]
    with pytest.raises(
        PolicyError, match=r"cannot use policy 'regex=.*: .* too many steps"
    ):
        list(map(matches, names))


def test_a_policy_has_one_budget(budgets: list[Budget], reached: list[int]) -> None:
    """Many hard expressions share the steps of one, in each pass over the names."""
    policy = _hard(250)
    snapshots = [Snapshot(f"tank@{n}", at + 1, at + 1) for at, n in enumerate(_NAMES)]
    for _ in range(3):
        with pytest.raises(PolicyError, match="the policy takes too many steps"):
            decide(snapshots, policy)
        with pytest.raises(PolicyError, match="the policy takes too many steps"):
            list(map(policy.scope(named=True), _NAMES))
    assert len(budgets) == 1
    # Once all steps are spent, each further call tries one move in vain.
    assert sum(reached) < MOST_STEPS + 6 * 2000


def test_hard_expressions_of_a_stored_policy_are_bounded(budgets: list[Budget]) -> None:
    """The longest list that a text may hold is refused within the same steps."""
    text = "; ".join(f"regex=.*a.{{13}}{at} keep=1" for at in range(MAX_GROUPS))
    for _ in range(3):  # read anew, as for each dataset of a verification
        with pytest.raises(PolicyError, match="the policy takes too many steps"):
            list(map(parse_policy(text).scope(), _NAMES))
    assert [budget.spent for budget in budgets] == [MOST_STEPS]


def test_matchers_stay_with_their_policy(reached: list[int]) -> None:
    """However many policies a prune has, a second pass over the same names is free."""
    policies = [Policy.last(1, f"auto-{at}-*") for at in range(200)]
    for policy in policies:
        assert not policy.covers("auto-daily")
    first = len(reached)
    for policy in policies:
        assert not policy.covers("auto-daily")
    assert first
    assert len(reached) == first


def test_imported_policies_stay_far_below_the_budget(budgets: list[Budget]) -> None:
    """A plan of bzfs that is as long as any real one takes a fifth of the steps at most."""
    units = ["secondly", "minutely", "hourly", "daily", "weekly", "monthly", "yearly"]
    places = ["", "onsite", "offsite", "us-west"]
    plan = {o: {t: dict.fromkeys(units, 9) for t in places} for o in ("prod", "test", "x")}
    [imported] = convert("bzfs", repr(plan)).policies
    policy = parse_policy(imported.text, allow_zero=True)
    assert 64 < len(policy.groups) <= MAX_GROUPS
    names = [
        f"{org}_{target and f'{target}_'}2026-{month:02}-{2 * month:02}_12:00:00_{unit}"
        for org in plan
        for target in places
        for unit in units
        for month in range(1, 13)
    ]
    for test in policy.tests:
        assert any(map(test, names)) or test("auto-20261123T030000Z")
    [budget] = budgets
    assert 1000 < budget.spent < MOST_STEPS // 5


def test_building_counts(budgets: list[Budget]) -> None:
    """Expressions that are large, written out, are paid for before they are built."""
    text = "; ".join(
        f"regex=(?!(.{{44}}){{40}}){at}(.{{38}}){{48}} keep=1" for at in range(90)
    )
    policy = parse_policy(text)
    assert not budgets
    with pytest.raises(PolicyError, match="the policy takes too many steps"):
        policy.covers("auto-daily")
    assert [budget.spent for budget in budgets] == [MOST_STEPS]

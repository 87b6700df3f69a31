"""Names are matched as Python's re and fnmatch do, but in a time that is bounded."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zfstune.retention import name_pattern
from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import convert
from zfstune.retention.name_pattern import (
    MOST_STEPS,
    Budget,
    PatternError,
    glob_matcher,
    regex_matcher,
)
from zfstune.retention.policy import Group, Last, Policy
from zfstune.retention.policy_text import MAX_GROUPS, parse_policy
from zfstune.retention.scope import scope_tests
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot

NAMES = st.text("ab1-_. Z", min_size=1, max_size=12)
_MEMBERS = st.sampled_from(["a", "b", "a-z", r"\d", r"\w", r"\s", "-", "1", r"\]", "."])
_CLASS = st.builds(
    "[{}{}]".format,
    st.sampled_from(["", "^"]),
    st.lists(_MEMBERS, min_size=1, max_size=4).map(lambda found: "".join(sorted(found))),
)
_ATOM = (
    st.sampled_from([*"ab1-_Z", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\."])
    | _CLASS
)
_EDGE = st.sampled_from(["^", "$", r"\A", r"\Z", r"\b", r"\B"])
_COUNTS = st.sampled_from(
    ["*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{1,}", "{,2}", "{1,3}", "{0,2}?"]
)


def _larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.builds(
        "{}{})".format, st.sampled_from(["(", "(?:", "(?P<n>"]), part
    )  # a name twice is an error in Python: see the tests
    return st.one_of(
        st.builds("{}{}".format, part, part),
        st.builds("(?:{}|{})".format, part, part),
        st.builds("{}|{}".format, part, part),
        st.builds("{}{}".format, group, _COUNTS),
        group,
    )


REGEXES = st.recursive(
    st.builds("{}{}".format, _ATOM, st.just("") | _COUNTS) | _EDGE | st.just(""),
    _larger,
    max_leaves=12,
)


@pytest.mark.filterwarnings("ignore:Possible set:FutureWarning")
@given(REGEXES, st.lists(NAMES, min_size=1, max_size=6))
@example("(?:|a)+", ["a"])
@example("a{,}", ["aa"])
@example(r"(?!(?:auto_.*)\Z).*", ["auto_1", "auto", "b"])
@example(r"(?!ab)(?!1).*", ["ab1", "1", "b"])
@example("[]a]+", ["a", "b"])
@example("[^]a]+", ["a", "b"])
@example("a{", ["a", "b"])
@example("(19|20)[0-9][0-9].*_daily", ["2026-11-23_daily", "1826_daily"])
def test_as_python_matches(regex: str, names: list[str]) -> None:
    """What both take, both match alike; ours takes all of the forms it names."""
    try:
        compiled = re.compile(regex, re.DOTALL)
    except re.error:
        with pytest.raises(PatternError):
            regex_matcher(regex if "(?P<n>" not in regex else "(")
        return
    matches = regex_matcher(regex)
    for name in names:
        assert matches(name) == (compiled.fullmatch(name) is not None)


@given(
    st.text("ab1-*?[]!^\\&|~", max_size=10), st.lists(st.text("ab1-]![^\\&|~", max_size=6))
)
@example("*a*a*a*b", ["a" * 250, "aaab"])
@example("[b-a]", ["a", "b"])
@example("[!b-a]", ["a"])
@example("[--a]x", ["-x", "ax", "bx"])
def test_globs_match_as_the_shell_does(glob: str, names: list[str]) -> None:
    """As fnmatchcase: a class that is left open is a bracket, case counts."""
    matches = glob_matcher(glob)
    for name in names:
        assert matches(name) == fnmatchcase(name, glob)


def test_edges_of_words_and_lines() -> None:
    """An edge lies between a word and what is none; a dollar is at the end alone."""
    assert regex_matcher(r".*\bdaily\b.*")("auto-daily-1")
    assert not regex_matcher(r".*\bdaily\b.*")("auto_daily_1")
    assert regex_matcher(r"a\Bb")("ab")
    assert not regex_matcher("a$")("a\n")
    assert not regex_matcher("a^b")("ab")


@pytest.mark.parametrize(
    ("regex", "reason"),
    [
        (r"(a)\1", r"'\\1' is not matched"),
        ("(?P=n)", r"'\(\?P=' is not matched"),
        ("(?<=a)b", r"'\(\?<=' is not matched"),
        ("a(?!b)", r"'\(\?!b' is not matched"),
        ("(?=a)a", r"'\(\?=a' is not matched"),
        ("(?i)a", r"'\(\?i\)' is not matched"),
        ("(?!a)b|c", "for the whole"),
        (r"\p{L}", r"'\\p' is not matched"),
        (r"\x41", r"'\\x' is not matched"),
        ("a*+", "multiple repeat"),
        ("a**", "multiple repeat"),
        ("a{2}{3}", "multiple repeat"),
        ("*a", "nothing to repeat"),
        ("{2}a", "nothing to repeat"),
        ("^*", "nothing to repeat"),
        ("a{3,2}", "goes down"),
        ("a{1001}", "more than 1000 times"),
        ("a{" + "9" * 5000 + "}", "more than 1000 times"),
        ("(a", r"missing '\)'"),
        ("a)", r"unbalanced '\)' at position 2"),
        ("[a", r"missing '\]'"),
        ("[b-a]", "bad range"),
        (r"[\d-a]", "bad range"),
        ("[[:alpha:]]", "classes like"),
        ("a\\", "backslash at the end"),
        ("(" * 200 + ")" * 200, "lie in each other"),
    ],
)
def test_what_is_not_matched_is_named(regex: str, reason: str) -> None:
    """The error says which form it is that nobody matches here."""
    with pytest.raises(PatternError, match=reason):
        regex_matcher(regex)
    with pytest.raises(PolicyError, match="cannot use policy 'regex="):
        Group((Last(1),), regex=regex)


@pytest.mark.parametrize(
    "regex", ["(a|a)+$", "(a*)*b", "(.*a){20}", "(a|aa)+$", "(a?){250}a{250}"]
)
def test_no_expression_is_slow(regex: str) -> None:
    """What takes Python's matcher longer than anybody waits is a matter of steps here."""
    matches = regex_matcher(regex)
    assert not matches("a" * 240 + "!")


@pytest.mark.parametrize(
    "regex", ["(?:(?:a{1000}){1000}){1000}", "(?:(?:(?:){1000}){1000}){1000}", "a?" * 2500]
)
def test_no_expression_is_large(regex: str) -> None:
    """Repeats of repeats are refused before they are written out."""
    with pytest.raises(PatternError, match="too large"):
        regex_matcher(regex)


def test_steps_are_limited_in_all() -> None:
    """However many names there are, one expression has so much of a prune's time."""
    matches = Group((Last(1),), regex=".*1.{150}" * 4 + "(.?){150}").scope()
    names = [f"{3**power:b}"[:255] for power in range(160, 999)]
    with pytest.raises(
        PolicyError, match=r"cannot use policy 'regex=.*: .* too many steps"
    ):
        list(map(matches, names))


@pytest.fixture
def budgets(monkeypatch: pytest.MonkeyPatch) -> list[Budget]:
    """Note down each budget that is opened; none is left from a test before."""
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
    """Note down how many states each move of a matcher reaches, paid for or not."""
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


def test_a_policy_has_one_budget(budgets: list[Budget], reached: list[int]) -> None:
    """Many hard expressions are refused after the steps of one; no pass begins anew."""
    policy = _hard(250)
    snapshots = [Snapshot(f"tank@{n}", at + 1, at + 1) for at, n in enumerate(_NAMES)]
    for _ in range(3):
        with pytest.raises(PolicyError, match="the policy takes too many steps"):
            decide(snapshots, policy)
        with pytest.raises(PolicyError, match="the policy takes too many steps"):
            list(map(policy.scope(named=True), _NAMES))
    assert len(budgets) == 1
    # what is looked at in vain, once spent, is one move a call
    assert sum(reached) < MOST_STEPS + 6 * 2000


def test_hard_expressions_of_a_stored_policy_are_bounded(budgets: list[Budget]) -> None:
    """The longest list that a text may hold is refused within the same steps."""
    text = "; ".join(f"regex=.*a.{{13}}{at} keep=1" for at in range(MAX_GROUPS))
    for _ in range(3):  # read anew, as for each dataset of a verification
        with pytest.raises(PolicyError, match="the policy takes too many steps"):
            list(map(parse_policy(text).scope(), _NAMES))
    assert [budget.spent for budget in budgets] == [MOST_STEPS]


def test_many_parts_are_refused() -> None:
    """A stored policy has a hundred parts at most, and reading more builds nothing."""
    parts = [f"regex=.*a.{{13}}{at} keep=1" for at in range(250)]
    assert len(parse_policy("; ".join(parts[:MAX_GROUPS])).groups) == MAX_GROUPS == 100
    with pytest.raises(PolicyError, match="more than 100 parts"):
        parse_policy("; ".join(parts))


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

"""The rules of a zrepl job: a policy keeps the snapshots that they keep together."""

from __future__ import annotations

import pytest

from reading_oracle import NOW
from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.reading import LEAVE_ALONE
from zfstune.retention.imports.zrepl_rules import Kept, read_rules
from zfstune.retention.policy import Policy
from zrepl_jobs import lost, refused, rules, said


# The tables are those of zrepl's own tests: internal/pruning/keep_last_n_test.go and
# keep_grid_test.go, seen through a whole configuration.
@pytest.mark.parametrize(
    ("count", "left"), [(2, {"4", "5"}), (1, {"5"}), (4, {"2", "3", "4", "5"})]
)
def test_last_n(count: int, left: set[str]) -> None:
    """The newest snapshots stay, even if zrepl did not take them."""
    times = [("1", 10), ("3", 15), ("2", 20), ("4", 30), ("5", 30)]
    text = rules(f"type: last_n, count: {count}")
    assert lost(text, times) == {name for name, _ in times} - left


def test_last_n_with_an_expression() -> None:
    """A snapshot that the expression does not match is not kept, and goes."""
    times = [("a1", 1), ("b1", 2), ("a2", 3)]
    assert lost(rules("type: last_n, count: 4, regex: a"), times) == {"b1"}


def test_two_grids() -> None:
    """Each grid counts from the newest snapshot that its own expression matches."""
    text = rules(
        'type: grid, grid: "1x10s | 1x10s", regex: "^p1_"',
        'type: grid, grid: "1x10s | 1x10s", regex: "^p1_"',
        'type: grid, grid: "1x10s | 1x10s", regex: "^p2_"',
    )
    ages = {"p1_a": 4, "p1_b": 14, "p1_c": 29, "p2_d": 5, "p2_e": 15, "p2_f": 30}
    listing = [(n, NOW - age) for n, age in sorted(ages.items(), key=lambda i: -i[1])]
    # Spans count from the newest snapshot: the ages within p1 are 0, 10 and 25.
    assert lost(text, listing) == {"p1_c", "p2_f"}
    notes = convert("zrepl", text).policies[0].notes
    assert "always keeps the newest snapshot of a scope" in notes[0]
    assert "'keep=0'" in notes[-1]


def test_jobs_that_touch_other_snapshots() -> None:
    """Their rules stand beside each other; the consent of either is one for both."""
    negated, two = {"type": "regex", "negate": "on"}, {"type": "last_n", "count": "2"}
    asks = read_rules([{**negated, "regex": "^a_"}, {**two, "regex": "^a_x"}], sender=True)
    plain = read_rules([{**negated, "regex": "^b_"}, {**two, "regex": "^b_"}], sender=True)
    other = read_rules([{**negated, "regex": "^c_"}, {**two, "regex": "^c_"}], sender=True)
    assert (asks.policy.allow_zero, plain.policy.allow_zero) == (True, False)
    for one, another in ((asks, plain), (plain, asks), (plain, other)):
        assert one.beside(another) == Kept(
            Policy(
                one.policy.groups + another.policy.groups, allow_zero=asks in (one, another)
            ),
            one.notes + another.notes,
            one.scopes + another.scopes,
        )
        assert one.beside(one) == one
    within = read_rules(
        [{**negated, "regex": "^a_x"}, {**two, "regex": "^a_x"}], sender=True
    )
    assert within.beside(asks) is asks.beside(within) is None


def test_what_an_expression_leaves_stays_without_consent() -> None:
    """Snapshots out of the scope of a negated expression stay, and no consent is needed."""
    text = rules(
        'type: last_n, count: 2, regex: "^z_d"', 'type: regex, negate: on, regex: "^z_"'
    )
    assert said(text) == {"tank/a": "regex=z_d.* keep=2; regex=z_.* keep=0"}
    listing = [
        (name, time) for time, name in enumerate(("z_h", "z_d1", "x", "z_d2", "z_d3"))
    ]
    assert lost(text, listing) == {"z_h", "z_d1"}
    # An expression that is not narrower lets go only names that both match.
    text = rules(
        'type: last_n, count: 2, regex: "d"', 'type: regex, negate: on, regex: "^z_"'
    )
    assert lost(text, [*listing, ("d9", 9)]) == {"z_h", "z_d1", "z_d2"}


@pytest.mark.parametrize(
    "lines",
    [
        ("type: regex, regex: '.*'", "type: last_n, count: 1"),
        ("type: regex, regex: ''",),
        ("type: regex, regex: '^a'", "type: regex, regex: '^a.*', negate: true"),
        ("type: regex, regex: '^.*$'", "type: not_replicated"),
    ],
)
def test_rules_that_keep_all(lines: tuple[str, ...]) -> None:
    """Rules that keep everything give a policy that needs no consent."""
    assert said(rules(*lines)) == {"tank/a": "match=* never"}


def test_no_rule_destroys_nothing() -> None:
    """A job without rules destroys nothing, as in zrepl."""
    assert said(rules().replace("keep:\n", "keep: []\n")) == {"tank/a": "match=* never"}


def test_leave_alone_is_what_the_frame_says() -> None:
    """A job that keeps everything gives the policy that leaves a dataset alone."""
    [imported] = convert("zrepl", rules("type: regex, regex: ''")).policies
    assert imported.policy == LEAVE_ALONE


def test_how_many_spans_a_grid_may_have() -> None:
    """A hundred thousand spans are read, in however many steps, and one more is not."""
    for grid, word in (
        ("100000x1h", "100000x1h"),
        ("40000x1h | 60000x2h", "'40000x1h | 60000x2h'"),
    ):
        text = rules(f"type: grid, grid: {grid}, regex: a")
        assert said(text) == {"tank/a": f"regex=.*a.* grid={word}; match=* keep=0"}
    for grid in ("100001x1h", "40001x1h | 60000x2h"):
        text = rules(f"type: grid, grid: {grid}, regex: a")
        assert refused(text) == {
            "tank/a": f"keep of job j: grid: '{grid}' has more than 100000 spans"
        }

"""What a tool does to each dataset, as policies that are inherited."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reading_oracle import in_force
from zfstune.imports.reading import LEAVE_ALONE, UNKNOWN_TREE, Imported, LeftOut, complete
from zfstune.imports.subtree import spread
from zfstune.policy import Policy

ONE, TWO = Policy.last(1), Policy.last(2)
TREE = ("pool", "tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "tank/z")
Rule = tuple[str, bool, "Policy | str | None"]


def answer(rules: list[Rule], dataset: str) -> Imported | LeftOut | None:
    """Give what the first of these rules says that is for a dataset."""
    for name, below, what in rules:
        if dataset == name or (below and dataset.startswith(f"{name}/")):
            if isinstance(what, str):
                return LeftOut(dataset, what, dataset)
            return None if what is None else Imported(dataset, what)
    return None


some_rules = st.lists(
    st.tuples(
        st.sampled_from(TREE), st.booleans(), st.sampled_from([ONE, TWO, "why", None])
    ),
    max_size=4,
)


@given(some_rules)
def test_each_dataset_gets_what_is_meant_for_it(rules: list[Rule]) -> None:
    """Whatever the settings: with the datasets known, all is as they say."""
    reading = complete(
        spread(lambda name: answer(rules, name), {r[0] for r in rules}, TREE, "mole"),
        frozenset(TREE),
    )
    for dataset in TREE:
        meant = answer(rules, dataset)
        got = in_force(reading, dataset)
        assert got == (meant.policy if isinstance(meant, Imported) else None)
        if isinstance(meant, LeftOut):
            # it is named, or one above it is
            assert any(
                f"{dataset}/".startswith(f"{each.dataset}/") for each in reading.left_out
            )


@given(some_rules)
def test_without_the_datasets_nothing_is_guessed(rules: list[Rule]) -> None:
    """Whatever there is: a dataset's policy is the right one, or it is left out."""
    reading = complete(
        spread(lambda name: answer(rules, name), {r[0] for r in rules}, None, "mole"), None
    )
    left_out = {each.dataset for each in reading.left_out}
    for dataset in (*TREE, "tank/new", "tank/a/new", "tank/z/new/er"):
        meant = answer(rules, dataset)
        got = in_force(reading, dataset)
        if any(f"{dataset}/".startswith(f"{each}/") for each in left_out):
            assert got is None or (isinstance(meant, Imported) and got == meant.policy)
        else:
            assert got == (meant.policy if isinstance(meant, Imported) else None)


def test_a_tree_that_is_left_out_is_named_once() -> None:
    """By its top; another reason below is another line."""
    rules: list[Rule] = [("tank/a/b/c", False, "other"), ("tank", True, "why")]
    reading = spread(lambda name: answer(rules, name), ["tank"], TREE, "mole")
    assert [(each.name, each.reason) for each in reading.left_out] == [
        ("tank", "why"),
        ("tank/a/b/c", "other"),
    ]


def test_all_pools() -> None:
    """An answer for any dataset stands for all pools, whose names are not known."""

    def everywhere(name: str) -> Imported:
        return Imported(name, ONE, ("a note",))

    reading = spread(everywhere, ["", "tank"], None, "mole")
    assert [each.dataset for each in reading.policies] == ["tank", ""]
    assert reading.policies[1].notes == (
        "a note",
        "it is for all datasets: store it on each pool",
    )
    known = spread(everywhere, [""], TREE, "mole")
    assert [each.dataset for each in known.policies] == ["pool", "tank"]


def test_what_depends_on_the_tree() -> None:
    """Is left out with what it would be alone, if there is something."""
    rules: list[Rule] = [("tank", False, ONE), ("pool", False, None), ("pool", True, TWO)]
    reading = spread(lambda name: answer(rules, name), ["tank", "pool"], None, "mole")
    assert [(each.name, each.reason) for each in reading.left_out] == [
        ("pool", UNKNOWN_TREE),
        ("tank", UNKNOWN_TREE),
    ]
    assert reading.left_out[1].hint.endswith("; for 'tank' alone it is 'keep=1'")
    assert "alone" not in reading.left_out[0].hint


def test_datasets_that_are_made_later() -> None:
    """A policy that one would inherit wrongly carries a note; others do not."""
    rules: list[Rule] = [("tank", False, ONE), ("pool", True, TWO)]
    reading = spread(lambda name: answer(rules, name), ["tank", "pool"], TREE, "mole")
    notes = {each.dataset: each.notes for each in reading.policies}
    assert notes["pool"] == ()
    assert "tank: a dataset that is made later below it inherits" in notes["tank"][0]
    assert reading.policies[-1].policy == LEAVE_ALONE
    assert not any("later" in note for note in notes["tank/z"])


def test_a_dataset_that_is_left_alone_above_others() -> None:
    """What is made later below it gets no policy, and that is said once."""
    rules: list[Rule] = [("tank", False, None), ("tank", True, TWO)]
    reading = spread(lambda name: answer(rules, name), ["tank"], TREE, "mole")
    said = [note for each in reading.policies for note in each.notes]
    assert said == ["a dataset that is made later below tank gets no policy of this"]

"""The effect of a tool on each dataset, as policies that are inherited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading_oracle import in_force
from zfstune.retention.imports.reading import (
    LEAVE_ALONE,
    UNKNOWN_TREE,
    Imported,
    LeftOut,
    Reading,
    complete,
)
from zfstune.retention.imports.tree import listed, with_notes, work_out, work_out_by_name
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Last
from zfstune.values.names import ancestors_of

if TYPE_CHECKING:
    from collections.abc import Collection

ONE, TWO = Policy.last(1), Policy.last(2)
TREE = ("pool", "tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "tank/z")
LATER = ("tank/new", "tank/a/new", "tank/z/new/er", "new")

# A dataset, whether the rule is for those below as well, and its result: a policy, the
# reason why there is none, or None if the tool leaves the dataset alone.
Rule = tuple[str, bool, "Policy | str | None"]

some_rules = st.lists(
    st.tuples(
        st.sampled_from(("", *TREE)),
        st.booleans(),
        st.sampled_from([ONE, TWO, LEAVE_ALONE, "why", "other", None]),
    ),
    max_size=4,
)
some_trees = st.none() | st.sets(st.sampled_from(TREE)).map(
    lambda some: frozenset({*some, *(up for each in some for up in ancestors_of(each))})
)


def answer(rules: list[Rule], dataset: str) -> Imported | LeftOut | None:
    """Return the result of the first rule for a dataset."""
    for name, below, what in rules:
        if dataset == name or (below and (not name or dataset.startswith(f"{name}/"))):
            if isinstance(what, str):
                return LeftOut(dataset, what, dataset)
            return None if what is None else Imported(dataset, what)
    return None


def by_name(rules: list[Rule], datasets: Collection[str] | None) -> Reading:
    """Read settings of a made-up tool that decides by the names of datasets."""
    named = {name for name, _, _ in rules}
    reading = work_out_by_name("mole", lambda name: answer(rules, name), named, datasets)
    return complete(reading, datasets)


def by_tree(rules: list[Rule], datasets: Collection[str] | None) -> Reading:
    """Read settings of a made-up tool that prunes only datasets with none below them."""

    def find(tree: Collection[str]) -> dict[str, Imported | LeftOut]:
        said = {name: answer(rules, name) for name in tree if is_end(name, tree)}
        return {name: each for name, each in said.items() if each is not None}

    named = {name for name, _, _ in rules}
    return complete(work_out("mole", find, named, datasets), datasets)


def is_end(name: str, tree: Collection[str]) -> bool:
    """Tell whether no dataset with a name of its own lies below a dataset."""
    return not any(each.startswith(f"{name}/") and "\0" not in each for each in tree)


def pruning(each: Imported | LeftOut | None) -> Policy | None:
    """Return the policy by which snapshots may go; None: there is none."""
    if isinstance(each, Imported) and each.policy != LEAVE_ALONE:
        return each.policy
    return None


def nearest(dataset: str, reading: Reading) -> LeftOut | None:
    """Return the entry that leaves a dataset out: its own, or one above it."""
    said = {each.dataset: each for each in reading.left_out}
    above = (dataset, *reversed(ancestors_of(dataset)))
    return next((said[name] for name in above if name in said), None)


def lines(reading: Reading) -> list[tuple[str, str]]:
    """Return the names and reasons of all that is left out."""
    return [(each.name, each.reason) for each in reading.left_out]


def stored(reading: Reading) -> dict[str, Policy]:
    """Return the policies of a reading, by dataset."""
    return {each.dataset: each.policy for each in reading.policies}


def notes(reading: Reading) -> list[str]:
    """Return the notes of a reading that are not on a single dataset."""
    found = [note for each in reading.policies for note in each.notes]
    return [note for note in found if "leaves it alone" not in note]


@given(some_rules, some_trees.filter(lambda tree: tree is not None))
def test_each_dataset_gets_what_is_meant_for_it(
    rules: list[Rule], tree: frozenset[str]
) -> None:
    """With the datasets known, each gets the policy that the settings mean for it."""
    reading = by_name(rules, tree)
    for dataset in tree:
        meant = answer(rules, dataset)
        assert in_force(reading, dataset) == pruning(meant)
        if isinstance(meant, LeftOut):
            said = nearest(dataset, reading)
            assert said is not None
            assert said.reason == meant.reason


@given(some_rules, some_trees.filter(lambda tree: tree is not None))
def test_a_tool_that_goes_by_the_tree(rules: list[Rule], tree: frozenset[str]) -> None:
    """The tool is asked with all existing datasets, and with a probe below each."""
    reading = by_tree(rules, tree)
    for dataset in tree:
        meant = answer(rules, dataset) if is_end(dataset, tree) else None
        assert in_force(reading, dataset) == pruning(meant)


@settings(max_examples=400)
@given(some_rules)
def test_without_the_datasets_nothing_is_guessed(rules: list[Rule]) -> None:
    """On any tree, an unknown dataset has the right policy, or is left out."""
    reading = by_name(rules, None)
    for_all = {each.policy for each in reading.policies if not each.dataset}
    said = {each.name for each in reading.left_out}
    for dataset in (*TREE, *LATER):
        meant = answer(rules, dataset)
        got = in_force(reading, dataset)
        named = any(
            f"{dataset}/".startswith(f"{each.dataset}/") for each in reading.policies
        )
        if nearest(dataset, reading):
            assert got in (None, pruning(meant))
        elif named or not (for_all or "all datasets" in said):
            assert got == pruning(meant)
        elif for_all:  # The user stores the policy for all on each pool.
            assert for_all - {LEAVE_ALONE} == {pruning(meant)} - {None}
        else:
            assert got is None
            assert pruning(meant) is None


@given(some_rules, some_trees)
def test_nothing_is_passed_over_in_silence(
    rules: list[Rule], tree: frozenset[str] | None
) -> None:
    """A dataset that is made later has the right policy, or a note tells of it."""
    reading = by_name(rules, tree)
    if not reading.policies and tree is not None:
        return  # Without a policy there is no place for a note.
    named = {name for name, _, _ in rules if name}
    above = {up for name in named for up in ancestors_of(name)}
    roots = named | above if tree is None else tree
    for dataset in roots:
        meant = answer(rules, f"{dataset}/new")
        is_right = in_force(reading, f"{dataset}/new") == pruning(meant)
        if not is_right or isinstance(meant, LeftOut):
            later = "".join(note for note in notes(reading) if "created later" in note)
            assert nearest(dataset, reading) or dataset in later or " more " in later


@pytest.mark.parametrize("datasets", [None, ("tank",), ("pool", "tank", "tank/a")])
def test_what_all_below_have_is_inherited(datasets: tuple[str, ...] | None) -> None:
    """A policy for all datasets below is inherited, whether they are known or not."""
    assert by_name([("tank", True, ONE)], datasets) == Reading((Imported("tank", ONE),))


@pytest.mark.parametrize("datasets", [None, TREE])
def test_what_all_below_are_refused_for(datasets: tuple[str, ...] | None) -> None:
    """The reason for a whole tree is told, not that its datasets are unknown."""
    assert lines(by_name([("tank", True, "why")], datasets)) == [("tank", "why")]


def test_a_dataset_whose_snapshots_all_stay() -> None:
    """A dataset whose snapshots all stay is like one that is left alone."""
    for datasets in (None, TREE):
        reading = by_name([("tank", False, LEAVE_ALONE)], datasets)
        assert stored(reading) == {"tank": LEAVE_ALONE}
        assert reading.left_out == ()
        assert notes(reading) == []


def test_a_tree_that_is_left_out_is_named_once() -> None:
    """A tree that is left out is named by its top; another reason below is told as well."""
    rules: list[Rule] = [("tank/a/b/c", False, "other"), ("tank", True, "why")]
    reading = by_name(rules, TREE)
    assert lines(reading) == [("tank", "why"), ("tank/a/b/c", "other")]


def test_another_hint_is_another_line() -> None:
    """Another hint is told as well, as it may name the dataset."""

    def hinted(name: str) -> LeftOut:
        return LeftOut(name, "why", name, f"do this to {name}")

    reading = work_out_by_name("mole", hinted, ["tank"], ("tank", "tank/a"))
    assert [each.name for each in reading.left_out] == ["tank", "tank/a"]


def test_all_pools() -> None:
    """A result for any dataset is for all pools, whose names are not known."""
    rules: list[Rule] = [("tank", False, ONE), ("", True, ONE)]
    reading = by_name(rules, None)
    assert [each.dataset for each in reading.policies] == ["tank", ""]
    assert reading.policies[1].notes == (
        "this policy is for all datasets: store it on each pool",
    )
    known = by_name(rules, TREE)
    assert [each.dataset for each in known.policies] == ["pool", "tank"]


@pytest.mark.parametrize("name", ["tank", "tank/a"])
def test_what_is_no_part_of_all_pools(name: str) -> None:
    """A pool that is left alone gets a policy, since the one for all would be inherited."""
    reading = by_name([(name, True, None), ("", True, ONE)], None)
    above = dict.fromkeys(ancestors_of(name), ONE)
    assert stored(reading) == {name: LEAVE_ALONE, **above, "": ONE}
    assert f"{name}: mole leaves it alone" in reading.policies[0].notes[0]


def test_what_is_refused_for_all_pools() -> None:
    """A refusal for all pools is told, though no dataset is named."""
    reading = by_name([("", True, "why")], None)
    assert reading.left_out == (LeftOut("all datasets", "why"),)
    assert lines(by_name([("", True, "why")], ("tank", "pool"))) == [
        ("pool", "why"),
        ("tank", "why"),
    ]


def test_what_depends_on_the_tree() -> None:
    """A dataset above unknown ones is left out, with the policy for it alone, if any."""
    rules: list[Rule] = [("tank", False, ONE), ("pool", False, None), ("pool", True, TWO)]
    reading = by_name(rules, None)
    assert lines(reading) == [("pool", UNKNOWN_TREE), ("tank", UNKNOWN_TREE)]
    assert reading.left_out[1].hint.endswith("; for 'tank' alone, the policy is 'keep=1'")
    assert "alone" not in reading.left_out[0].hint
    assert "--image" in reading.left_out[0].hint


def test_a_policy_that_cannot_be_written_is_in_no_hint() -> None:
    """A policy without a text is in no hint, and its dataset is left out all the same."""
    quoted = Policy((Group((Last(1),), regex="it's"),))
    reading = by_name([("tank", False, quoted)], None)
    assert lines(reading) == [("tank", UNKNOWN_TREE)]
    assert "alone" not in reading.left_out[0].hint


def test_only_those_below_are_refused() -> None:
    """If unknown datasets below are refused, the dataset above them is named."""
    rules: list[Rule] = [("tank", False, None), ("tank", True, "why")]
    assert lines(by_name(rules, None)) == [("tank", UNKNOWN_TREE)]
    assert ("tank/a", "why") in lines(by_name(rules, TREE))


def test_the_reason_for_a_dataset_alone_is_kept() -> None:
    """A dataset's own reason stays if those below it are left alone anyway."""
    assert lines(by_name([("tank", False, "why")], None)) == [("tank", "why")]


def test_datasets_that_are_made_later() -> None:
    """A note tells where a dataset that is made later inherits a wrong policy, or none."""
    rules: list[Rule] = [
        ("tank", False, ONE),
        ("pool", True, TWO),
        ("tank/z", False, None),
        ("tank/z", True, TWO),
    ]
    reading = by_name(rules, TREE)
    covered, bare = notes(reading)
    assert covered == (
        "a dataset that is created later below tank inherits a policy, and mole may "
        "treat it differently: import again then"
    )
    assert bare == (
        "a dataset that is created later below tank/z gets no policy, although mole may "
        "prune it: import again then"
    )


def test_names_that_none_can_have() -> None:
    """A name that no dataset can have is told, whether the datasets are known or not."""
    rules: list[Rule] = [("tank/a b@", False, ONE), ("tank", True, ONE)]
    for datasets in (None, ("tank",)):
        reading = by_name(rules, datasets)
        assert [each.dataset for each in reading.policies] == ["tank"]
        [left_out] = reading.left_out
        assert left_out.name == "tank/a b@"
        assert "is not allowed" in left_out.reason


def test_a_dataset_that_is_named_and_not_there() -> None:
    """A named dataset that does not exist is told."""
    reading = by_name([("tank/gone", True, ONE), ("tank", True, ONE)], ("tank",))
    assert lines(reading) == [("tank/gone", "there is no such dataset here")]


def test_notes_on_all_of_a_reading() -> None:
    """Notes on a whole reading come first in its first policy."""
    reading = Reading((Imported("a", ONE, ("x",)), Imported("b", ONE, ("z",))))
    assert with_notes(reading, ["y"]).policies == (
        Imported("a", ONE, ("y", "x")),
        Imported("b", ONE, ("z",)),
    )
    assert with_notes(Reading(), ["y"]) == Reading()


def test_a_long_list_is_cut() -> None:
    """A long list is cut, and tells how many more there are."""
    assert listed(["b", "a"]) == "a, b"
    assert listed(list("fedcbag")) == "a, b, c, d, e and 2 more"
    assert listed(list("edcba")) == "a, b, c, d, e"

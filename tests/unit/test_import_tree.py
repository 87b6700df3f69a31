"""Settings that go by the datasets that are there, worked out on them and on others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.imports.reading import LEAVE_ALONE, Imported, Reading, complete
from zfstune.imports.tree import listed, with_notes, work_out
from zfstune.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Collection

    from zfstune.imports.reading import LeftOut

ONE, TWO = Policy.last(1), Policy.last(2)


def on(rules: dict[str, Policy], tree: Collection[str]) -> dict[str, Imported | LeftOut]:
    """Give what a tool keeps, by what it says of datasets and, as `x/*`, of those below."""
    found: dict[str, Imported | LeftOut] = {}
    for name in {*tree, *(rule for rule in rules if not rule.endswith("/*"))}:
        below = [
            rule for rule in rules if rule.endswith("/*") and name.startswith(rule[:-1])
        ]
        if name in rules:
            found[name] = Imported(name, rules[name])
        elif below:
            found[name] = Imported(name, rules[max(below, key=len)])
    return found


def read(rules: dict[str, Policy], datasets: Collection[str] | None) -> Reading:
    """Give what is read of such a tool's settings."""
    named = [rule.removesuffix("/*") for rule in rules]
    reading = work_out("mole", lambda tree: on(rules, tree), named, datasets)
    return complete(reading, datasets)


def stored(reading: Reading) -> dict[str, Policy]:
    """Give the policies of a reading by dataset."""
    return {each.dataset: each.policy for each in reading.policies}


RECURSIVE = {"tank": ONE, "tank/*": ONE}


@pytest.mark.parametrize("datasets", [None, ("tank",), ("pool", "tank", "tank/a")])
def test_what_all_below_have_is_inherited(datasets: tuple[str, ...] | None) -> None:
    """Whatever datasets there are, and whether or not they are known."""
    assert read(RECURSIVE, datasets) == Reading((Imported("tank", ONE),))


def test_one_dataset_alone() -> None:
    """What is below it gets lines, if it is known; else the dataset is left out."""
    rules = {**RECURSIVE, "tank/a": TWO}
    known = read(rules, ("tank", "tank/a", "tank/a/b", "tank/z"))
    assert stored(known) == {"tank/a/b": ONE, "tank/a": TWO, "tank": ONE}
    assert known.left_out == ()
    [note] = {note for each in known.policies for note in each.notes}
    assert note.startswith("mole may treat a dataset that is made later below tank/a ")
    unknown = read(rules, None)
    assert stored(unknown) == {"tank/a": LEAVE_ALONE, "tank": ONE}
    [left_out] = unknown.left_out
    assert (left_out.name, left_out.dataset) == ("tank/a", "tank/a")
    assert left_out.reason.startswith("mole may do something else to datasets below it")
    assert "--image" in left_out.hint


def test_only_those_below() -> None:
    """They get a line each, if they are known."""
    rules = {"tank/*": ONE}
    known = read(rules, ("tank", "tank/a", "tank/a/b", "tank/b"))
    assert stored(known) == {"tank/a": ONE, "tank/b": ONE}
    assert "made later below tank " in known.policies[0].notes[0]
    assert [each.name for each in read(rules, None).left_out] == ["tank"]


def test_names_that_none_can_have() -> None:
    """Are named where the datasets are not known, as where they are."""
    rules = {"tank/a b@": ONE, "tank": ONE, "tank/*": ONE}
    for datasets in (None, ("tank",)):
        reading = read(rules, datasets)
        assert stored(reading) == {"tank": ONE}
        [left_out] = reading.left_out
        assert left_out.name == "tank/a b@"
        assert "is not allowed" in left_out.reason


def test_notes_on_all_of_a_reading() -> None:
    """Go with its first policy, before what is noted there."""
    reading = Reading((Imported("a", ONE, ("x",)), Imported("b", ONE, ("z",))))
    assert with_notes(reading, ["y"]).policies == (
        Imported("a", ONE, ("y", "x")),
        Imported("b", ONE, ("z",)),
    )
    assert with_notes(Reading(), ["y"]) == Reading()


def test_a_long_list_is_cut() -> None:
    """And says of how many."""
    assert listed(["b", "a"]) == "a, b"
    assert listed(list("fedcbag")) == "a, b, c, d, e and 2 more"
    assert listed(list("edcba")) == "a, b, c, d, e"

"""Values as JSON and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.measurement.plain import from_plain, to_plain
from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Leaf:
    """A value of one number."""

    number: int | None


@frozen
class Tree:
    """A value that holds others."""

    leaves: tuple[Leaf, ...]
    by_name: Mapping[str, float]
    best: Leaf | None = None


KNOWN = {"Leaf": Leaf}
TREE = Tree((Leaf(1), Leaf(None)), {"a": 0.5})
PLAIN = {"leaves": [{"number": 1}, {"number": None}], "by_name": {"a": 0.5}, "best": None}


def test_there_and_back() -> None:
    """Tuples, mappings, nested values and None come back as they were."""
    assert to_plain(TREE) == PLAIN
    assert from_plain(Tree, PLAIN, KNOWN) == TREE
    assert from_plain(Tree, PLAIN | {"best": {"number": 3}}, KNOWN).best == Leaf(3)


def test_whole_numbers_are_floats() -> None:
    """JSON has one kind of number: 2 may stand where 2.0 is meant."""
    assert from_plain(Tree, PLAIN | {"by_name": {"a": 2}}, KNOWN).by_name == {"a": 2.0}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (PLAIN | {"leaves": {}}, "'Tree.leaves' .* type dict, not list"),
        (PLAIN | {"leaves": [{"number": 1.5}]}, r"'Tree.leaves\[0\].number' .* type float"),
        (PLAIN | {"more": 1}, "missing or unknown: more"),
        (PLAIN | {"by_name": {"a\n": "b"}}, r"'Tree.by_name.a\\n' .* type str"),
        ([], "'Tree' .* type list, not dict"),
    ],
)
def test_other_values(wrong: object, reason: str) -> None:
    """A value of another form is refused by its place."""
    with pytest.raises(InvalidValue, match=reason):
        from_plain(Tree, wrong, KNOWN)

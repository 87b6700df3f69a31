"""The datasets of two trees: pairs, names and order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ends import snap
from zfstune.streams.base import BaseMark
from zfstune.streams.ends import End, Replica
from zfstune.streams.selection import select
from zfstune.streams.steps import Full, Incremental
from zfstune.streams.tree import based_at_home, in_order, lineage, pair_up
from zfstune.values.frozen import replace
from zfstune.values.state import Bookmark

if TYPE_CHECKING:
    from random import Random

    from zfstune.streams.tree import Pairing


def end(
    name: str, *guids: int, replica: int = 0, marks: dict[int, int] | None = None
) -> End:
    """Make a dataset; `marks` has the targets that its base bookmarks are for, by guid."""
    bookmarks = [
        Bookmark(BaseMark(target, guid).on(name), guid, guid, 0)
        for target, guid in (marks or {}).items()
    ]
    return End(
        name,
        exists=True,
        guid=crc32(name.encode()),
        kind="filesystem",
        snapshots=tuple(snap(guid, dataset=name) for guid in guids),
        bookmarks=tuple(bookmarks),
        replica=Replica(replica, raw=False) if replica else None,
    )


def shown(pairing: Pairing) -> list[str]:
    """Give the moves, and the pairs whose target exists or has another name."""
    moves = [f"{move.old} > {move.new}" for move in pairing.moves]
    pairs = [f"{p.source.name} = {p.target.name}" for p in pairing.pairs if p.target.exists]
    return [*moves, *pairs]


def test_names_where_nothing_is_there() -> None:
    """Each target has the name of its source, below the root."""
    pairing = pair_up([end("t"), end("t/x"), end("t/x/y")], [], "b/t")
    assert [pair.target.name for pair in pairing.pairs] == ["b/t", "b/t/x", "b/t/x/y"]
    assert not any(pair.target.exists for pair in pairing.pairs)


def test_a_renamed_source_keeps_its_copy() -> None:
    """The mark comes first, then the next stream; what lies below goes along."""
    by_mark = end("t/new", 5, marks={77: 1})
    targets = [end("b"), end("b/old", 1, replica=77), end("b/old/child", 8)]
    sources = [end("t"), by_mark, end("t/new/child", 8)]
    assert shown(pair_up(sources, targets, "b")) == [
        "b/old > b/new",
        "t = b",
        "t/new = b/new",
        "t/new/child = b/new/child",
    ]
    by_guid = pair_up([end("t"), end("t/new", 1, 2)], [end("b"), end("b/old", 1)], "b")
    assert shown(by_guid) == ["b/old > b/new", "t = b", "t/new = b/new"]
    assert by_guid.pairs[1].target.snapshots[0].name == "b/new@1"


def test_a_note_stays_with_its_dataset() -> None:
    """A promotion takes marks and snapshots along; the note tells whose copy it is."""
    clone = replace(end("t/x"), origin=snap(1, dataset="t/z"), places={77: "b/z"})
    promoted = replace(end("t/z", 1, 2, marks={77: 1}), places={78: "b/x"})
    targets = [end("b"), end("b/z", 1, replica=77), end("b/x", 1, 2, replica=78)]
    assert shown(pair_up([end("t"), clone, promoted], targets, "b"))[-2:] == [
        "t/x = b/x",
        "t/z = b/z",
    ]
    found = {
        p.source.name: p.target
        for p in pair_up([end("t"), clone, promoted], targets, "b").pairs
    }
    assert found["t/x"].identity == 77
    assert found["t/z"].identity == 78


def test_of_two_noted_targets_the_one_under_the_name() -> None:
    """A source may have had a copy before the present one."""
    source = replace(end("t/x", 1), places={77: "b/old", 78: "b/x"})
    targets = [end("b"), end("b/old", 1, replica=77), end("b/x", 1, replica=78)]
    assert shown(pair_up([end("t"), source], targets, "b")) == ["t = b", "t/x = b/x"]


def test_a_target_that_went_on_is_not_followed() -> None:
    """By its snapshots alone it may be the copy of a dataset that is gone."""
    pairing = pair_up([end("t"), end("t/new", 1, 2)], [end("b"), end("b/old", 1, 9)], "b")
    assert shown(pairing) == ["t = b"]
    assert [target.name for target in pairing.targets] == ["b", "b/old"]


def test_a_source_made_anew_beside_the_renamed_one() -> None:
    """The copy moves away, and the new dataset finds its name free."""
    sources = [end("t"), end("t/a", 50), end("t/z", 1, 2, marks={77: 1})]
    pairing = pair_up(sources, [end("b"), end("b/a", 1, replica=77)], "b")
    assert [f"{move.old} > {move.new}" for move in pairing.moves][-1].endswith("> b/z")
    found = {pair.source.name: pair.target for pair in pairing.pairs}
    assert (found["t/a"].name, found["t/a"].exists) == ("b/a", False)
    assert (found["t/z"].name, found["t/z"].exists) == ("b/z", True)


def test_a_source_made_anew_meets_the_old_copy() -> None:
    """Under the old name lies what is no copy of it: a pair, to be refused."""
    pairing = pair_up([end("t"), end("t/a", 50)], [end("b"), end("b/a", 1)], "b")
    assert shown(pairing) == ["t = b", "t/a = b/a"]


def test_names_that_were_swapped() -> None:
    """One copy gets a third name in between."""
    sources = [end("t"), end("t/x", 2, 3, marks={78: 2}), end("t/y", 1, marks={77: 1})]
    targets = [end("b"), end("b/x", 1, replica=77), end("b/y", 2, replica=78)]
    moves = pair_up(sources, targets, "b").moves
    assert [(m.old, m.new) for m in moves] == [
        ("b/x", f"b/x-moved-{targets[1].guid:x}"),
        ("b/y", "b/x"),
        (f"b/x-moved-{targets[1].guid:x}", "b/y"),
    ]


def test_a_name_that_is_not_free() -> None:
    """The copy keeps its name where the new one belongs to a dataset that is no copy."""
    sources = [end("t"), end("t/new", 1, marks={77: 1})]
    targets = [end("b"), end("b/new", 9), end("b/old", 1, replica=77)]
    assert shown(pair_up(sources, targets, "b")) == ["t = b", "t/new = b/old"]


@pytest.mark.parametrize("deep", [False, True])
def test_parent_and_child_changed_places(*, deep: bool) -> None:
    """A copy never moves below itself."""
    above, below = ("t/p", "t/p/c") if deep else ("t/c", "t/c/p")
    sources = [end("t"), end(above, 1, marks={77: 1}), end(below, 2, marks={78: 2})]
    targets = [end("b"), end("b/c", 1, replica=77), end("b/c/p", 2, replica=78)]
    pairing = pair_up(sources, targets, "b")
    names = [pair.target.name for pair in pairing.pairs]
    assert names == ["b", f"b{above[1:]}", f"b{below[1:]}"]
    assert bool(pairing.moves) is deep


NAMES = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join), unique=True
)


def tree(root: str, names: list[str]) -> list[str]:
    """Give the names of a tree, with all parents, sorted."""
    parts = [name.split("/") for name in names]
    every = {"/".join([root, *part[:n]]) for part in parts for n in range(len(part) + 1)}
    return sorted(every | {root})


@given(NAMES, NAMES, st.randoms(use_true_random=False))
def test_moves_lead_where_the_pairs_are(
    before: list[str], after: list[str], random: Random
) -> None:
    """Each move has a free name with a parent, and each copy ends under its source's name.

    Whatever was renamed on the source: any tree can become any other one.
    """
    targets = [end(n, replica=i + 100) for i, n in enumerate(tree("b", before))]
    places = tree("t", after)
    owners = targets[1:]
    identities = [t.identity for t in owners] + [0] * len(places)
    random.shuffle(identities)
    sources = [end("t")] + [
        end(name, marks={identity: 1} if identity else None)
        for name, identity in zip(places[1:], identities, strict=False)
    ]
    pairing = pair_up(sources, targets, "b")
    there = {target.name: target.identity for target in targets}
    for move in pairing.moves:
        assert move.old in there
        assert move.new not in there
        assert move.new.rpartition("/")[0] in there
        assert not move.new.startswith(f"{move.old}/")
        for name in [n for n in there if f"{n}/".startswith(f"{move.old}/")]:
            there[f"{move.new}{name[len(move.old) :]}"] = there.pop(name)
    assert {t.name: t.identity for t in pairing.targets} == there
    used = [pair.target.name for pair in pairing.pairs]
    assert len(used) == len(set(used))
    for pair in pairing.pairs:
        assert there.get(pair.target.name, 0) == pair.target.identity


def test_order() -> None:
    """Each dataset comes after those it needs; a circle is named and does not hang."""
    order, circles = in_order({"c": ["a", "b"], "b": ["a"], "a": ["elsewhere"], "d": []})
    assert (order, circles) == (["a", "b", "c", "d"], {})
    order, circles = in_order({"a": ["a/b"], "a/b": ["a"], "c": ["a"]})
    assert sorted(order) == ["a", "a/b", "c"]
    assert circles == {"a/b": "a"}


def test_the_lineage_of_a_promoted_source() -> None:
    """All that leads up to its origin, and on to that one's; a circle does not hang."""
    ends = {e.name: e for e in (end("t/a", 8, 9), end("t/c", 5, 7), end("t/o", 1, 2, 3))}
    ends["t/a"] = replace(ends["t/a"], origin=snap(5, dataset="t/c"))
    ends["t/c"] = replace(ends["t/c"], origin=snap(2, dataset="t/o"))
    found = lineage(ends["t/a"], ends)
    assert [s.name for s in found.snapshots] == [
        "t/o@1",
        "t/o@2",
        "t/c@5",
        "t/a@8",
        "t/a@9",
    ]
    assert lineage(ends["t/o"], ends) == ends["t/o"]
    ends["t/o"] = replace(ends["t/o"], origin=snap(8, dataset="t/a"))
    assert len(lineage(ends["t/a"], ends).snapshots) == 5


def test_a_base_in_the_dataset_of_its_snapshot() -> None:
    """A bookmark there serves; a first stream of a clone keeps its origin as it is."""
    home = Bookmark("t/a#x", 5, 5, 0)
    source = replace(end("t/a", 8), bookmarks=(home,))
    step = Incremental(source.snapshots[0], snap(5, dataset="t/c"), "b/a@8", raw=False)
    assert based_at_home(step, source) == replace(step, base=home)
    clone = replace(step, origin="b/c@5")
    assert based_at_home(clone, source) == clone
    assert based_at_home(step, end("t/a", 8)) == step
    full = Full(source.snapshots[0], "b/a@8", raw=False)
    assert based_at_home(full, source) == full


def test_a_dataset_that_was_put_aside_is_out_of_it() -> None:
    """On neither side is it a match, though it has all that a match is found by."""
    aside = replace(end("t/x-aside", 1, 2, marks={77: 1}), aside=True)
    sources = [end("t"), end("t/x", 1, 3), aside, end("t/x-aside/y")]
    assert [e.name for e in select(sources).chosen] == ["t", "t/x"]
    assert select([aside]).chosen == (aside,)  # somebody has named it
    copy = replace(end("b/x-aside", 3), aside=True)
    pairing = pair_up([end("t"), end("t/x", 1, 3)], [end("b"), copy], "b")
    assert shown(pairing) == ["t = b"]
    root = replace(copy, name="b")
    assert shown(pair_up([end("t", 3)], [root], "b")) == ["t = b"]


def test_a_copy_that_took_over_keeps_its_name() -> None:
    """It is in use, and so is what lies above it."""
    live = replace(end("b/old", 1, replica=77), replica=Replica(77, raw=False, live=True))
    sources = [end("t"), end("t/new", 5, marks={77: 1})]
    assert shown(pair_up(sources, [end("b"), live], "b")) == ["t = b", "t/new = b/old"]
    above = end("b/p", 2, replica=78)
    moved = [end("t"), end("t/q", 6, marks={78: 2})]
    targets = [end("b"), above, replace(live, name="b/p/old")]
    assert shown(pair_up(moved, targets, "b")) == ["t = b", "t/q = b/p"]
    swapped = [end("t"), end("t/new", 5, marks={77: 1}), end("t/old", 9)]
    assert "b/old > " not in " ".join(shown(pair_up(swapped, [end("b"), live], "b")))

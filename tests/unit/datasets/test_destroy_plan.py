"""Plans of destruction: all that goes is named, in an order in which it can go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.datasets.destroy_plan import (
    DestroyPlan,
    SeenPool,
    Victim,
    make_destroy,
    victims_of,
)
from zfstune.values.errors import PlanError
from zfstune.values.marks import GOLDEN_PROPERTY, REPLICA_PROPERTY
from zfstune.values.names import parent_of
from zfstune.values.replication_marks import BaseMark, target_property
from zfstune.values.state import LOCAL, NONE, Bookmark, Dataset, PropertyValue, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COPY = "plain:00000000000000ff"


def dataset(name: str, **local: str) -> Dataset:
    """Give a dataset with local properties."""
    values = {key: PropertyValue(value, LOCAL) for key, value in local.items()}
    space = {"usedbydataset": PropertyValue("1024", NONE)}
    return Dataset(name, "filesystem", 1, 1, {**space, **values})


def snapshot(name: str, *clones: str, held: bool = False, txg: int = 1) -> Snapshot:
    """Give a snapshot with its clones."""
    values = {
        "clones": PropertyValue(",".join(clones), NONE),
        "userrefs": PropertyValue("1" if held else "0", NONE),
    }
    return Snapshot(name, txg, txg, len(clones), values)


def seen(
    *snapshots: Snapshot,
    datasets: Sequence[Dataset] = (),
    bookmarks: Mapping[str, Sequence[Bookmark]] | None = None,
    paths: Mapping[str, str] | None = None,
) -> SeenPool:
    """Give a pool with three datasets, one of them below another, and more."""
    plain = [dataset(name) for name in ("tank", "tank/a", "tank/a/b", "tank/c")]
    there = {each.name: each for each in (*plain, *datasets)}
    listed = {name: [s for s in snapshots if s.dataset == name] for name in there}
    return SeenPool(there, listed, bookmarks or {}, paths or {})


def test_a_dataset_goes_with_all_below_it() -> None:
    """Children go first, each with its snapshots; a beginning of a name is no parent."""
    pool = seen(
        snapshot("tank/a@1"),
        snapshot("tank/a/b@1"),
        datasets=[dataset("tank/ab")],
        paths={"tank/a": "/a"},
    )
    plan = make_destroy(["tank/a"], [], pool)
    assert plan.victims == (
        Victim("tank/a/b", "filesystem", ("tank/a/b@1",), 1024),
        Victim("tank/a", "filesystem", ("tank/a@1",), 1024, "/a"),
    )
    assert plan.losses == {
        "datasets": ["tank/a/b", "tank/a"],
        "snapshots": ["tank/a/b@1", "tank/a@1"],
    }
    assert plan.lines(would="would ") == [
        "would destroy tank/a/b  (filesystem, 1K)",
        "  would destroy tank/a/b@1",
        "would destroy tank/a  (filesystem, mounted at /a, 1K)",
        "  would destroy tank/a@1",
    ]


def test_the_order_is_the_same_each_time() -> None:
    """What was shown is what is run, though sets of names have no order of their own."""
    names = [f"tank/a/{letter}" for letter in "bcdefghijk"]
    plan = make_destroy(["tank/a"], [], seen(datasets=[dataset(n) for n in names]))
    assert [victim.name for victim in plan.victims] == [*names, "tank/a"]


def test_clones_elsewhere_go_first_with_all_that_hangs_on_them() -> None:
    """They take a consent of their own, with their children and their own clones."""
    pool = seen(
        snapshot("tank/a@1", "tank/c"),
        snapshot("tank/c@2", "tank/d"),
        datasets=[dataset("tank/d"), dataset("tank/d/below")],
    )
    plan = make_destroy(["tank/a"], [], pool)
    assert plan.losses["clones"] == ["tank/d/below", "tank/d", "tank/c"]
    assert plan.losses["datasets"] == ["tank/a/b", "tank/a"]
    assert plan.losses["snapshots"] == ["tank/c@2", "tank/a@1"]
    assert "clone of tank/a@1" in next(v for v in plan.victims if v.name == "tank/c").line()
    inside = make_destroy(["tank/a"], [], seen(snapshot("tank/a@1", "tank/a/b")))
    assert "clones" not in inside.losses


def test_single_snapshots() -> None:
    """Their datasets stay; with a dataset that goes, they are named once."""
    first, cloned = snapshot("tank/a@1"), snapshot("tank/a@2", "tank/c")
    plan = make_destroy(["tank/a@1"], [first], seen(first, cloned))
    assert (plan.victims, plan.snapshots) == ((), ("tank/a@1",))
    assert plan.lines() == ["destroy tank/a@1"]
    plan = make_destroy(["tank/a@2"], [cloned], seen(first, cloned))
    assert plan.losses == {"snapshots": ["tank/a@2"], "clones": ["tank/c"]}
    both = make_destroy(["tank/a", "tank/a@1"], [first], seen(first))
    assert (both.snapshots, both.losses["snapshots"]) == ((), ["tank/a@1"])


@pytest.mark.parametrize(
    ("pool", "name", "words"),
    [
        (seen(), "tank", "it is the pool itself"),
        (seen(snapshot("tank/a/b@1", held=True)), "tank/a", "'tank/a/b@1': it is held"),
        (seen(paths={"tank/a/b": "/"}), "tank/a", "this system runs from it"),
        (
            seen(snapshot("tank/a@1", "tank/c"), paths={"tank/c": "/"}),
            "tank/a",
            "'tank/c': this system runs from it",
        ),
        (
            seen(datasets=[dataset("tank/a/b", **{GOLDEN_PROPERTY: "1"})]),
            "tank/a",
            "'tank/a/b': it is a golden image",
        ),
        (seen(snapshot("tank/a/b@1", "tank/a")), "tank/a", "as clone and as parent"),
    ],
)
def test_what_no_consent_lets_go(pool: SeenPool, name: str, words: str) -> None:
    """The reason names the very dataset or snapshot that is in the way."""
    with pytest.raises(PlanError, match=words):
        make_destroy([name], [], pool)


def test_bases_of_replication() -> None:
    """A source, a copy, and snapshots that a stream may begin with."""
    noted = {target_property(number): f"back/{number}" for number in (1, 2)}
    kept = Bookmark(BaseMark(1, 2).on("tank/a"), 2, 2, 2)
    one, two = snapshot("tank/a@1", txg=1), snapshot("tank/a@2", txg=2)
    source = [dataset("tank/a", **noted)]
    pool = seen(one, two, datasets=source, bookmarks={"tank/a": [kept]})
    whole = make_destroy(["tank/a"], [], pool)
    first, second = (f"back/{number}, the target of tank/a" for number in (1, 2))
    assert whole.losses["bases"] == [first, second]
    assert whole.lines()[-1] == f"lose a base: {second}"
    assert make_destroy(["tank/a@1"], [one], pool).bases == (second,)
    assert make_destroy(["tank/a", "tank/a@1"], [one], pool).bases == whole.bases
    assert make_destroy(["tank/a@1"], [one], seen(one)).bases == ()
    copy = [dataset("tank/a", **{REPLICA_PROPERTY: COPY})]
    pool = seen(one, two, datasets=copy)
    assert make_destroy(["tank/a@1"], [one], pool).bases == ()
    for names, single in ((["tank/a@2"], [two]), (["tank/a"], [])):
        assert make_destroy(names, single, pool).bases == ("tank/a, which is a copy",)
    live = [dataset("tank/a", **{REPLICA_PROPERTY: f"{COPY}:live"})]
    assert make_destroy(["tank/a"], [], seen(datasets=live)).bases == ()


def test_consent() -> None:
    """Each loss takes its word, and a word of another verb is none."""
    plan = make_destroy(["tank/a"], [], seen(snapshot("tank/a@1")))
    with pytest.raises(PlanError) as caught:
        plan.check(["datasets"])
    assert str(caught.value) == (
        "cannot destroy 'tank/a': this would be lost: snapshots: tank/a@1"
    )
    assert caught.value.hint.endswith("lose=['datasets', 'snapshots']")
    with pytest.raises(PlanError, match="cannot consent to lose 'script'"):
        plan.check(["script"])
    plan.check(["datasets", "snapshots"])


def test_as_json() -> None:
    """All of it is there for programs."""
    plan = DestroyPlan(
        ("a",), (Victim("a", "volume", ("a@1",), 5, "", "b@2"),), ("c@3",), ("d",)
    )
    found = plan.to_dict()
    assert found["datasets"] == [
        {
            "name": "a",
            "kind": "volume",
            "snapshots": ["a@1"],
            "used_bytes": 5,
            "mounted": None,
            "clone_of": "b@2",
        }
    ]
    assert (found["named"], found["snapshots"], found["bases"]) == (["a"], ["c@3"], ["d"])


@given(data=st.data())
def test_the_order_is_one_in_which_all_can_go(data: st.DataObject) -> None:
    """For random trees with clones: no dataset goes before what hangs on it."""
    names = ["tank", "tank/r"]
    for number in range(data.draw(st.integers(1, 8))):
        above = data.draw(st.sampled_from(names))
        names.append(f"{above}/{number}")
    cloned = {}
    for name in names[2:]:
        origin = data.draw(st.sampled_from([None, *names[1 : names.index(name)]]))
        if origin is not None:
            cloned[name] = f"{origin}@s"
    snapshots = [
        snapshot(f"{n}@s", *(c for c, origin in cloned.items() if origin == f"{n}@s"))
        for n in names[1:]
    ]
    pool = seen(*snapshots, datasets=[dataset(name) for name in names])
    plan = make_destroy(["tank/r"], [], pool)
    gone: set[str] = set()
    for victim in plan.victims:
        below = victims_of([victim.name], names) - {victim.name}
        clones = {c for c, origin in cloned.items() if origin in victim.snapshots}
        assert below | clones <= gone
        gone.add(victim.name)
    assert victims_of(["tank/r"], names) <= gone
    assert all(
        parent_of(name) in gone or name == "tank/r" or name in cloned for name in gone
    )

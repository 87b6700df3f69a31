"""Which streams a send has, in which order, and what stands before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ends import mark, snap
from zfstune.streams.ends import End
from zfstune.streams.package import PackedDataset
from zfstune.streams.send_plan import SendChoices, Sender, SendPlan, SendStep, decide_send
from zfstune.values.errors import PlanError
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Dataset,
    PropertyValue,
    Snapshot,
)

if TYPE_CHECKING:
    from zfstune.values.state import (
        Bookmark,
    )

ROOT = "tank/a"


def taken(guid: int, short: str, dataset: str = ROOT, txg: int = 0) -> Snapshot:
    """Make a snapshot."""
    return snap(guid, short, dataset=dataset, txg=txg)


def sender(
    name: str,
    *snapshots: Snapshot,
    origin: Snapshot | None = None,
    marks: tuple[Bookmark, ...] = (),
    born: int = 1,
    properties: dict[str, PropertyValue] | None = None,
    encrypted: bool = False,
) -> Sender:
    """Make a dataset that may be sent."""
    end = End(
        name,
        exists=True,
        guid=sum(name.encode()),
        kind="filesystem",
        snapshots=snapshots,
        bookmarks=marks,
        origin=origin,
        encrypted=encrypted,
    )
    return Sender(end, Dataset(name, "filesystem", 1, born, properties or {}))


ONE = sender(ROOT, taken(1, "x"), taken(2, "y"), taken(3, "z"), marks=(mark(1, "x"),))


def streams(plan: SendPlan) -> list[str]:
    """Return the steps of a plan without their pool."""
    return [step.describe().replace("tank/", "") for step in plan.steps]


@pytest.mark.parametrize(
    ("choices", "expected", "package"),
    [
        ({}, ["full a@z"], False),
        ({"base": "@x"}, ["incremental a@z from a@x"], False),
        ({"base": "tank/a@y", "every": True}, ["incremental a@z from a@y"], False),
        (
            {"base": "#x", "every": True},
            ["incremental a@y from a#x", "incremental a@z from a@y"],
            True,
        ),
        (
            {"every": True},
            ["full a@x", "incremental a@y from a@x", "incremental a@z from a@y"],
            True,
        ),
        ({"properties": True}, ["full a@z"], True),
        ({"tree": True}, ["full a@z"], True),
    ],
)
def test_one_dataset(choices: dict[str, Any], expected: list[str], package: bool) -> None:  # noqa: FBT001 (a row)
    """One stream is plain; more than one, or what is said of it, makes a package."""
    plan = decide_send([ONE], SendChoices("tank/a@z", **choices))
    assert streams(plan) == expected
    assert (plan.package is not None) == package


def test_the_snapshots_up_to_the_one_that_is_named() -> None:
    """Newer ones stay."""
    assert streams(decide_send([ONE], SendChoices("tank/a@y", every=True))) == [
        "full a@x",
        "incremental a@y from a@x",
    ]


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        (SendChoices("tank/a@none"), "no such snapshot"),
        (SendChoices("tank/a@z", base="@none"), "no such snapshot or bookmark"),
        (SendChoices("tank/a@z", base="@z"), "not older"),
        (SendChoices("tank/a@x", base="tank/a@y"), "not older"),
        (SendChoices("tank/a@z", base="tank/b@x"), "no such snapshot or bookmark"),
        (SendChoices("tank/a@z", base="#x", tree=True), "the base of a tree is a snapshot"),
    ],
)
def test_refusals(choices: SendChoices, reason: str) -> None:
    """A snapshot or base that is not there is named."""
    with pytest.raises(PlanError, match=reason):
        decide_send([ONE], choices)


def test_the_origin_as_base() -> None:
    """A clone alone is full, unless its origin is asked for."""
    origin = taken(1, "x")
    clone = sender("tank/c", taken(5, "z", "tank/c"), origin=origin)
    assert streams(decide_send([clone], SendChoices("tank/c@z"))) == ["full c@z"]
    plan = decide_send([clone], SendChoices("tank/c@z", base="tank/a@x"))
    assert streams(plan) == ["clone c@z from a@x"]


def test_trees() -> None:
    """A dataset that was made later is passed over; any other has to have the snapshot."""
    child = sender("tank/a/b", taken(6, "y", "tank/a/b", 2), taken(7, "z", "tank/a/b", 3))
    late = sender("tank/a/late", born=9)
    plan = decide_send([ONE, child, late], SendChoices("tank/a@z", base="@y", tree=True))
    assert streams(plan) == ["incremental a@z from a@y", "incremental a/b@z from a/b@y"]
    assert plan.passed_over == ("tank/a/late",)
    assert list(plan.lines())[-1] == "pass over tank/a/late: it was made later"
    assert plan.package is not None
    assert (plan.package.base, plan.package.tree) == ("y", True)
    with pytest.raises(PlanError, match="no such snapshot: tank/a/early"):
        decide_send([ONE, sender("tank/a/early")], SendChoices("tank/a@z", tree=True))


def test_a_child_without_the_base_is_sent_in_full() -> None:
    """It is new since."""
    child = sender("tank/a/b", taken(7, "z", "tank/a/b", 3))
    plan = decide_send(
        [ONE, child], SendChoices("tank/a@z", base="@y", tree=True, every=True)
    )
    assert streams(plan) == ["incremental a@z from a@y", "full a/b@z"]


@pytest.mark.parametrize("every", [True, False])
def test_clones_in_a_tree(every: bool) -> None:  # noqa: FBT001 (a row)
    """The dataset of the origin comes first, and the origin itself is sent along."""
    early = sender(
        "tank/a/1", taken(7, "z", "tank/a/1", 3), origin=taken(6, "y", "tank/a/2", 2)
    )
    owner = sender("tank/a/2", taken(6, "y", "tank/a/2", 2), taken(8, "z", "tank/a/2", 4))
    other = sender(
        "tank/a/3", taken(9, "z", "tank/a/3", 3), origin=taken(99, "o", "tank/o")
    )
    plan = decide_send(
        [ONE, early, owner, other], SendChoices("tank/a@z", tree=True, every=every)
    )
    assert [step for step in streams(plan) if "a/" in step] == [
        "full a/2@y",
        "incremental a/2@z from a/2@y",
        "full a/3@z",
        "clone a/1@z from a/2@y",
    ]


def test_an_origin_that_was_sent_before() -> None:
    """It is older than the base, so the other side has it."""
    owner = sender(ROOT, taken(1, "x"), taken(2, "y"), taken(3, "z"))
    clone = sender("tank/a/c", taken(7, "z", "tank/a/c", 3), origin=taken(1, "x"))
    plan = decide_send([owner, clone], SendChoices("tank/a@z", base="@y", tree=True))
    assert streams(plan) == ["incremental a@z from a@y", "clone a/c@z from a@x"]


def test_origins_that_cannot_come_first() -> None:
    """A clone of what lies below it, or of what is newer, is sent in full."""
    below = taken(5, "o", "tank/a/b", 2)
    clone = sender(ROOT, taken(3, "z"), origin=below)
    owner = sender("tank/a/b", below, taken(6, "z", "tank/a/b", 3))
    plan = decide_send([clone, owner], SendChoices("tank/a@z", tree=True))
    assert streams(plan)[0] == "full a@z"
    newer = taken(9, "o", ROOT, 9)
    clone = sender("tank/a/c", taken(3, "z", "tank/a/c"), origin=newer)
    owner = sender(ROOT, taken(2, "z"), newer)
    plan = decide_send([owner, clone], SendChoices("tank/a@z", tree=True))
    assert streams(plan) == ["full a@z", "full a/c@z"]


def test_encrypted_datasets() -> None:
    """They are sent raw by default; zfs receive has to know which have a key."""
    key = {
        "encryptionroot": PropertyValue(ROOT, NONE),
        "keylocation": PropertyValue("file:///k", LOCAL),
    }
    root = sender(ROOT, taken(3, "z"), encrypted=True, properties=key)
    below = sender(
        "tank/a/b",
        taken(6, "z", "tank/a/b"),
        encrypted=True,
        properties=dict(list(key.items())[:1]),
    )
    plan = decide_send([root, below], SendChoices("tank/a@z", tree=True))
    assert streams(plan) == ["raw full a@z", "raw full a/b@z"]
    assert plan.package is not None
    assert plan.package.raw
    first, second = plan.package.datasets
    assert (first.encryption_root, first.properties) == (True, {"keylocation": "file:///k"})
    assert (second.encryption_root, second.properties) == (False, {})
    plain = decide_send([root, below], SendChoices("tank/a@z", tree=True, raw=False))
    assert streams(plain) == ["full a@z", "full a/b@z"]
    assert plain.package is not None
    assert not plain.package.raw
    assert plain.package.datasets[0].properties is None


def test_the_list_of_a_package() -> None:
    """It has all snapshots of a tree, and what was set on datasets, as zfs send has."""
    properties = {
        "compression": PropertyValue("lz4", LOCAL),
        "recordsize": PropertyValue("8192", RECEIVED),
        "atime": PropertyValue("off", INHERITED, "tank"),
        "exec": PropertyValue("on", DEFAULT),
        "volblocksize": PropertyValue("8192", LOCAL),
        "used": PropertyValue("5", NONE),
        "own:x": PropertyValue("y", LOCAL),
        "quota": PropertyValue("5", LOCAL),
        "volsize": PropertyValue("1048576", LOCAL),
    }
    marked = Snapshot("tank/a@z", 3, 3, 0, {"own:s": PropertyValue("t", LOCAL)})
    root = sender(ROOT, taken(1, "x"), marked, taken(4, "later"), properties=properties)
    child = sender(
        "tank/a/b", taken(6, "z", "tank/a/b", 3), origin=taken(99, "o", "tank/o")
    )
    choices = SendChoices("tank/a@z", tree=True, properties=True)
    plan = decide_send([root, child], choices)
    assert plan.package is not None
    assert plan.package.datasets == (
        PackedDataset(
            ROOT,
            root.end.guid,
            {"x": 1, "z": 3},
            {"compression": "lz4", "recordsize": "8192", "own:x": "y", "quota": "5"},
            {"x": {}, "z": {"own:s": "t"}},
        ),
        PackedDataset("tank/a/b", child.end.guid, {"z": 6}, {}, {"z": {}}, 99, False, 3),
    )
    one = decide_send([root], SendChoices("tank/a@z", base="@x", properties=True))
    assert one.package is not None
    assert one.package.datasets[0].snapshots == {"z": 3}
    assert (one.package.base, one.package.tree) == ("x", False)


def test_json() -> None:
    """The bytes of all streams are added up where they are known."""
    step = SendStep(taken(3, "z"), taken(1, "x"), raw=True, bytes=2048)
    plan = SendPlan((step, step))
    assert plan.to_dict() == {
        "package": False,
        "streams": [
            {
                "snapshot": "tank/a@z",
                "guid": "3",
                "base": "tank/a@x",
                "base_guid": "1",
                "raw": True,
                "estimated_bytes": 2048,
            }
        ]
        * 2,
        "estimated_bytes": 4096,
        "passed_over": [],
    }
    assert next(iter(plan.lines())) == "raw incremental tank/a@z from tank/a@x  (2K)"
    unknown = SendPlan((SendStep(taken(3, "z"), None, raw=False),))
    assert unknown.to_dict()["estimated_bytes"] is None


NAMES = ["tank/a/1", "tank/a/1/2", "tank/a/3", "tank/a/3/4"]


@given(
    origins=st.dictionaries(
        st.sampled_from([ROOT, *NAMES]), st.sampled_from([ROOT, *NAMES])
    ),
    ages=st.permutations([ROOT, *NAMES]),
    every=st.booleans(),
    base=st.sampled_from(["", "@x"]),
)
def test_each_stream_finds_what_it_needs(
    *,
    origins: dict[str, str],
    ages: list[str],
    every: bool,
    base: str,
) -> None:
    """Whatever is a clone of what: each snapshot once, after its base and its parent."""
    shorts = {"x": 100, "y": 200, "z": 300}
    snaps = {
        name: [taken(txg + ages.index(name), short, name) for short, txg in shorts.items()]
        for name in (ROOT, *NAMES)
    }
    senders = []
    for name, listed in snaps.items():
        origin = origins.get(name, name)
        # A clone is younger than its origin, and its snapshots are younger still.
        is_clone = ages.index(origin) < ages.index(name)
        own = listed if (name == ROOT or not base) and not is_clone else listed[1:]
        senders.append(sender(name, *own, origin=snaps[origin][1] if is_clone else None))
    if base and ROOT in origins and len(senders[0].end.snapshots) < len(shorts):
        base = ""
    plan = decide_send(senders, SendChoices("tank/a@z", base=base, tree=True, every=every))
    had = {"tank/a@x"} if base else set()
    for step in plan.steps:
        name, _, _ = step.snapshot.name.partition("@")
        assert step.base is None or step.base.name in had
        assert step.snapshot.name not in had
        above = name.rpartition("/")[0]
        assert above == "tank" or any(h.startswith(f"{above}@") for h in had)
        had.add(step.snapshot.name)
    assert {f"{name}@z" for name in snaps} <= had

"""A change of roles, decided: the changes to a copy that takes over, or stands by."""

from __future__ import annotations

import pytest

from zfstune.streams.failover_plan import Member, plan_standby, plan_takeover
from zfstune.values.errors import PlanError
from zfstune.values.inert import INERT, PLACEHOLDER
from zfstune.values.marks import REPLICA_PROPERTY, SCHEDULE_PROPERTY
from zfstune.values.replication_marks import BaseMark, target_property
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    Bookmark,
    Dataset,
    PropertyValue,
    Snapshot,
)

COPY = f"plain:{5:016x}"
COPIED = {name: value for name, (value, _) in INERT["filesystem"].items()}
NEWEST = Snapshot("back/a@1", 7, 70, 0, {})
OWN = Bookmark(BaseMark(5, 7).on("back/a"), 7, 70, 0)
ABOVE = Dataset(
    "back",
    "filesystem",
    1,
    1,
    {
        "mountpoint": PropertyValue("/", DEFAULT),
        "readonly": PropertyValue("off", DEFAULT),
    },
)


def made(name: str, *, kind: str = "filesystem", **local: str) -> Dataset:
    """Make a dataset with what is set on it; `mark` is zfstune's."""
    values = {"mountpoint": PropertyValue("/", DEFAULT), "canmount": PropertyValue("on")}
    names = {"mark": REPLICA_PROPERTY}
    values |= {names.get(n, n): PropertyValue(v, LOCAL) for n, v in local.items()}
    return Dataset(name, kind, 9, 9, values)


def a_copy(name: str = "back/a", **more: str) -> Member:
    """Make a copy with one snapshot."""
    newest = Snapshot(f"{name}@1", 7, 70, 0, {})
    return Member(
        made(name, **COPIED, mark=COPY) if not more else made(name, **more), newest
    )


def test_a_copy_takes_over() -> None:
    """All that makes it inert goes, it is marked and mounted, and its base is kept."""
    (change,) = plan_takeover([a_copy()], ABOVE, {}).changes
    assert change.values == {"canmount": "on", REPLICA_PROPERTY: f"{COPY}:live"}
    assert {*change.inherited} == COPIED.keys() - {"canmount"}
    assert change.make == {OWN.name: "back/a@1"}
    assert (change.mount, change.unmount, change.abort) == ("/back/a", "", False)
    assert change.cautions == ()


def test_only_what_makes_it_inert_goes() -> None:
    """A value that somebody chose stays; a value for it is set, and others inherit."""
    chosen = {"mountpoint": "/srv", "exec": "off"}
    own = {"setuid": "on", "sharenfs": "ro", "canmount": "on"}
    copy = a_copy(**{**COPIED, **own, "mark": COPY})
    below = a_copy("back/a/b")
    plan = plan_takeover([copy, below], ABOVE, chosen)
    first, second = plan.changes
    assert first.values == {"mountpoint": "/srv", REPLICA_PROPERTY: f"{COPY}:live"}
    assert {*first.inherited} == {"readonly", "devices", "sharesmb"}
    assert (first.mount, second.mount) == ("/srv", "/srv/b")
    assert "exec" in second.inherited
    assert [c.partition(":")[0] for c in first.cautions] == ["'back/a' is to be served"]


def test_it_is_done() -> None:
    """A copy that took over, and is mounted, has nothing left to do."""
    live = a_copy(mark=f"{COPY}:live")
    assert [c.mount for c in plan_takeover([live], ABOVE, {}).changes] == ["/back/a"]
    mounted = Member(live.dataset, live.newest, (), "/back/a")
    plan = plan_takeover([mounted], ABOVE, {})
    assert not plan.pending
    assert [*plan.lines()] == ["nothing to do: back/a takes over already"]
    # The base that it took over with is kept by then; a newer snapshot is none.
    assert plan.changes[0].make == {}
    unmountable = plan_takeover([live], ABOVE, {}, mountable=False)
    assert not unmountable.pending


def test_a_base_is_kept_once() -> None:
    """A run that was killed after it made the bookmark makes no other."""
    copy = Member(a_copy().dataset, NEWEST, (OWN,))
    assert plan_takeover([copy], ABOVE, {}).changes[0].make == {}
    empty = Member(a_copy().dataset)
    assert plan_takeover([empty], ABOVE, {}).changes[0].make == {}


@pytest.mark.parametrize(
    ("prop", "value", "blocked"),
    [
        ("canmount", "off", ""),
        ("mountpoint", "none", ""),
        ("mountpoint", "legacy", ""),
        ("keystatus", "unavailable", "zfs load-key back/a"),
        ("zoned", "on", "only its container"),
    ],
)
def test_what_is_not_mounted(prop: str, value: str, blocked: str) -> None:
    """In silence where somebody wanted that, and otherwise with the reason."""
    plan = plan_takeover([a_copy(**{"mark": COPY, prop: value})], ABOVE, {})
    (change,) = plan.changes
    assert change.mount == ""
    assert plan.partial == bool(change.blocked) == bool(blocked)
    assert blocked in change.blocked


def test_a_part_of_a_stream() -> None:
    """It is given up; a dataset that is nothing else cannot take over."""
    part = {**COPIED, "mark": COPY, "receive_resume_token": "1-a-b-c", "inconsistent": "1"}
    (change,) = plan_takeover([a_copy(**part)], ABOVE, {}).changes
    assert (change.abort, change.mount) == (True, "/back/a")
    nothing = Member(made("back/a/b", **part))
    plan = plan_takeover([a_copy(), nothing], ABOVE, {})
    assert plan.left == {"back/a/b": "its first stream has not arrived"}
    assert len(plan.changes) == 1
    with pytest.raises(PlanError, match="its first stream has not arrived"):
        plan_takeover([nothing], ABOVE, {})


@pytest.mark.parametrize("mark", ["", "aside"])
def test_no_copy(mark: str) -> None:
    """Only a copy takes over; another dataset below one is left as it is."""
    other = Member(made("back/a", **({"mark": mark} if mark else {}), readonly="on"))
    with pytest.raises(PlanError, match="no copy that zfstune made"):
        plan_takeover([other], ABOVE, {})
    below = Member(made("back/a/b", **({"mark": mark} if mark else {}), readonly="on"))
    plan = plan_takeover([a_copy(), below], ABOVE, {})
    assert [change.dataset for change in plan.changes] == ["back/a"]
    assert plan.left == {}


def test_a_placeholder_takes_over() -> None:
    """It stays unmounted, and no stream replaces it from now on."""
    dataset = made("back/a", **PLACEHOLDER, mark=f"placeholder:{3:016x}")
    (change,) = plan_takeover([Member(dataset)], ABOVE, {}).changes
    assert change.values == {}
    assert REPLICA_PROPERTY in change.inherited
    assert "readonly" in change.inherited
    assert change.mount == ""


def test_read_only_above() -> None:
    """What takes over can be written to, though all about it is read-only."""
    above = Dataset("back", "filesystem", 1, 1, {"readonly": PropertyValue("on", LOCAL)})
    root, below = a_copy(), a_copy("back/a/b")
    first, second = plan_takeover([root, below], above, {}).changes
    assert first.values["readonly"] == "off"
    assert "readonly" not in first.inherited
    assert "readonly" in second.inherited  # from the first
    (kept,) = plan_takeover([root], above, {"readonly": "on"}).changes
    assert "readonly" not in {**kept.values, **dict.fromkeys(kept.inherited)}
    pool = Dataset("back", "filesystem", 1, 1, {})
    (alone,) = plan_takeover([root], pool, {}).changes
    assert "readonly" in alone.inherited
    (top,) = plan_takeover([root], None, {}).changes
    assert "readonly" in top.inherited


def test_a_dataset_stands_by() -> None:
    """It is unmounted and inert, has a mark, and forgets the places of its targets."""
    note = target_property(8)
    dataset = made("tank/a", **{note: "far:back/a", "setuid": "off"}, canmount="on")
    (change,) = plan_standby([Member(dataset, NEWEST, (), "/srv")]).changes
    mark = f"plain:{dataset.guid:016x}"
    assert change.values == {
        **{name: value for name, value in COPIED.items() if name != "setuid"},
        REPLICA_PROPERTY: mark,
    }
    assert change.inherited == (note,)
    assert (change.unmount, change.mount, change.drop) == ("/srv", "", ())


def test_the_way_back() -> None:
    """What took over and stands by is the copy that it was; its base is let go."""
    foreign = Bookmark(BaseMark(6, 7).on("back/a"), 7, 70, 0)
    live = Member(made("back/a", mark=f"{COPY}:live"), NEWEST, (OWN, foreign))
    (change,) = plan_standby([live]).changes
    assert change.values == {**COPIED, REPLICA_PROPERTY: COPY}
    assert change.drop == (OWN.name,)


def test_standing_by_already() -> None:
    """Nothing is left to do; a dataset that is never mounted stays so."""
    assert not plan_standby([a_copy()]).pending
    parent = Member(made("back/a", **{**COPIED, "canmount": "off"}, mark=COPY))
    assert not plan_standby([parent]).pending


def test_volumes_and_keys() -> None:
    """Each kind has its own values; an encrypted dataset is taken to be sent raw."""
    disk = made("back/a/v", kind="volume", encryption="aes-256-gcm")
    aside = Member(made("back/a/old", mark="aside"))
    _, change = plan_standby([a_copy(), Member(disk), aside]).changes
    assert {*change.values} == {*INERT["volume"], REPLICA_PROPERTY}
    assert change.values[REPLICA_PROPERTY] == f"raw:{disk.guid:016x}"
    (named,) = plan_standby([aside]).changes
    assert named.values[REPLICA_PROPERTY] == f"plain:{aside.dataset.guid:016x}"


def test_what_would_part_the_two() -> None:
    """Bytes in no snapshot, and a schedule, are told before they are in the way."""
    properties = {
        "written": PropertyValue("512", NONE),
        SCHEDULE_PROPERTY: PropertyValue("1h", INHERITED, "tank"),
    }
    dataset = Dataset("tank/a", "filesystem", 9, 9, properties)
    (change,) = plan_standby([Member(dataset, NEWEST)]).changes
    written, schedule = change.cautions
    assert "512 bytes were written to 'tank/a' after 'back/a@1'" in written
    assert "zfstune schedule remove tank/a" in schedule
    (first,) = plan_standby([Member(dataset)]).changes
    assert len(first.cautions) == 1
    off = {SCHEDULE_PROPERTY: PropertyValue("none", LOCAL)}
    (quiet,) = plan_standby([Member(Dataset("tank/a", "filesystem", 9, 9, off))]).changes
    assert quiet.cautions == ()


def test_the_plan_for_people_and_programs() -> None:
    """Each step is told, and zfstune's own mark is not."""
    part = {**COPIED, "mark": COPY, "receive_resume_token": "1-a-b-c"}
    plan = plan_takeover([a_copy(**part)], ABOVE, {})
    assert [*plan.lines()] == [
        "back/a takes over with back/a@1",
        "    abort the receive that broke off there",
        "    set canmount=on",
        "    inherit readonly exec setuid devices sharenfs sharesmb",
        "    mounted at /back/a",
    ]
    facts = plan.to_dict()
    assert (facts["standby"], facts["left"]) == (False, {})
    live = Member(made("back/a", mark=f"{COPY}:live"), None, (), "/srv")
    lines = [*plan_standby([live]).lines()]
    assert lines[:2] == ["back/a stands by", "    unmount /srv"]
    assert len(lines) == 3

"""Whatever prune does, a target that has a base can still be sent an incremental."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from stream_ends import SOURCE, TARGET, mark, snap
from zfstune.retention.bases import keep_bases
from zfstune.retention.decision import decide
from zfstune.retention.known_targets import known_targets, replicated_to_all
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Last, Unreplicated
from zfstune.streams.base import find_base, settle_bookmarks
from zfstune.streams.ends import End
from zfstune.values.frozen import replace
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import BaseMark, Replica, target_property
from zfstune.values.state import LOCAL, RECEIVED, Dataset, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.retention.decision import Decision
    from zfstune.values.state import Bookmark, Snapshot

IDENTITIES = (5, 6)
POLICIES = st.builds(
    lambda rules: Policy((Group(tuple(rules), match="*"),), allow_zero=True),
    st.lists(
        st.builds(Last, st.integers(0, 4)) | st.builds(Unreplicated, st.booleans()),
        min_size=1,
        max_size=2,
    ),
)


def dataset(properties: Mapping[str, str], source: str = LOCAL) -> Dataset:
    """Make the source with properties of one kind."""
    values = {name: PropertyValue(value, source) for name, value in properties.items()}
    return Dataset(SOURCE, "filesystem", 1, 1, values)


def pruned(
    snapshots: Iterable[Snapshot], own: Dataset, bookmarks: Iterable[Bookmark], by: Policy
) -> tuple[Decision, ...]:
    """Decide as a prune does."""
    targets = known_targets(own, bookmarks)
    decided = decide(snapshots, by, replicated={SOURCE: replicated_to_all(targets)})
    return keep_bases(decided, own, targets)


def end(name: str, snapshots: Iterable[Snapshot], bookmarks: Iterable[Bookmark]) -> End:
    """Make one end of the replication."""
    listed = tuple(sorted(snapshots, key=lambda s: s.createtxg))
    return End(name, exists=True, snapshots=listed, bookmarks=tuple(bookmarks))


@given(st.data(), st.integers(1, 8), POLICIES)
def test_a_target_with_a_base_keeps_it(
    data: st.DataObject, count: int, policy: Policy
) -> None:
    """Two targets got as far as they got, settled or not, and one lost its bookmarks."""
    taken = [snap(guid) for guid in range(1, count + 1)]
    receiving: dict[int, End] = {}
    marks: dict[str, Bookmark] = {}
    for identity in IDENTITIES:
        arrived = data.draw(st.integers(0, count))
        some = [snap(guid, dataset=TARGET) for guid in range(1, arrived + 1)]
        replica = Replica(identity, raw=False)
        receiving[identity] = replace(end(TARGET, some, ()), replica=replica)
        if data.draw(st.booleans()):  # what a run leaves that was killed after the stream
            noted = BaseMark(identity, arrived or 1, tentative=True)
            marks[noted.on(SOURCE)] = mark(noted.snapshot, noted.short_name)
        elif arrived:
            changes = settle_bookmarks(end(SOURCE, taken, ()), receiving[identity])
            (made,) = changes.make
            marks[made] = mark(arrived, made.partition("#")[2])
    if data.draw(st.booleans()):
        lost = data.draw(st.sampled_from(IDENTITIES))
        marks = {n: b for n, b in marks.items() if f"-{lost:016x}-" not in n}
    own = dataset({target_property(identity): TARGET for identity in IDENTITIES})
    before = end(SOURCE, taken, marks.values())
    decisions = pruned(taken, own, marks.values(), policy)
    assert [d.snapshot.guid for d in decisions] == list(range(count, 0, -1))
    left = end(SOURCE, [d.snapshot for d in decisions if d.keep], marks.values())
    for identity in IDENTITIES:
        base, after = (find_base(e, receiving[identity]) for e in (before, left))
        assert (base is None) == (after is None)
        if base is not None and after is not None:
            assert after.sent.guid == base.sent.guid
            assert after.received == base.received


@given(st.integers(1, 8), POLICIES)
def test_a_target_keeps_the_snapshot_that_a_stream_begins_with(
    count: int, policy: Policy
) -> None:
    """No bookmark helps on this side, not even with consent to keep none."""
    there = [snap(guid) for guid in range(1, count + 1)]
    copy = dataset({REPLICA_PROPERTY: Replica(5, raw=False).text})
    decisions = pruned(there, copy, (), policy)
    assert decisions[0].keep
    sending = end(SOURCE, [snap(count), snap(count + 1)], ())
    assert find_base(sending, end(TARGET, [d.snapshot for d in decisions if d.keep], ()))


def test_the_reasons() -> None:
    """The report names the target, and counts what stays as spared."""
    none = Policy.last(0, "*", allow_zero=True)
    taken = [snap(1), snap(2)]
    own = dataset({target_property(5): "host:tank/copy"})
    for decision in pruned(taken, own, (), none):
        assert decision.spared
        assert decision.reasons == (
            "it may be the base of 'host:tank/copy', which no bookmark keeps",
        )
    copy = dataset({REPLICA_PROPERTY: "plain:0000000000000005"})
    newest, oldest = pruned(taken, copy, (), none)
    assert (newest.keep, newest.spared, oldest.keep) == (True, True, False)
    assert newest.reasons == ("the next stream from its source begins with it",)
    live = dataset({REPLICA_PROPERTY: "plain:0000000000000005:live"})
    assert not any(d.keep for d in pruned(taken, live, (), none))


def test_a_bookmark_frees_its_snapshot() -> None:
    """The base of a target is no reason to keep a snapshot whose place is kept."""
    bookmark = mark(1, BaseMark(5, 1).short_name)
    own = dataset({target_property(5): "host:tank/copy"})
    decisions = pruned([snap(1), snap(2)], own, [bookmark], Policy.last(1, "*"))
    assert [d.keep for d in decisions] == [True, False]


def test_marks_that_came_in_a_stream_keep_nothing() -> None:
    """The sender does not decide what stays here."""
    none = Policy.last(0, "*", allow_zero=True)
    received = {REPLICA_PROPERTY: "plain:0000000000000005", target_property(5): "x"}
    decisions = pruned([snap(1)], dataset(received, RECEIVED), (), none)
    assert [d.keep for d in decisions] == [False]

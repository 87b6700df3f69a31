"""Two datasets beside a model: whatever happens to them, a decided transfer works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from replica_model import Kept, Side, Wire, number
from zfstune.streams.base import BaseMark, find_base, settle_bookmarks
from zfstune.streams.refusals import (
    Diverged,
    NameTaken,
    NoCommonBase,
    RawMismatch,
    TargetIsOther,
)
from zfstune.streams.steps import Abort, Resume, Transfer
from zfstune.streams.transfer import decide_transfer
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.streams.base import Base
    from zfstune.streams.ends import End
    from zfstune.streams.refusals import Refusal
    from zfstune.values.state import Snapshot

NAMES = st.sampled_from(["a", "b", "c", "daily"])
RAW = st.sampled_from([None, None, True, False])


class Replication(RuleBasedStateMachine):
    """A source and a target, their owners, and a replication that dies at times."""

    @initialize(
        encrypted=st.booleans(),
        parent_encrypted=st.booleans(),
        shows_ivsets=st.booleans(),
        clone=st.booleans(),
        copied=st.booleans(),
        raw_copy=st.booleans(),
    )
    def begin(
        self,
        *,
        encrypted: bool,
        parent_encrypted: bool,
        shows_ivsets: bool,
        clone: bool,
        copied: bool,
        raw_copy: bool,
    ) -> None:
        """Make the source, and a target that does not exist yet."""
        self.source = Side("tank/a", encrypted=encrypted, shows_ivsets=shows_ivsets)
        self.target = Side("backup/a", exists=False, shows_ivsets=shows_ivsets)
        copies: dict[str, Kept] = {}
        if clone:
            origin = Kept(number(), 1, number(), number() if encrypted else 0)
            self.source.origin = "tank/o@x", origin
            self.source.head = origin.content
            if copied:
                # Without a look at the sets of IVs only a raw copy can be gone on from.
                raw = encrypted and (raw_copy or not shows_ivsets)
                ivset = number() if encrypted and parent_encrypted else 0
                copies["backup/o@y"] = Kept(
                    origin.guid, 5, origin.content, origin.ivset if raw else ivset
                )
        self.wire = Wire(self.source, self.target, copies)
        self.wire.target_parent_encrypted = parent_encrypted
        self.base = 0
        self.source.take("a")

    def decide(self, *, raw: bool | None = None, every: bool = True) -> Transfer | Refusal:
        """Decide on a transfer, as both sides are now."""
        origins = {
            kept.guid: self.target.shown(name, kept)
            for name, kept in self.wire.copies.items()
        }
        return decide_transfer(
            self.source.end(), self.target.end(), raw=raw, every=every, origins=origins
        )

    # What the owners do.

    @rule(name=NAMES, write=st.booleans())
    def take_on_source(self, name: str, *, write: bool) -> None:
        """The source gets a snapshot."""
        if write:
            self.source.write()
        self.source.take(name)

    @rule(data=st.data())
    @precondition(lambda self: self.source.snapshots)
    def prune_source(self, data: st.DataObject) -> None:
        """The source loses any snapshot: bookmarks have to be enough."""
        del self.source.snapshots[data.draw(st.sampled_from(sorted(self.source.snapshots)))]

    @rule(data=st.data(), name=NAMES, on_target=st.booleans())
    def rename_snapshot(self, data: st.DataObject, name: str, *, on_target: bool) -> None:
        """A snapshot gets another name."""
        side = self.target if on_target else self.source
        if side.snapshots:
            side.rename(data.draw(st.sampled_from(sorted(side.snapshots))), name)

    @rule(name=NAMES, on_target=st.booleans())
    def rename_dataset(self, name: str, *, on_target: bool) -> None:
        """A dataset gets another name."""
        side = self.target if on_target else self.source
        side.name = f"{side.name.partition('/')[0]}/{name}"

    @rule(data=st.data(), name=NAMES)
    @precondition(lambda self: self.source.snapshots)
    def bookmark_source(self, data: st.DataObject, name: str) -> None:
        """Somebody else makes a bookmark."""
        short = data.draw(st.sampled_from(sorted(self.source.snapshots)))
        self.source.bookmarks.setdefault(name, self.source.snapshots[short])

    @rule(data=st.data())
    @precondition(lambda self: self.source.snapshots)
    def roll_back_source(self, data: st.DataObject) -> None:
        """The source goes back, which may take the base from it."""
        self.source.roll_back(data.draw(st.sampled_from(sorted(self.source.snapshots))))
        kept = [*self.source.snapshots.values(), *self.source.bookmarks.values()]
        if self.base not in [k.guid for k in kept]:
            self.base = 0

    @rule(name=NAMES, write=st.booleans(), take=st.booleans())
    @precondition(lambda self: self.target.snapshots)
    def use_target(self, name: str, *, write: bool, take: bool) -> None:
        """Somebody uses the target."""
        if write:
            self.target.write()
        if take:
            self.target.take(name)

    @rule(data=st.data())
    @precondition(lambda self: self.target.snapshots)
    def prune_target(self, data: st.DataObject) -> None:
        """The target loses a snapshot, and never the base."""
        short = data.draw(st.sampled_from(sorted(self.target.snapshots)))
        partial = self.target.partial
        needed = {self.base, 0 if partial is None else partial.fromguid}
        if self.target.snapshots[short].guid not in needed:
            del self.target.snapshots[short]

    @rule()
    @precondition(lambda self: self.target.newest and not self.target.partial)
    def clean_target(self) -> None:
        """The owner gives up whatever the target has alone."""
        base = find_base(self.source.end(), self.target.end())
        if base is not None:
            self.target.roll_back(base.received.short_name)

    @rule()
    @precondition(lambda self: self.target.partial is not None)
    def abort_by_hand(self) -> None:
        """The owner aborts a receive."""
        self.wire.abort()

    # What zfstune does.

    @rule(raw=RAW, every=st.booleans())
    @precondition(lambda self: self.has_news and not self.target.partial)
    def break_off(self, *, raw: bool | None, every: bool) -> None:
        """Decide and carry it out until a stream is half received."""
        before = dict(self.target.snapshots)
        decided = self.decide(raw=raw, every=every)
        if isinstance(decided, Transfer):
            for _ in self.carry_out(decided):
                if self.target.partial:
                    break
        assert before == self.target.snapshots

    @property
    def has_news(self) -> bool:
        """Whether the source has something that the target lacks."""
        sent = {kept.guid for kept in self.source.snapshots.values()}
        return not sent <= {kept.guid for kept in self.target.snapshots.values()}

    @rule(raw=RAW, every=st.booleans(), dies_after=st.integers(0, 25))
    @precondition(lambda self: self.has_news or self.target.partial)
    def replicate(self, dies_after: int, *, raw: bool | None, every: bool) -> None:
        """Decide and carry it out, or die on the way; then look at what has become."""
        before = dict(self.target.snapshots)
        old = find_base(self.source.end(), self.target.end())
        decided = self.decide(raw=raw, every=every)
        if not isinstance(decided, Transfer):
            self.check_refusal(decided, raw=raw)
            return
        finished = self.run_until(decided, dies_after)
        assert before.items() <= self.target.snapshots.items()
        base = find_base(self.source.end(), self.target.end())
        assert base is not None or old is None
        if base is None:
            return
        if old is not None:
            assert base.received.createtxg >= old.received.createtxg
        if any(k.guid == base.sent.guid for k in self.source.bookmarks.values()):
            self.base = base.sent.guid
        if finished:
            self.check_converged(decided, base, raw=raw)
            resumed = any(isinstance(step, Resume) for step in decided.steps)
            if every and not resumed:
                since = 0 if old is None else old.sent.createtxg
                sent = {k.guid for k in self.source.snapshots.values() if k.txg > since}
                assert sent <= {k.guid for k in self.target.snapshots.values()}

    def run_until(self, decided: Transfer, dies_after: int) -> bool:
        """Carry a transfer out, up to the given number of steps; tell whether it ended."""
        steps = self.carry_out(decided)
        return any(next(steps, "done") == "done" for _ in range(dies_after))

    def carry_out(self, decided: Transfer) -> Iterator[None]:
        """Carry a transfer out, and yield wherever a run can die."""
        identity = self.target.end().identity or number()
        for step in decided.steps:
            if isinstance(step, Abort):
                self.wire.abort()
                yield
                identity = self.target.end().identity or number()
                continue
            tentative = BaseMark(identity, step.snapshot.guid, tentative=True)
            if tentative.short_name not in self.source.bookmarks:
                self.source.make_bookmark(
                    tentative.on(self.source.name), step.snapshot.name
                )
            yield
            yield from self.wire.send(step, identity)
            yield
            yield from self.settle()
        yield from self.settle()

    def settle(self) -> Iterator[None]:
        """Bring the bookmarks in order."""
        changes = settle_bookmarks(self.source.end(), self.target.end())
        for name, made_from in changes.make.items():
            self.source.make_bookmark(name, made_from)
            yield
        for name in changes.drop:
            del self.source.bookmarks[name.partition("#")[2]]
            yield

    # What has to hold.

    @invariant()
    def the_base_is_there(self) -> None:
        """A base that zfstune has bookmarked outlives whatever the source's owner does."""
        if getattr(self, "base", 0):
            base = find_base(self.source.end(), self.target.end())
            assert base is not None
            kept = next(k for k in self.target.snapshots.values() if k.guid == self.base)
            assert base.received.createtxg >= kept.txg

    def check_converged(self, decided: Transfer, base: Base, *, raw: bool | None) -> None:
        """After a transfer the target has all, and nothing is left to do."""
        newest = self.source.newest
        assert newest is None or newest.txg <= base.sent.createtxg
        again = self.decide(raw=raw)
        assert isinstance(again, Transfer)
        assert again.up_to_date
        assert again.blocked == decided.blocked
        changes = settle_bookmarks(self.source.end(), self.target.end())
        assert not changes.make
        assert not changes.drop
        if decided.blocked is None:
            assert self.target.newest is not None
            assert self.target.newest.guid == base.sent.guid
            assert not self.target.is_modified

    def check_refusal(self, decided: Transfer | Refusal, *, raw: bool | None) -> None:
        """A refusal names what would have to go: all of it, and nothing else."""
        sending, receiving = self.source.end(), self.target.end()
        if isinstance(decided, Diverged):
            self.check_victims(decided, sending, receiving)
        elif isinstance(decided, NoCommonBase):
            assert not self.base
            assert find_base(sending, receiving) is None
            assert decided.victims == receiving.snapshots
        elif isinstance(decided, RawMismatch):
            assert raw is not None
            assert not isinstance(self.decide(), RawMismatch)
            assert decided.victims == receiving.snapshots
            if receiving.replica is not None and receiving.snapshots:
                assert receiving.replica.raw is (not raw)
        elif isinstance(decided, NameTaken):
            renamed = [
                replace(s, name=f"{s.name}-own") if s in decided.taken else s
                for s in receiving.snapshots
            ]
            found = decide_transfer(sending, replace(receiving, snapshots=tuple(renamed)))
            assert isinstance(found, Transfer)
            assert len(found.steps) > 0
        else:
            assert isinstance(decided, TargetIsOther)
            assert receiving.exists
            assert not receiving.snapshots
            assert receiving.partial is None

    def check_victims(self, decided: Diverged, sending: End, receiving: End) -> None:
        """Without the victims a transfer is possible; with one of them left it is not."""

        def without(victims: Iterable[Snapshot], written: int) -> Transfer | Refusal:
            left = tuple(s for s in receiving.snapshots if s not in victims)
            return decide_transfer(
                sending, replace(receiving, snapshots=left, written_bytes=written)
            )

        assert all(victim in receiving.snapshots for victim in decided.victims)
        assert decided.written_bytes == receiving.written_bytes
        assert isinstance(without(decided.victims, 0), Transfer | NameTaken)
        if decided.written_bytes:
            found = without(decided.victims, decided.written_bytes)
            assert isinstance(found, Diverged)
            assert not found.victims
        for victim in decided.victims:
            others = [v for v in decided.victims if v != victim]
            found = without(others, 0)
            assert isinstance(found, Diverged)
            assert found.victims == (victim,)


TestReplication = Replication.TestCase
TestReplication.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

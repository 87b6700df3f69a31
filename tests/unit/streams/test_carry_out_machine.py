"""A tree that its owner changes as he likes, and replications that die at any call."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
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

from stream_engine import Killed, StreamEngine
from two_pools import run_tree
from zfstune.streams.base import read_mark
from zfstune.streams.pace import Pace
from zfstune.streams.steps import Full
from zfstune.values.errors import BatchError
from zfstune.values.replication_marks import noted_target

if TYPE_CHECKING:
    from zfstune.streams.replication_plan import ReplicationPlan

ROOT, COPY = "tank/a", "back/a"
NAMES = st.sampled_from("xyz")


class Trees(RuleBasedStateMachine):
    """A source tree, its copy, and whatever happens to both."""

    @initialize()
    def begin(self) -> None:
        """Make a tree of two datasets, and a pool for its copy."""
        # Identities follow from guids, so each run begins with the same ones.
        StreamEngine._numbers = count(1)
        self.tank, self.back = StreamEngine("tank"), StreamEngine("back")
        self.tank.add(ROOT, "0")
        self.tank.add(f"{ROOT}/x", "0")
        self.count = 0
        self.arrived: set[int] = set()  # guids of snapshots that the target's pool had
        self.begun: set[int] = set()  # guids of sources that a first stream was sent of

    def number(self) -> int:
        """Give a new number for a name."""
        self.count += 1
        return self.count

    def sources(self) -> list[str]:
        """Return the datasets of the source tree."""
        return sorted(n for n in self.tank.taken if f"{n}/".startswith(f"{ROOT}/"))

    def copies(self) -> list[str]:
        """Return the datasets of the copy."""
        return sorted(n for n in self.back.taken if f"{n}/".startswith(f"{COPY}/"))

    # What the owner does.

    @rule(data=st.data())
    def take(self, data: st.DataObject) -> None:
        """Take a snapshot."""
        name = data.draw(st.sampled_from(self.sources()))
        self.tank.take(f"{name}@{self.number()}")

    @rule()
    def take_all(self) -> None:
        """Take a snapshot of the whole tree."""
        number = self.number()
        for name in self.sources():
            self.tank.take(f"{name}@{number}")

    @rule(data=st.data())
    def prune(self, data: st.DataObject) -> None:
        """Destroy any snapshot that has no clone."""
        name = data.draw(st.sampled_from(self.sources()))
        origins = {*self.tank.origins.values()}
        free = [s for s in self.tank.taken[name] if s.name not in origins]
        if free:
            self.tank.taken[name].remove(data.draw(st.sampled_from(free)))

    @rule(data=st.data(), last=NAMES, snapshot=st.booleans())
    def create(self, data: st.DataObject, last: str, *, snapshot: bool) -> None:
        """Make a dataset, with a snapshot or without."""
        parent = data.draw(st.sampled_from(self.sources()))
        name = f"{parent}/{last}"
        if name not in self.tank.taken and name.count("/") < 4:
            self.tank.add(name)
            if snapshot:
                self.tank.take(f"{name}@{self.number()}")

    @rule(data=st.data(), last=NAMES)
    def rename(self, data: st.DataObject, last: str) -> None:
        """Move a dataset anywhere."""
        below = [name for name in self.sources() if name != ROOT]
        parent = data.draw(st.sampled_from(self.sources()))
        if not below:
            return
        old = data.draw(st.sampled_from(below))
        new = f"{parent}/{last}"
        if new not in self.tank.taken and not f"{new}/".startswith(f"{old}/"):
            self.tank.rename(old, new)

    @rule(data=st.data(), last=NAMES)
    def clone(self, data: st.DataObject, last: str) -> None:
        """Make a clone, which may get a snapshot later."""
        parent = data.draw(st.sampled_from(self.sources()))
        name = f"{parent}/{last}"
        snapshots = [s for n in self.sources() for s in self.tank.taken[n]]
        if name not in self.tank.taken and snapshots and name.count("/") < 4:
            origin = data.draw(st.sampled_from(snapshots))
            self.tank.add(name)
            self.tank.origins[name] = origin.name

    @rule(data=st.data())
    @precondition(lambda self: self.tank.origins)
    def promote(self, data: st.DataObject) -> None:
        """Promote a clone, if no name is in the way."""
        name = data.draw(st.sampled_from(sorted(self.tank.origins)))
        origin = self.tank.origins[name].partition("@")[0]
        if {*self.tank.shorts(name)}.isdisjoint(self.tank.shorts(origin)):
            self.tank.promote(name)

    @rule(data=st.data())
    def destroy(self, data: st.DataObject) -> None:
        """Destroy a dataset that nothing depends on."""
        name = data.draw(st.sampled_from(self.sources()))
        children = [n for n in self.tank.taken if n.startswith(f"{name}/")]
        clones = [o for o in self.tank.origins.values() if o.startswith(f"{name}@")]
        if name != ROOT and not children and not clones:
            self.tank.forget(name)

    # What zfstune does.

    @rule(
        side=st.sampled_from(["tank", "back"]),
        calls=st.integers(0, 12),
        aside=st.booleans(),
    )
    def replicate_and_die(self, side: str, calls: int, *, aside: bool) -> None:
        """Replicate, and be killed before a call."""
        engine: StreamEngine = getattr(self, side)
        engine.left = calls
        with suppress(Killed, BatchError):
            self.replicate(keep_aside=aside)
        engine.left = None
        assert self.tank.held == set()

    @rule(every=st.booleans(), jobs=st.integers(1, 3))
    def replicate_until_quiet(self, jobs: int, *, every: bool) -> None:
        """A second run does what had to wait for the first; then nothing is left to do."""
        for _ in range(3):
            plan, refused = self.replicate(every=every, pace=Pace(jobs))
            if plan is not None and not plan.pending:
                break
        else:
            plan, again = self.replicate(every=every)
            assert refused == again
            return
        assert not refused
        for dataset in plan.datasets:
            newest = dataset.source.newest
            received = self.back.taken[dataset.transfer.target]
            if newest is not None and received:  # all that is newer has arrived
                sent = {mark.guid: mark.createtxg for mark in dataset.source.bookmarks}
                sent |= {s.guid: s.createtxg for s in dataset.source.snapshots}
                assert newest.createtxg <= sent[received[-1].guid]
        targets = [dataset.transfer.target for dataset in plan.datasets]
        assert len(targets) == len({*targets})

    def replicate(self, **how: object) -> tuple[ReplicationPlan | None, tuple[str, ...]]:
        """Replicate; return the plan, or the refusals. No dataset is sent in full twice."""
        sent: list[Full] = []

        def told(step: object) -> None:
            if isinstance(step, Full):
                sent.append(step)

        try:
            return run_tree(self.tank, self.back, on_step=told, **how), ()
        except BatchError as error:
            return None, tuple(sorted(map(str, error.failures)))
        finally:
            for step in sent:
                guid = self.tank.guids[step.snapshot.dataset]
                assert guid not in self.begun, f"{step.describe()} again"
                self.begun.add(guid)

    # What has to hold.

    @invariant()
    def the_target_loses_nothing(self) -> None:
        """All that has ever arrived is there."""
        if hasattr(self, "back"):
            there = {s.guid for taken in self.back.taken.values() for s in taken}
            assert self.arrived <= there
            self.arrived = there

    @invariant()
    def no_base_is_lost(self) -> None:
        """What a mark on the source names is never older than the target's own newest.

        So the next stream has a base, whatever was pruned. It concerns the targets of
        sources that are there: each is noted on its source.
        """
        if not hasattr(self, "back"):
            return
        marks = [
            mark
            for found in self.tank.marks.values()
            for mark in map(read_mark, found.values())
            if mark is not None
        ]
        named = {(mark.target, mark.snapshot) for mark in marks}
        guids = {s.guid for taken in self.tank.taken.values() for s in taken}
        noted = {noted_target(key) for found in self.tank.local.values() for key in found}
        for target in {mark.target for mark in marks} & noted:
            for name in self.copies():
                text = self.back.local[name].get("org.zfstune:replica", "")
                if text.endswith(f"{target:016x}") and self.back.taken[name]:
                    newest = self.back.taken[name][-1].guid
                    assert (target, newest) in named or newest in guids


TestTrees = Trees.TestCase
TestTrees.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)

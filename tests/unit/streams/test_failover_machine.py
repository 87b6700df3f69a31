"""Random changes of roles beside a model: no stream is full, and the base is always there.

Two pools, one of which is in use. Snapshots are taken there and pruned, replications are
killed before any of their calls, and so are changes of roles; the one in use is lost and
comes back with snapshots that never arrived.
"""

from __future__ import annotations

import pytest
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
from zfstune.retention.known_targets import known_targets
from zfstune.streams.failover import failover
from zfstune.streams.replicate import replicate
from zfstune.streams.steps import Full
from zfstune.values.errors import PlanError
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import read_replica

NAMES = ("tank/a", "back/a")
CALLS = st.integers(0, 12)


class Failovers(RuleBasedStateMachine):
    """One dataset on each pool; `live` says which one is in use."""

    def __init__(self) -> None:
        super().__init__()
        self.pools = (StreamEngine("tank"), StreamEngine("back"))
        self.live = 0
        self.number = 0
        self.unarrived = False

    @initialize()
    def begin(self) -> None:
        """Have a first copy: only this stream is full."""
        self.pools[0].add(NAMES[0], "0")
        self.send(0)

    def send(self, source: int, *, keep_aside: bool = False) -> None:
        """Replicate from one pool to the other."""
        first = NAMES[1 - source] not in self.pools[1 - source].taken
        plan = replicate(
            NAMES[source],
            NAMES[1 - source],
            engine=self.pools[source].zfs,
            target_engine=self.pools[1 - source].zfs,
            keep_aside=keep_aside,
        )
        steps = plan.datasets[0].transfer.steps
        assert first or not any(isinstance(step, Full) for step in steps)

    def change(self, side: int, *, standby: bool) -> None:
        """Change the role of one dataset."""
        failover(NAMES[side], standby=standby, engine=self.pools[side].zfs)

    @rule()
    def take(self) -> None:
        """Take a snapshot where work goes on."""
        self.number += 1
        self.pools[self.live].take(f"{NAMES[self.live]}@{self.number}")

    @rule()
    def replicate(self) -> None:
        """Bring the copy up to date; without changes of its own it takes all."""
        self.send(self.live)
        newest = [pool.taken[n][-1].guid for pool, n in zip(self.pools, NAMES, strict=True)]
        assert newest[0] == newest[1]

    @rule(calls=CALLS, side=st.integers(0, 1))
    def killed(self, calls: int, side: int) -> None:
        """A replication ends before one of its calls, on either side."""
        self.pools[side].left = calls
        try:
            self.send(self.live)
        except Killed:
            self.pools[0].held.clear()
            self.pools[1].held.clear()
        self.pools[side].left = None

    @precondition(lambda self: len(self.pools[self.live].taken[NAMES[self.live]]) > 1)
    @rule(keep=st.integers(0, 3))
    def prune(self, keep: int) -> None:
        """Destroy old snapshots where work goes on; what is common may go."""
        taken = self.pools[self.live].taken[NAMES[self.live]]
        del taken[: len(taken) - keep - 1]

    @rule(calls=CALLS, new=st.booleans())
    def planned(self, calls: int, *, new: bool) -> None:
        """Stop the work, send the last of it, and change roles; killed once on the way."""
        if new:
            self.take()
        self.replicate()
        old, self.live = self.live, 1 - self.live
        for side, standby in ((old, True), (self.live, False)):
            self.pools[side].left = calls
            try:
                self.change(side, standby=standby)
            except Killed:
                self.pools[side].left = None
                self.change(side, standby=standby)
            self.pools[side].left = None

    @rule(new=st.booleans(), prune=st.booleans())
    def lost(self, *, new: bool, prune: bool) -> None:
        """The one in use is lost, the copy takes over, and the old one comes back."""
        old = self.live
        common = self.pools[1 - old].taken[NAMES[1 - old]][-1].guid
        if common not in [s.guid for s in self.pools[old].taken[NAMES[old]]]:
            return  # its prune went too far: the page tells of that
        if new:
            self.take()
        self.live = 1 - old
        self.change(self.live, standby=False)
        with pytest.raises(PlanError, match="taken over"):
            self.send(old)
        self.take()
        if prune:
            del self.pools[self.live].taken[NAMES[self.live]][:-1]
        self.change(old, standby=True)
        if self.pools[old].taken[NAMES[old]][-1].guid != common:
            with pytest.raises(PlanError, match="snapshots of its own"):
                self.send(self.live)
            self.send(self.live, keep_aside=True)
            self.number += 1  # so that the next one kept aside has a name of its own
            aside = next(n for n in self.pools[old].taken if "-aside-" in n)
            self.pools[old].rename(aside, f"{aside.partition('/')[0]}/old-{self.number}")
        else:
            self.send(self.live)

    @invariant()
    def marks_are_right(self) -> None:
        """One of the two is a copy, it counts no targets, and a settled source one."""
        for side, (pool, name) in enumerate(zip(self.pools, NAMES, strict=True)):
            if name not in pool.taken:
                continue
            dataset = pool.dataset(name)
            role = read_replica(dataset.local(REPLICA_PROPERTY) or "")
            assert (role is not None and not role.live) == (side != self.live)
            targets = known_targets(dataset, pool.bookmarks(name).values())
            assert len(targets) <= (side == self.live)
            assert not pool.held


TestFailovers = Failovers.TestCase
TestFailovers.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)

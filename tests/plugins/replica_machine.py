"""Two real pools in files, a tree that is replicated between them, and all that may happen.

Owners write to filesystems, volumes and encrypted datasets, take snapshots, prune, rename
and clone; somebody writes to the copy; the copy takes over; what it has alone is given
up by name; and runs are cut short at any of their steps. Whatever the order, a base is
there, neither side loses a snapshot unasked, nothing is sent in full twice, and once all
is quiet both sides have the same content.

``ZFSTUNE_MACHINE_EXAMPLES``, ``ZFSTUNE_MACHINE_STEPS`` and ``ZFSTUNE_MACHINE_SEED`` are as
for engine_machine.
"""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

import zfstune
from engine_machine import run_machine
from mortal_engine import CUT, PROCESS, WORKER, EndedError, Fate, Host, MortalEngine
from replica_walk import KINDS, ReplicaWalk
from zfstune.streams.refusals import WRITTEN
from zfstune.values.errors import PlanError, ZfstuneError

if TYPE_CHECKING:
    from pathlib import Path

LAST = st.sampled_from("xyz")
ANY = st.integers(0, 1000)
POLICIES = ("keep=0 all-of-them", "keep=1 unreplicated", "unreplicated=and-base", "keep=2")
STEPS_BEFORE = st.integers(0, 10)
PARTS = st.sampled_from([1, 400, 3000, 20_000])


class ReplicaMachine(ReplicaWalk):
    """A source tree, its copy, and whatever happens to both."""

    # What the owner of the source does.

    @rule(at=ANY)
    def change(self, at: int) -> None:
        """Write to a dataset."""
        self.source.look()
        ends = self.source.tree
        if self.write(self.source, ends[at % len(ends)]):
            self.count("change")

    @rule()
    def take_all(self) -> None:
        """Take a snapshot of the whole tree."""
        names = [f"{end.name}@{next(self.numbers)}" for end in self.source.tree]
        self.source.engine.take_snapshots(names)
        self.source.allow()
        self.count("take all")

    @rule(policy=st.sampled_from(POLICIES))
    def prune(self, policy: str) -> None:
        """Let zfstune prune the source."""
        if not self.known:
            return
        zfstune.prune(
            self.source.root,
            policy=f"match=* {policy}",
            recursive=True,
            force=True,
            engine=self.source.engine.zfs,
        )
        self.source.allow()
        self.count("prune")

    @rule(at=ANY, last=LAST, kind=KINDS)
    def create(self, at: int, last: str, kind: str) -> None:
        """Make a dataset."""
        ends = self.source.tree
        above = ends[at % len(ends)]
        name = f"{above.name}/{last}"
        there = name in {end.name for end in ends}
        if above.kind == "filesystem" and not there and name.count("/") < 5:
            self.make(name, kind)
            self.count(f"create: {kind}")

    @rule(at=ANY, below=ANY, last=LAST)
    def rename(self, at: int, below: int, last: str) -> None:
        """Move a dataset."""
        ends = self.source.tree
        moved, above = ends[at % len(ends)], ends[below % len(ends)]
        old, new = moved.name, f"{above.name}/{last}"
        there = new in {end.name for end in ends} or f"{new}/".startswith(f"{old}/")
        # What has its key from above stays there: dsl_dir_rename_crypt_check().
        closed = moved.encrypted or above.encrypted or above.kind == "volume"
        # A clone above its origin is refused for good: each would have to come first.
        over = [e.origin for e in ends if e.origin and f"{new}/".startswith(f"{e.name}/")]
        circle = any(f"{o.dataset}/".startswith(f"{old}/") for o in over)
        free = not (there or closed or circle) and new.count("/") < 5
        if old != self.source.root and free:
            self.source.engine.rename(old, new)
            self.source.allow()
            self.count("rename")

    @rule(at=ANY, last=LAST)
    def clone(self, at: int, last: str) -> None:
        """Clone a snapshot."""
        ends = self.source.tree
        name = f"{self.source.root}/{last}"
        snapshots = [snapshot for end in ends for snapshot in end.snapshots]
        if name not in {end.name for end in ends} and snapshots:
            self.source.engine.clone(snapshots[at % len(snapshots)].name, name)
            number = next(self.numbers)
            self.source.engine.take_snapshots([f"{name}@{number}"])
            self.source.allow()
            self.count("clone")

    # What happens to the target.

    @rule(at=ANY, how=st.sampled_from(["write", "take", "head"]))
    def diverge(self, at: int, how: str) -> None:
        """Write to a copy, or take a snapshot of it."""
        ends = [end for end in self.target.tree if end.snapshots]
        if not ends or not self.known:
            return
        end = ends[at % len(ends)]
        name = f"{end.name}@{next(self.numbers)}"
        if how == "take":
            self.target.engine.take_snapshots([name])
        elif not self.write(self.target, end):
            return
        elif how == "head":
            newest = self.target.engine.snapshots(end.name)[-1]
            self.target.engine.destroy_snapshots([newest.name])
        self.target.allow()
        self.count(f"diverge: {how}")

    @rule(keep=st.integers(1, 3))
    def prune_target(self, keep: int) -> None:
        """Let zfstune prune the target, unless snapshots of its own hide the base."""
        there = any(end.name == self.target.root for end in self.target.tree)
        if not self.known or not there or self.own_snapshots():
            return
        zfstune.prune(
            self.target.root,
            keep=keep,
            match="*",
            recursive=True,
            force=True,
            engine=self.target.engine.zfs,
        )
        self.target.allow()
        self.count("prune target")

    def own_snapshots(self) -> set[int]:
        """Return the snapshots of the target tree that the source never sent."""
        there = {s.guid for end in self.target.tree for s in end.snapshots}
        return there - self.sent

    @rule(by_hand=st.booleans())
    def change_roles(self, *, by_hand: bool) -> None:
        """Let the copy be the source; each has a snapshot that the other has."""
        there = self.source.guids
        ends = self.target.tree
        shared = [any(s.guid in there for s in end.snapshots) for end in ends]
        # One that has taken over takes no stream before it stands by again.
        by_hand = by_hand and not any(end.live for end in self.source.tree)
        ours = self.known and all(end.replica is not None for end in ends)
        if not ends or not all(shared) or not (by_hand or ours):
            return
        for end in ends:
            if end.partial is not None:
                self.target.engine.abort_receive(end.name)
        if not by_hand:
            self.fail_over()
        self.target.allow()
        self.source, self.target = self.target, self.source
        self.sent = self.source.guids
        self.known = False
        self.count("change roles" if by_hand else "fail over")

    def fail_over(self) -> None:
        """Let the copy take over; it takes nothing more, and the source stands by."""
        zfstune.failover(self.target.root, engine=self.target.engine.zfs)
        with pytest.raises(ZfstuneError, match="taken over"):
            self.replicate(keep_aside=True)
        zfstune.failover(self.source.root, standby=True, engine=self.source.engine.zfs)

    @rule(at=ANY)
    def lose(self, at: int) -> None:
        """Give up by name what a copy has alone: that goes, and nothing else."""
        if not self.known:
            return
        zfs = self.source.engine.zfs
        copying = partial(zfstune.replicate, target_engine=self.target.engine.zfs)
        ends = self.source.root, self.target.root
        plan = copying(*ends, engine=zfs, recursive=True, dry_run=True)
        refused = [r for r in plan.refused if r.to_dict()["refused"] == "Diverged"]
        if not refused:
            return
        one = refused[at % len(refused)]
        told: Any = one.to_dict()
        snapshots = {victim["name"] for victim in told["victims"]}
        losses = [*snapshots, *([WRITTEN] if told["written_bytes"] else [])]
        with pytest.raises(PlanError):
            copying(one.source, one.target, engine=zfs, lose=losses[1:])
        self.nothing_is_lost()
        copying(one.source, one.target, engine=zfs, lose=losses)
        self.source.look()
        self.target.look()
        self.target.kept -= {int(victim["guid"]) for victim in told["victims"]}
        left = {snapshot.name for end in self.target.tree for snapshot in end.snapshots}
        assert snapshots.isdisjoint(left)
        self.note_copies()
        self.count("lose")

    # What zfstune does.

    @rule(at=ANY, steps=STEPS_BEFORE, part=PARTS, aside=st.booleans())
    def replicate_and_be_cut(self, at: int, steps: int, part: int, *, aside: bool) -> None:
        """Replicate a change, and lose the connection."""
        self.change(at)
        self.replicate_and_fail(Fate(CUT, steps, part), keep_aside=aside)

    @rule(
        at=ANY,
        steps=STEPS_BEFORE,
        part=PARTS,
        aside=st.booleans(),
        kind=st.sampled_from([PROCESS, PROCESS, WORKER]),
    )
    def replicate_and_die(
        self, at: int, steps: int, part: int, kind: str, *, aside: bool
    ) -> None:
        """Replicate a change, and lose the process of an image, or this one."""
        self.change(at)
        self.replicate_and_fail(Fate(kind, steps, part), keep_aside=aside)

    def replicate_and_fail(self, fate: Fate, *, keep_aside: bool) -> None:
        """Replicate under a fate; it may end before that comes."""
        self.host.fate = fate
        try:
            self.replicate(keep_aside=keep_aside)
        except EndedError:
            self.count(f"{fate.kind}: killed")
        except ZfstuneError as error:
            self.count(f"{fate.kind}: {type(error).__name__}")
        else:
            self.count(f"{fate.kind}: done before")

    @rule()
    def replicate_until_quiet(self) -> None:
        """Replicate until nothing is left to do; then the contents are the same."""
        self.take_all()
        for _ in range(4):
            plan = self.replicate(keep_aside=True)
            if not plan.pending:
                break
        else:
            msg = f"still pending: {list(plan.lines())}"
            raise AssertionError(msg)
        pairs = [(p.transfer.source, p.transfer.target) for p in plan.datasets]
        # What a former copy had put aside is left out, and the plan says so.
        out = tuple(f"{omission.source}/" for omission in plan.left_out)
        sent = {e.name for e in self.source.tree if not f"{e.name}/".startswith(out)}
        assert {name for name, _ in pairs} == sent
        for name, copy in pairs:
            newest = self.source.engine.snapshots(name)[-1:]  # a prune may leave none
            received = self.target.engine.snapshots(copy)
            arrived = {snapshot.guid: snapshot.name for snapshot in received}
            for snapshot in newest:
                self.check_equal(snapshot.name, arrived[snapshot.guid])
            assert not self.target.engine.dataset(copy).value("receive_resume_token")
        for end in self.source.tree:
            assert all(not self.source.engine.holds(s.name) for s in end.snapshots)
        self.count("quiet")


def walk(
    files: tuple[Path, Path], empty: tuple[bytes, bytes], folder: Path, *, examples: int
) -> None:
    """Walk at random over two images whose pools are ``tank`` and ``back``.

    Args:
        files: The images.
        empty: The streams of an empty filesystem and of an empty volume.
        folder: Takes streams.
        examples: How many walks, each from the start.
    """
    machine = ReplicaMachine
    machine.host, machine.folder = Host(), folder
    machine.empty, machine.empty_volume = empty
    machine.numbers, machine.done = count(1), {}
    for file in files:
        MortalEngine(file, machine.host)
    try:
        # Each walk takes seconds, and a search for a shorter one takes hundreds of them.
        run_machine(machine, examples, shrink=False)
    finally:
        for engine in machine.host.engines:
            engine.engine.close()
    print("\n".join(f"{times:5} {what}" for what, times in sorted(machine.done.items())))

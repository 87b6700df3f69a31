"""Two real pools in files, a tree that is replicated between them, and all that may happen.

Owners write, take snapshots, prune, rename and clone; somebody writes to the copy; the two
sides change roles; and runs are cut short at any of their steps. Whatever the order, a base
is there, neither side loses a snapshot unasked, nothing is sent in full twice, and once all
is quiet both sides have the same content.

``ZFSTUNE_MACHINE_EXAMPLES``, ``ZFSTUNE_MACHINE_STEPS`` and ``ZFSTUNE_MACHINE_SEED`` are as
for engine_machine.
"""

from __future__ import annotations

import random
from itertools import count
from typing import TYPE_CHECKING, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

import zfstune
from engine_machine import run_machine
from made_files import (
    FILE_NUMBERS,
    REGULAR,
    attributes,
    changed_file,
    received,
    root_attributes,
    with_files,
)
from mortal_engine import CUT, PROCESS, WORKER, EndedError, Fate, Host, MortalEngine
from walk_side import Side
from zfstune.streams.steps import Full
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.streams.ends import End
    from zfstune.streams.replication_plan import ReplicationPlan
    from zfstune.streams.steps import PlanStep

FILE_BYTES = 24_000
LAST = st.sampled_from("xyz")
ANY = st.integers(0, 1000)
POLICIES = ("keep=0 all-of-them", "keep=1 unreplicated", "unreplicated=and-base", "keep=2")
STEPS_BEFORE = st.integers(0, 10)
PARTS = st.sampled_from([1, 400, 3000, 20_000])


class ReplicaMachine(RuleBasedStateMachine):
    """A source tree, its copy, and whatever happens to both."""

    host: ClassVar[Host]
    empty: ClassVar[bytes]
    folder: ClassVar[Path]
    numbers: ClassVar[count[int]]
    done: ClassVar[dict[str, int]]

    def __init__(self) -> None:
        super().__init__()
        run = next(self.numbers)
        tank, back = self.host.engines
        self.source, self.target = Side(tank, f"tank/{run}/a"), Side(back, f"back/{run}/a")
        for side in (self.source, self.target):
            side.engine.create(side.root.rpartition("/")[0])
            side.look()
        self.chance = random.Random(run)  # noqa: S311 (content)
        self.copied: set[int] = set()  # guids of datasets that no full stream may be of
        self.sent: set[int] = set()  # guids of all snapshots that the source has had
        # Whether the source has made bookmarks for its target. A run may have ended before
        # its fate came or not, so no precondition asks: rules are drawn alike in each walk.
        self.known = False

    @initialize()
    def begin(self) -> None:
        """Make a tree of two datasets."""
        self.make(self.source.root)
        self.make(f"{self.source.root}/x")

    def make(self, name: str) -> None:
        """Make a dataset with a file and a snapshot."""
        data = self.chance.randbytes(FILE_BYTES)
        files = {"file": [(0, data)]}
        number = next(self.numbers)
        stream = with_files(self.empty, files, guid=number << 20)
        received(self.source.engine.zfs, self.folder, f"{name}@{number}", stream)
        self.source.allow()

    def write(self, side: Side, end: End) -> bool:
        """Write to the file of a dataset and take a snapshot; tell whether it was done."""
        if not end.snapshots or end.written_bytes or end.partial is not None:
            return False
        number = next(self.numbers)
        offset = self.chance.randrange(0, FILE_BYTES, 4096) // 4096 * 4096
        bonus = attributes(root_attributes(self.empty), REGULAR)
        part = self.chance.randbytes(4096)
        base = end.snapshots[-1].guid
        made = changed_file(
            *(FILE_NUMBERS, bonus, [(offset, part)]),
            end=FILE_BYTES + 4096,
            guid=number << 20,
            base=base,
        )
        received(side.engine.zfs, self.folder, f"{end.name}@{number}", made.end())
        side.allow()
        return True

    def count(self, what: str) -> None:
        """Count what was done, so that a walk which does little is seen."""
        self.done[what] = self.done.get(what, 0) + 1

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

    @rule(at=ANY, last=LAST)
    def create(self, at: int, last: str) -> None:
        """Make a dataset."""
        ends = self.source.tree
        name = f"{ends[at % len(ends)].name}/{last}"
        if name not in {end.name for end in ends} and name.count("/") < 5:
            self.make(name)
            self.count("create")

    @rule(at=ANY, below=ANY, last=LAST)
    def rename(self, at: int, below: int, last: str) -> None:
        """Move a dataset."""
        ends = self.source.tree
        old = ends[at % len(ends)].name
        new = f"{ends[below % len(ends)].name}/{last}"
        there = new in {end.name for end in ends} or f"{new}/".startswith(f"{old}/")
        if old != self.source.root and not there and new.count("/") < 5:
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
        if not self.known or self.own_snapshots():
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

    @rule()
    def change_roles(self) -> None:
        """Let the copy be the source, by hand; each has a snapshot that the other has."""
        there = self.source.guids
        ends = self.target.tree
        shared = [any(s.guid in there for s in end.snapshots) for end in ends]
        if not ends or not all(shared):
            return
        for end in ends:
            if end.partial is not None:
                self.target.engine.abort_receive(end.name)
        self.target.allow()
        self.source, self.target = self.target, self.source
        self.sent = self.source.guids
        self.known = False
        self.count("change roles")

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
        assert {name for name, _ in pairs} == {end.name for end in self.source.tree}
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

    def check_equal(self, first: str, second: str) -> None:
        """Compare contents."""
        engines = self.source.engine.zfs, self.target.engine.zfs
        assert zfstune.compare(
            first, second, engine=engines[0], other_engine=engines[1]
        ).equal

    def replicate(self, *, keep_aside: bool) -> ReplicationPlan:
        """Replicate; see that nothing is sent in full twice."""
        full: list[Full] = []

        def told(step: PlanStep) -> None:
            if isinstance(step, Full):
                full.append(step)

        try:
            plan = zfstune.replicate(
                self.source.root,
                self.target.root,
                recursive=True,
                keep_aside=keep_aside,
                engine=self.source.engine.zfs,
                target_engine=self.target.engine.zfs,
                on_step=told,
            )
        finally:
            self.host.revive()
            self.source.look()
            self.target.look()
            for step in full:
                guid = self.source.engine.dataset(step.snapshot.dataset).guid
                assert guid not in self.copied, f"{step.describe()} again"
            self.note_copies()
        self.known = True
        return plan

    def note_copies(self) -> None:
        """Note which datasets have a copy, or are one."""
        there = self.target.guids
        for end in self.source.tree:
            own = [s for s in end.snapshots if s.createtxg > end.createtxg]
            if any(snapshot.guid in there for snapshot in own):
                self.copied.add(end.guid)
        self.copied |= {end.guid for end in self.target.tree if end.snapshots}

    # What has to hold.

    @invariant()
    def nothing_is_lost(self) -> None:
        """All snapshots are there, but those that somebody asked to destroy."""
        for side in (self.source, self.target):
            assert side.kept <= side.guids
            side.kept = side.guids

    @invariant()
    def a_base_is_there(self) -> None:
        """The source has what a copy got last, as a snapshot or as a bookmark."""
        sources = self.source.tree
        self.sent |= self.source.guids
        noted = {identity for end in sources for identity in end.places}
        known = {s.guid for end in sources for s in end.snapshots}
        known |= {mark.guid for end in sources for mark in end.bookmarks}
        for end in self.target.tree:
            got = [s.guid for s in end.snapshots if s.guid in self.sent]
            if end.identity in noted and end.snapshots and "-aside-" not in end.name:
                assert got, end.name
                assert got[-1] in known, end.name


def walk(files: tuple[Path, Path], empty: bytes, folder: Path, *, examples: int) -> None:
    """Walk at random over two images whose pools are ``tank`` and ``back``.

    Args:
        files: The images.
        empty: The stream of an empty filesystem.
        folder: Takes streams.
        examples: How many walks, each from the start.
    """
    machine = ReplicaMachine
    machine.host, machine.empty, machine.folder = Host(), empty, folder
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

"""A tree that is replicated between two real pools in files: what each walk has and checks.

Whatever happens, a base is there, neither side loses a snapshot unasked, and nothing is
sent in full twice. What happens is in :mod:`replica_machine`.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

import zfstune
from made_files import (
    FILE_NUMBERS,
    OF_VOLUME,
    REGULAR,
    VOLUME_KIND,
    VOLUME_OBJECT,
    attributes,
    changed_file,
    received,
    root_attributes,
    with_data,
    with_files,
)
from made_stream import MadeStream
from walk_side import Side
from zfstune.streams.steps import Full
from zfstune.values.key import Key
from zfstune.values.object_operations import make_object, write_bytes

if TYPE_CHECKING:
    from itertools import count
    from pathlib import Path

    from mortal_engine import Host
    from zfstune.engine.protocol import Engine
    from zfstune.streams.ends import End
    from zfstune.streams.replication_plan import ReplicationPlan
    from zfstune.streams.steps import PlanStep

FILES, VOLUME, SECRET = "files", "volume", "secret"
KINDS = st.sampled_from((FILES, FILES, VOLUME, SECRET))
FILE_BYTES = 24_000
FIRST_OBJECT = 5000
BLOCK_BYTES = 4096
PASSPHRASE = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
KEY = Key("correct horse")


class ReplicaWalk(RuleBasedStateMachine):
    """A source tree, its copy, and whatever happens to both."""

    host: ClassVar[Host]
    empty: ClassVar[bytes]
    empty_volume: ClassVar[bytes]
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

    @initialize(kind=KINDS)
    def begin(self, kind: str) -> None:
        """Make a tree of two datasets."""
        self.make(self.source.root)
        self.make(f"{self.source.root}/x", kind)

    def make(self, name: str, kind: str = FILES) -> None:
        """Make a dataset with data and a snapshot."""
        engine = self.source.engine.zfs
        number = next(self.numbers)
        data = [(0, self.chance.randbytes(FILE_BYTES))]
        guid, snapshot = number << 20, f"{name}@{number}"
        if kind == SECRET:
            engine.create(name, properties=PASSPHRASE, key=KEY)
            self.write_object(engine, name)
            engine.take_snapshots([snapshot])
        elif kind == VOLUME:
            stream = with_data(self.empty_volume, data, block=BLOCK_BYTES, guid=guid)
            received(engine, self.folder, snapshot, stream)
        else:
            stream = with_files(self.empty, {"file": data}, guid=guid)
            received(engine, self.folder, snapshot, stream)
        self.source.allow()

    def write_object(self, engine: Engine, name: str) -> None:
        """Write an object, as a program would; its stream has no place in a secret one."""
        number = FIRST_OBJECT + next(self.numbers)
        data = self.chance.randbytes(BLOCK_BYTES)
        file = self.folder / "operations"
        file.write_bytes(make_object(number, BLOCK_BYTES) + write_bytes(number, 0, data))
        with file.open("rb") as operations:
            engine.exercise(name, operations.fileno())

    def write(self, side: Side, end: End) -> bool:
        """Write to a dataset and take a snapshot; tell whether it was done."""
        if not end.snapshots or end.written_bytes or end.partial is not None:
            return False
        engine = side.engine.zfs
        number = next(self.numbers)
        snapshot, guid = f"{end.name}@{number}", number << 20
        base = end.snapshots[-1].guid
        offset = self.chance.randrange(0, FILE_BYTES, BLOCK_BYTES)
        part = self.chance.randbytes(BLOCK_BYTES)
        if end.encrypted:
            self.write_object(engine, end.name)
            engine.take_snapshots([snapshot])
        elif end.kind == "volume":
            made = MadeStream(kind=OF_VOLUME, guid=guid, base=base)
            made.object(VOLUME_OBJECT, kind=VOLUME_KIND, bonus_type=0)
            made.write(VOLUME_OBJECT, offset, part, kind=VOLUME_KIND)
            received(engine, self.folder, snapshot, made.end())
        else:
            bonus = attributes(root_attributes(self.empty), REGULAR)
            made = changed_file(
                *(FILE_NUMBERS, bonus, [(offset, part)]),
                end=FILE_BYTES + BLOCK_BYTES,
                guid=guid,
                base=base,
            )
            received(engine, self.folder, snapshot, made.end())
        side.allow()
        return True

    def count(self, what: str) -> None:
        """Count what was done, so that a walk which does little is seen."""
        self.done[what] = self.done.get(what, 0) + 1

    def check_equal(self, first: str, second: str) -> None:
        """Compare contents."""
        self.source.unlock(KEY)
        self.target.unlock(KEY)
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
            self.source.unlock(KEY)
            self.target.unlock(KEY)
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

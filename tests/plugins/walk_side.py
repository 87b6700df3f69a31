"""One of the two pools of a random walk, and all that the walk has there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfstune.streams.local_side import LocalSide

if TYPE_CHECKING:
    from mortal_engine import MortalEngine
    from zfstune.streams.ends import End
    from zfstune.values.key import Key


class Side:
    """One of the two pools, as it was when it was read last.

    Attributes:
        engine: Its engine.
        root: The tree in it that is one of the two ends.
        all: All datasets of the walk, those that were put aside too.
        kept: Guids of the snapshots that it has to have.
    """

    def __init__(self, engine: MortalEngine, root: str) -> None:
        self.engine = engine
        self.root = root
        self.all: list[End] = []
        self.kept: set[int] = set()

    def look(self) -> None:
        """Read it."""
        above = self.root.rpartition("/")[0]
        self.all = LocalSide(self.engine.zfs).ends(above, recursive=True)

    def allow(self) -> None:
        """Read it; all that is gone may be."""
        self.look()
        self.kept = self.guids

    def unlock(self, key: Key) -> None:
        """Load the key of all that are closed: a process that ends takes its keys along."""
        for end in self.all:
            if not end.encrypted or not end.snapshots:
                continue
            dataset = self.engine.dataset(end.name)
            if dataset.value("keystatus") == "unavailable":
                self.engine.load_key(dataset.value("encryptionroot"), key)

    @property
    def tree(self) -> list[End]:
        """The datasets of the tree."""
        return [e for e in self.all if f"{e.name}/".startswith(f"{self.root}/")]

    @property
    def guids(self) -> set[int]:
        """The guids of all snapshots."""
        return {snapshot.guid for end in self.all for snapshot in end.snapshots}

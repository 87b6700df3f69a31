"""What a tree of datasets is, as plain dicts: the yardstick of any engine.

The model knows no engine and no ZFS: it says what a call would do, or which error it
would meet, and holds what should then be there. It orders snapshots by a counter of
its own, as ZFS does by transaction group.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Errors by the name of the class that an engine raises for them.
EXISTS = "AlreadyExists"
BUSY = "Busy"
MISSING = "NotFound"
REFUSED = "RefusedValue"
UNMOUNTABLE = "PlanError"


class RefusedError(Exception):
    """The model's own refusal; its text is the name of the engine's error."""


@dataclass
class Snap:
    """A snapshot; `born` orders it."""

    born: int
    properties: dict[str, str]
    holds: set[str] = field(default_factory=set)


@dataclass
class Node:
    """A filesystem or volume; `origin` is the snapshot that a clone came from."""

    kind: str
    properties: dict[str, str]
    born: int
    origin: str = ""
    mounted: bool = False
    snapshots: dict[str, Snap] = field(default_factory=dict)
    bookmarks: dict[str, int] = field(default_factory=dict)


class Model:
    """A tree below a root that is there from the start, mounted at its own name."""

    def __init__(self, root: str) -> None:
        self.clock = 0
        self.nodes = {root: Node("filesystem", {}, 0)}

    # What is there.

    def children(self, name: str) -> list[str]:
        """Give all that lies below a dataset."""
        return [n for n in self.nodes if n.startswith(name + "/")]

    def snapshots(self) -> list[str]:
        """Give the full names of all snapshots."""
        return [f"{n}@{s}" for n, node in self.nodes.items() for s in node.snapshots]

    def clones(self, snapshot: str) -> list[str]:
        """Give the datasets that came from a snapshot."""
        return [n for n, node in self.nodes.items() if node.origin == snapshot]

    def snap(self, name: str) -> Snap:
        """Give a snapshot, or refuse."""
        dataset, _, short = name.partition("@")
        node = self.nodes.get(dataset)
        if node is None or short not in node.snapshots:
            raise RefusedError(MISSING)
        return node.snapshots[short]

    def node(self, name: str) -> Node:
        """Give a dataset, or refuse."""
        if name not in self.nodes:
            raise RefusedError(MISSING)
        return self.nodes[name]

    def _tick(self) -> int:
        self.clock += 1
        return self.clock

    def _parent(self, name: str) -> None:
        parent = self.nodes.get(name.rpartition("/")[0])
        if parent is None:
            raise RefusedError(MISSING)
        if parent.kind == "volume":
            raise RefusedError(REFUSED)

    def _room(self, name: str) -> None:
        self._parent(name)
        if name in self.nodes:
            raise RefusedError(EXISTS)

    # Changes, each named as the engine's call.

    def create(
        self, name: str, *, properties: Mapping[str, str], volume: bool = False
    ) -> None:
        """Make an empty dataset."""
        self._room(name)
        kind = "volume" if volume else "filesystem"
        self.nodes[name] = Node(kind, dict(properties), self._tick())

    def set(self, name: str, properties: Mapping[str, str]) -> None:
        """Set properties."""
        self.node(name).properties.update(properties)

    def inherit(self, name: str, prop: str) -> None:
        """Drop a local value."""
        self.node(name).properties.pop(prop, None)

    def destroy(self, name: str) -> None:
        """Destroy what has neither children nor snapshots; its bookmarks go along."""
        if self.node(name).snapshots or self.children(name):
            raise RefusedError(BUSY)
        del self.nodes[name]

    def take_snapshots(self, names: list[str], *, properties: Mapping[str, str]) -> None:
        """Take all or none, at one instant; the first error counts."""
        for name in names:
            dataset, _, short = name.partition("@")
            if short in self.node(dataset).snapshots:
                raise RefusedError(EXISTS)
        born = self._tick()
        for name in names:
            dataset, _, short = name.partition("@")
            self.nodes[dataset].snapshots[short] = Snap(born, dict(properties))

    def destroy_snapshots(self, names: list[str]) -> None:
        """Destroy all or none; those that do not exist are passed over."""
        known = [name for name in names if name in self.snapshots()]
        if any(self.snap(name).holds or self.clones(name) for name in known):
            raise RefusedError(BUSY)
        for name in known:
            dataset, _, short = name.partition("@")
            del self.nodes[dataset].snapshots[short]

    def hold(self, names: list[str], tag: str) -> None:
        """Hold all or none, each once by each tag."""
        snaps = [self.snap(name) for name in names]
        if any(tag in snap.holds for snap in snaps):
            raise RefusedError(EXISTS)
        for snap in snaps:
            snap.holds.add(tag)

    def release(self, names: list[str], tag: str) -> None:
        """Drop what is held by this tag; then say what was not."""
        missing = False
        for name in names:
            holds = self._snap_or_none(name)
            if holds is None or tag not in holds.holds:
                missing = True
            else:
                holds.holds.remove(tag)
        if missing:
            raise RefusedError(MISSING)

    def _snap_or_none(self, name: str) -> Snap | None:
        try:
            return self.snap(name)
        except RefusedError:
            return None

    def clone(self, snapshot: str, name: str) -> None:
        """Make a dataset out of a snapshot; the place is looked at first."""
        self._room(name)
        self.snap(snapshot)
        kind = self.nodes[snapshot.partition("@")[0]].kind
        self.nodes[name] = Node(kind, {}, self._tick(), origin=snapshot)

    def promote(self, name: str) -> None:
        """Give a clone its origin's snapshots and bookmarks, and turn the two round."""
        clone = self.node(name)
        if not clone.origin:
            raise RefusedError(REFUSED)
        old_name, _, short = clone.origin.partition("@")
        old = self.nodes[old_name]
        last = old.snapshots[short].born
        moving = {s: snap for s, snap in old.snapshots.items() if snap.born <= last}
        marks = {mark: born for mark, born in old.bookmarks.items() if born <= last}
        if moving.keys() & clone.snapshots.keys() or marks.keys() & clone.bookmarks.keys():
            raise RefusedError(EXISTS)
        clone.bookmarks |= marks
        old.bookmarks = {m: b for m, b in old.bookmarks.items() if m not in marks}
        clone.snapshots = {**moving, **clone.snapshots}
        clone.origin, old.origin = old.origin, f"{name}@{short}"
        old.snapshots = {s: snap for s, snap in old.snapshots.items() if s not in moving}
        for node in self.nodes.values():
            dataset, _, of = node.origin.partition("@")
            if dataset == old_name and of in moving:
                node.origin = f"{name}@{of}"

    def rename(self, old: str, new: str) -> None:
        """Move a dataset with all below it and its mounts, or rename a snapshot."""
        if "@" in old:
            self._rename_snapshot(old, new.partition("@")[2])
            return
        self.node(old)
        parent = self.nodes.get(new.rpartition("/")[0])
        self._room(new)
        if new.startswith(f"{old}/"):  # dsl_dir_rename_check() looks in this order
            raise RefusedError(REFUSED)
        moved = [old, *self.children(old)]
        self.nodes = {
            (new + n[len(old) :] if n in moved else n): node
            for n, node in self.nodes.items()
        }
        assert parent is not None
        for node in self.nodes.values():
            dataset, at, short = node.origin.partition("@")
            if at and (dataset == old or dataset.startswith(old + "/")):
                node.origin = f"{new}{dataset[len(old) :]}@{short}"

    def _rename_snapshot(self, name: str, short: str) -> None:
        dataset, _, before = name.partition("@")
        snap = self.snap(name)
        node = self.nodes[dataset]
        if short in node.snapshots:
            raise RefusedError(EXISTS)
        del node.snapshots[before]
        node.snapshots[short] = snap
        for clone in self.clones(name):
            self.nodes[clone].origin = f"{dataset}@{short}"

    def rollback(self, name: str) -> None:
        """Go back to the newest snapshot, if nothing newer is there, bookmarks included."""
        snap = self.snap(name)
        node = self.nodes[name.partition("@")[0]]
        newest = max(s.born for s in node.snapshots.values())
        if snap.born != newest or any(b > newest for b in node.bookmarks.values()):
            raise RefusedError(REFUSED)

    def bookmark(self, snapshot: str, bookmark: str) -> None:
        """Remember a snapshot's place, in its own dataset."""
        snap = self.snap(snapshot)
        dataset, _, mark = bookmark.partition("#")
        node = self.nodes[dataset]
        if mark in node.bookmarks:
            raise RefusedError(EXISTS)
        node.bookmarks[mark] = snap.born

    def mount(self, name: str) -> None:
        """Mount a filesystem; one that is mounted stays so."""
        node = self.node(name)
        if node.kind == "volume" or node.properties.get("canmount") == "off":
            raise RefusedError(UNMOUNTABLE)
        node.mounted = True

    def unmount(self, name: str) -> None:
        """Unmount a filesystem in which nothing else is mounted."""
        if not self.node(name).mounted:
            raise RefusedError(MISSING)
        if any(self.nodes[child].mounted for child in self.children(name)):
            raise RefusedError(BUSY)
        self.nodes[name].mounted = False

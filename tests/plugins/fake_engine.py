"""An engine made of dicts, for what a real kernel cannot be made to show.

It keeps names, guids and marks of snapshots, and lets a test step in before any
call: races and errors half way.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, cast

from model_pool import pool_info
from zfstune.engine._destroy_exactly import program_error, refusal
from zfstune.engine._errno import batch_error, engine_error
from zfstune.values.frozen import replace
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import LOCAL, NONE, Dataset, Place, PropertyValue, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.errors import EngineError
    from zfstune.values.state import Bookmark, Mount, PoolInfo


class FakeEngine:
    """Datasets and their snapshots in dicts; see Engine for the calls.

    Args:
        datasets: Full names; those of the pools follow from them.

    Attributes:
        marks: Dataset to its local properties.
        taken: Snapshot to itself.
        held: Snapshot to the tag that holds it.
        busy: Snapshot to the errno that stands in the way of its end.
        calls: The name of each call that changed something, and its targets.
        programs: Why it runs no channel programs, as an errno; 0: it runs them.
        kept: Dataset to its bookmarks by full name.
        numbers: Dataset to the numbers of its snapshots, where it gives them.
        before: Called with the name of each call before it is carried out.
    """

    limits = DEFAULT_LIMITS
    file = ""

    def __init__(self, *datasets: str) -> None:
        self.marks: dict[str, dict[str, str]] = {name: {} for name in datasets}
        self.taken: dict[str, Snapshot] = {}
        self.held: dict[str, str] = {}
        self.busy: dict[str, int] = {}
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.numbers: dict[str, dict[str, int]] = {}
        self.kept: dict[str, dict[str, Bookmark]] = {}
        self.before: Callable[[str], None] = lambda _: None
        self.programs = errno.EPERM
        self.suspended = False
        self.txg = 0

    @property
    def seam(self) -> Engine:
        """Give itself as what the effects take; it has the calls that they make."""
        return cast("Engine", self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def pools(self) -> tuple[str, ...]:
        """Give the first words of the datasets."""
        return tuple(sorted({name.partition("/")[0] for name in self.marks}))

    def pool(self, name: str) -> PoolInfo:
        """Give some pool of that name."""
        if name not in self.pools():
            raise engine_error("read pool", name, errno.ENOENT)
        return pool_info(suspended=self.suspended)

    def mounts(self) -> dict[str, Mount]:
        """Give none."""
        return {}

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Give each as a directory that can be made."""
        return {path: Place(path, path) for path in paths}

    def exists(self, name: str) -> bool:
        """Tell whether a dataset or snapshot is there."""
        return name in self.marks or name in self.taken

    def dataset(self, name: str) -> Dataset:
        """Give one dataset."""
        self.before("dataset")
        if name not in self.marks:
            raise engine_error("read", name, errno.ENOENT)
        own = {n: PropertyValue(v, LOCAL) for n, v in self.marks[name].items()}
        return Dataset(name, "filesystem", 1, 1, own)

    def datasets(self, root: str, *, recursive: bool = True) -> list[Dataset]:
        """Give a dataset, and all below it."""
        found = [self.dataset(root)]
        below = sorted(name for name in self.marks if name.startswith(root + "/"))
        return found + [self.dataset(name) for name in below if recursive]

    def snapshots(self, dataset: str, **asked: bool) -> list[Snapshot]:
        """Give a dataset's snapshots, oldest first; as a kernel, with all or nothing."""
        self.before("snapshots")
        self.dataset(dataset)
        found = [s for s in self.taken.values() if s.dataset == dataset]
        if not any(asked.values()):
            found = [replace(s, properties={}, creation=None) for s in found]
        return sorted(found, key=lambda snapshot: snapshot.createtxg)

    def find_snapshots(self, names: Iterable[str], **_: bool) -> dict[str, Snapshot]:
        """Give those that are there."""
        self.before("find_snapshots")
        return {name: self.taken[name] for name in names if name in self.taken}

    def snapshot_numbers(self, datasets: Iterable[str]) -> dict[str, dict[str, int]]:
        """Give the numbers that a test gave."""
        self.before("snapshot_numbers")
        return {name: self.numbers[name] for name in datasets if name in self.numbers}

    def bookmarks(self, dataset: str) -> dict[str, Bookmark]:
        """Give the bookmarks that a test gave."""
        self.before("bookmarks")
        return self.kept.get(dataset, {})

    def take_snapshots(
        self, names: Iterable[str], *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Take all or none."""
        self.before("take_snapshots")
        targets = tuple(names)
        exist = {name: errno.EEXIST for name in targets if name in self.taken}
        if exist:
            raise batch_error("snapshot", errno.EEXIST, exist, targets)
        self.calls.append(("take", targets))
        self.txg += 1
        shown = {n: PropertyValue(v, LOCAL) for n, v in (properties or {}).items()}
        shown["userrefs"] = PropertyValue("0", NONE)
        for number, name in enumerate(targets):
            guid = 1000 * self.txg + number
            self.taken[name] = Snapshot(name, guid, self.txg, properties=shown)

    @contextmanager
    def holding(self, snapshots: Iterable[str], tag: str) -> Iterator[None]:
        """Hold snapshots during a block; as long as it lasts they cannot be destroyed."""
        held = dict.fromkeys(snapshots, tag)
        self.held |= held
        self.busy |= dict.fromkeys(held, errno.EBUSY)
        try:
            yield
        finally:
            for name in held:
                del self.held[name], self.busy[name]

    def holds(self, snapshot: str) -> Collection[str]:
        """Give the tags that hold a snapshot."""
        if snapshot not in self.taken:
            raise engine_error("read the holds of", snapshot, errno.ENOENT)
        return [self.held[snapshot]] if snapshot in self.held else []

    def set(self, name: str, properties: Mapping[str, str]) -> None:
        """Set properties of a dataset."""
        self.before("set")
        self.marks[name].update(properties)

    def inherit(self, name: str, prop: str) -> None:
        """Take a property of its own from a dataset."""
        self.before("inherit")
        del self.marks[name][prop]

    def destroy_exactly(
        self,
        snapshots: Mapping[str, int],
        *,
        survivors: Iterable[str] = (),
        marks: Mapping[str, Mapping[str, str]] | None = None,
    ) -> dict[str, EngineError]:
        """Destroy those that are what they were."""
        self.before("destroy_exactly")
        if self.programs:
            error = engine_error("run program in pool", "tank", self.programs)
            raise program_error(error)
        orphans = {n.partition("@")[0] for n in survivors if n not in self.taken}
        stay: dict[str, int] = {}
        for name, guid in snapshots.items():
            if name not in self.taken:
                stay[name] = errno.ENOENT
            elif self.taken[name].guid != guid:
                stay[name] = errno.ESTALE
            elif name.partition("@")[0] in orphans:
                stay[name] = errno.ECANCELED
            elif name in self.busy:
                stay[name] = self.busy[name]
        going = tuple(name for name in snapshots if name not in stay)
        self.calls.append(("destroy exactly", going))
        for name in going:
            del self.taken[name]
        for name, values in (marks or {}).items():
            self.marks[name].update(values)
        return {name: refusal(name, code) for name, code in stay.items()}

    def destroy_snapshots(self, names: Iterable[str], **_: bool) -> None:
        """Destroy all or none, and pass over what is not there."""
        self.before("destroy_snapshots")
        targets = tuple(names)
        errors = {name: self.busy[name] for name in targets if name in self.busy}
        if errors:
            first = next(iter(errors.values()))
            raise batch_error("destroy snapshot", first, errors, targets)
        self.calls.append(("destroy", targets))
        for name in targets:
            self.taken.pop(name, None)

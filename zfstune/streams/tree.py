"""The datasets of two trees: which one is the copy of which, and in which order they go.

A copy is found by what it is, and by its name only then. First comes the note on the
source that names exactly this target, which a promotion leaves alone; then the bookmark
that zfstune made on the source for it; then a common snapshot under the same name; then
a target that only needs the next stream, under any name. So a source dataset that was
renamed keeps its copy, which is renamed likewise. One that was made anew under an old
name shares nothing with the copy of the old one, and is refused over it.

A promotion takes bookmarks along with the snapshots that it moves to the clone. They are
looked for in the whole lineage of a source, and a dataset that is younger than a bookmark
or a snapshot has it by a promotion: it never was its own.
"""

from __future__ import annotations

from zfstune.streams.base import find_base, read_mark
from zfstune.streams.ends import End
from zfstune.streams.steps import Incremental, Move
from zfstune.values.frozen import frozen, replace
from zfstune.values.names import parent_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from zfstune.streams.steps import TransferStep
    from zfstune.values.state import Bookmark, Snapshot

__all__ = [
    "Pair",
    "Pairing",
    "based_at_home",
    "in_order",
    "lineage",
    "moved_name",
    "pair_up",
    "planned_before",
]


@frozen
class Pair:
    """A source dataset and the target for it.

    Attributes:
        source: The source.
        target: The target under the name that it has after all moves; one that does
            not exist is made.
    """

    source: End
    target: End


@frozen
class Pairing:
    """All datasets of a source tree with their targets.

    Attributes:
        pairs: A pair for each source dataset, parents before children.
        targets: All datasets of the target tree, under the names that they have after
            all moves, those without a source too.
        moves: The targets to rename first, in this order.
    """

    pairs: tuple[Pair, ...]
    targets: tuple[End, ...]
    moves: tuple[Move, ...] = ()


def lineage(source: End, sources: Mapping[str, End]) -> End:
    """Return a source with all snapshots and bookmarks that were ever its own.

    A promotion has moved them to a clone, and the source became a clone of that one. Its
    streams may build on them as before (dsl_dataset_is_before(),
    module/zfs/dsl_dataset.c).

    Args:
        source: The source.
        sources: All sources by name.
    """
    snapshots, bookmarks = [*source.snapshots], [*source.bookmarks]
    seen, origin = {source.name}, source.origin
    while origin is not None and origin.dataset in sources and origin.dataset not in seen:
        owner = sources[origin.dataset]
        seen.add(owner.name)
        moved = range(source.createtxg + 1, origin.createtxg + 1)
        snapshots += [s for s in owner.snapshots if s.createtxg in moved]
        bookmarks += [mark for mark in owner.bookmarks if mark.createtxg in moved]
        origin = owner.origin
    return replace(
        source,
        snapshots=tuple(sorted(snapshots, key=lambda s: s.createtxg)),
        bookmarks=tuple(sorted(bookmarks, key=lambda mark: (mark.createtxg, mark.name))),
    )


def based_at_home(step: TransferStep, source: End) -> TransferStep:
    """Return a step with a base in the dataset of its snapshot, if there is one.

    With a base in another dataset, the stream would be one for a new clone, unless the
    base is a bookmark (dmu_send_obj(), module/zfs/dmu_send.c).

    Args:
        step: A step of a source's lineage.
        source: The lineage, with the bookmarks that it will have by then.
    """
    if not isinstance(step, Incremental) or step.origin:
        return step
    dataset = step.snapshot.dataset
    if _dataset_of(step.base) == dataset:
        return step
    items: Iterable[Snapshot | Bookmark] = (*source.snapshots, *source.bookmarks)
    for item in items:
        if item.guid == step.base.guid and _dataset_of(item) == dataset:
            return replace(step, base=item)
    return step


def _dataset_of(item: Snapshot | Bookmark) -> str:
    return item.name.partition("@")[0].partition("#")[0]


def moved_name(name: str, target: End) -> str:
    """Return the name of a copy that cannot have its own one yet."""
    return f"{name}-moved-{target.guid:x}"


def pair_up(sources: Sequence[End], targets: Sequence[End], root: str) -> Pairing:
    """Find the target of each source dataset, and the names that targets have to get.

    A target keeps its old name where the new one belongs to a dataset that is no copy,
    where it has taken over, and for this run where its new parent has yet to be made.

    Args:
        sources: The root of the source tree, and datasets below it, parents first.
        targets: All datasets of the target tree; nothing where it does not exist.
        root: Name of its root.
    """
    found = _matches(sources, {target.name: target for target in targets}, root)
    places = _Places(targets, found)
    names = {sources[0].name: root}
    for source in sources[1:]:
        parent, _, last = source.name.rpartition("/")
        above = found.get(parent)  # a later move may have taken it along
        place = names[parent] if above is None else places.name_of(above)
        wanted = f"{place}/{last}"
        target = found.get(source.name)
        if target is None:
            names[source.name] = wanted
            there = places.make_room(wanted)
            if there is not None:
                found[source.name] = there
        else:
            names[source.name] = places.move(target, wanted)
    # A move of another target may have taken it along.
    moved = {t.name: t.renamed(places.name_of(t)) for t in targets}
    pairs = [
        Pair(source, moved[found[source.name].name])
        if source.name in found
        else Pair(source, End(names[source.name], exists=False))
        for source in sources
    ]
    return Pairing(tuple(pairs), tuple(moved.values()), tuple(places.moves))


def planned_before(pair: Pair) -> list[str]:
    """Return the datasets that have to be planned before one: parent and origin."""
    source = pair.source
    before = [parent_of(source.name) or ""]
    if source.origin is not None and not pair.target.snapshots:
        before.append(source.origin.dataset)
    return before


def in_order(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], dict[str, str]]:
    """Put datasets into an order in which each comes after those that it needs.

    Args:
        needs: Each dataset, and others that have to come first. Those that are no key
            count for nothing.

    Returns:
        The order, and the datasets that cannot have a place in it: each with another
        one that needs it and that it needs itself.
    """
    order: list[str] = []
    circles: dict[str, str] = {}
    state: dict[str, bool] = {}  # whether it has its place; False: it is being placed
    for first in needs:
        stack = [(first, iter(needs[first]))]
        state.setdefault(first, False)
        if state[first]:
            continue
        while stack:
            name, others = stack[-1]
            other = next(others, None)
            if other is None:
                stack.pop()
                state[name] = True
                order.append(name)
            elif other not in needs or state.get(other):
                continue
            elif other in state:
                circles[name] = other
            else:
                state[other] = False
                stack.append((other, iter(needs[other])))
    return order, circles


def _matches(
    sources: Sequence[End], targets: Mapping[str, End], root: str
) -> dict[str, End]:
    """Return the targets of the source datasets that have one, by source's name."""
    found: dict[str, End] = {}
    free = {name: target for name, target in targets.items() if not target.aside}
    if root in targets:
        found[sources[0].name] = targets[root]
        free.pop(root, None)
    below = len(sources[0].name)
    named = {source.name: source for source in sources}
    own = {name: _born_there(lineage(source, named)) for name, source in named.items()}
    for find, ends in (
        (_by_note, named),
        (_by_mark, own),
        (_by_name, own),
        (_by_name, named),
        (_by_mark, named),
        (_by_next_stream, named),
    ):
        for source in sources[1:]:
            if source.name in found:
                continue
            name = f"{root}{source.name[below:]}"
            target = find(ends[source.name], free, name)
            if target is not None:
                found[source.name] = free.pop(target.name)
    return found


def _born_there(source: End) -> End:
    """Return a source without the snapshots and bookmarks that a promotion moved to it."""
    return replace(
        source,
        snapshots=tuple(s for s in source.snapshots if s.createtxg > source.createtxg),
        bookmarks=tuple(m for m in source.bookmarks if m.createtxg > source.createtxg),
    )


def _by_note(source: End, free: Mapping[str, End], name: str) -> End | None:
    """Find a target that is noted on the source, under its name rather than another.

    Such a note stays with its dataset, whatever is renamed or promoted.
    """
    noted = {t.name: t for t in free.values() if t.identity in source.places}
    return noted.get(name) or next(iter(noted.values()), None)


def _by_mark(source: End, free: Mapping[str, End], name: str) -> End | None:
    """Find the target that the newest of the source's bookmarks was made for.

    A source without a snapshot has no bookmark, and its placeholder knows its guid.
    """
    del name
    for target in free.values():
        if target.stands_for == source.guid:
            return target
    identities = {target.identity: target for target in free.values()}
    for bookmark in reversed(source.bookmarks):
        mark = read_mark(bookmark)
        if mark is not None and mark.target in identities:
            return identities[mark.target]
    return None


def _by_name(source: End, free: Mapping[str, End], name: str) -> End | None:
    """Find the target of the same name, if it has a snapshot of the source."""
    target = free.get(name)
    return target if target is not None and find_base(source, target) else None


def _by_next_stream(source: End, free: Mapping[str, End], name: str) -> End | None:
    """Find a target whose newest snapshot the source has too; the newest of several."""
    del name
    sent = {mark.guid: mark.createtxg for mark in source.bookmarks}
    sent |= {snapshot.guid: snapshot.createtxg for snapshot in source.snapshots}
    fitting = [
        (sent[target.newest.guid], target.name)
        for target in free.values()
        if target.newest is not None and target.newest.guid in sent
    ]
    return free[max(fitting)[1]] if fitting else None


class _Places:
    """The names of the target tree, as they change move by move.

    Attributes:
        moves: The moves so far.
    """

    def __init__(self, targets: Iterable[End], found: Mapping[str, End]) -> None:
        self.moves: list[Move] = []
        self._sources = {target.name: source for source, target in found.items()}
        self._there = {target.name: target for target in targets}  # by present name
        self._names = {name: name for name in self._there}  # from the first name

    def name_of(self, target: End) -> str:
        """Return the present name of a target."""
        return self._names[target.name]

    def move(self, target: End, wanted: str) -> str:
        """Move a target to its name, if that is or becomes free; return its name."""
        if self._names[target.name] != wanted:
            self.make_room(wanted)
            now = self._names[target.name]
            free = wanted not in self._there and parent_of(wanted) in self._there
            if free and not wanted.startswith(f"{now}/") and not self._serves(now):
                self._rename(now, wanted, self._sources[target.name])
        return self._names[target.name]

    def make_room(self, name: str) -> End | None:
        """Move the copy of another source away, which gets its own name later.

        Returns:
            The dataset of that name, if it is no copy.
        """
        there = self._there.get(name)
        if there is None:
            return None
        source = self._sources.get(there.name)
        if source is None or self._serves(name):
            return there
        self._rename(name, moved_name(name, there), source)
        return None

    def _serves(self, name: str) -> bool:
        """Tell whether a dataset, or one below it, has taken over: it keeps its name."""
        return any(t.live for n, t in self._there.items() if f"{n}/".startswith(f"{name}/"))

    def _rename(self, old: str, new: str, source: str) -> None:
        self.moves.append(Move(old, new, source))
        for name in [n for n in self._there if f"{n}/".startswith(f"{old}/")]:
            target = self._there.pop(name)
            moved = f"{new}{name[len(old) :]}"
            self._there[moved] = target
            self._names[target.name] = moved

"""What a killed run has left that put targets aside and had yet to replace them.

Such a run renames a target, receives beside it, gives the datasets below it their names
back, and last lets the new target have the snapshots that both share. Until then the one
that was put aside has the common base, and that tells that it is not done with.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from zfstune.streams.base import find_base
from zfstune.streams.raw_kind import came_raw
from zfstune.streams.steps import Move
from zfstune.streams.tree import moved_name
from zfstune.values.frozen import frozen, replace
from zfstune.values.names import parent_of
from zfstune.values.replication_marks import Replica

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from zfstune.streams.base import Base
    from zfstune.streams.ends import End

__all__ = ["Unfinished", "aside_name", "aside_of", "can_leave", "find_unfinished"]

_ASIDE = re.compile(r"(.+)-aside-[^/]+")


@frozen
class Unfinished:
    """The datasets of a target tree, and those that were put aside.

    Attributes:
        targets: All datasets of the tree but `asides`, under the names that they have
            after `moves` and `returning`.
        moves: Renames that put datasets back to which nothing newer is to be sent.
        asides: The datasets whose places are to be taken, by the names that they had.
        returning: The moves that give datasets below those their names back, likewise.
    """

    targets: tuple[End, ...]
    moves: tuple[Move, ...] = ()
    asides: Mapping[str, End] = MappingProxyType({})
    returning: Mapping[str, tuple[Move, ...]] = MappingProxyType({})


def aside_name(name: str, stamp: str) -> str:
    """Return the name of a dataset that is put aside; without a stamp, its beginning."""
    return f"{name}-aside-{stamp}"


def aside_of(name: str) -> str:
    """Return the name that a dataset had before it was put aside; empty: it was not."""
    match = _ASIDE.fullmatch(name)
    return "" if match is None else match[1]


def find_unfinished(
    sources: Sequence[End], targets: Sequence[End], beside: Iterable[End], root: str
) -> Unfinished:
    """Find what is left of a run that was killed.

    Args:
        sources: The root of the source tree, and datasets below it.
        targets: All datasets of the target tree.
        beside: Datasets beside its root that may have been put aside, and all below them.
        root: Name of its root.
    """
    below = len(sources[0].name)
    named = {f"{root}{source.name[below:]}": source for source in sources}
    ends, inside = [*targets, *beside], {*range(len(targets))}
    read_as = {end.guid: end.name for end in ends}
    found = Unfinished(())
    for place in range(len(ends)):
        aside = ends[place]  # under the name that it has by now
        name, there = aside_of(aside.name), {end.name for end in ends}
        base = find_base(named[name], aside) if name in named else None
        if base is None:
            continue
        if name not in there and not _newer(named[name], base):
            role = _role_before(named[name], aside, base, ends)
            moves = [Move(aside.name, name, mark=_mark(role) if aside.aside else None)]
            if aside.aside:
                ends[place] = replace(aside, aside=False, replica=role)
            found = replace(found, moves=(*found.moves, *moves))
        else:
            moves = [*_returning(sources, aside, name, ends, read_as)]
            found = replace(
                found,
                asides={**found.asides, name: aside},
                returning={**found.returning, name: tuple(moves)},
            )
            inside.discard(place)
        for move in moves:
            inside |= {at for at, end in enumerate(ends) if _goes_along(end, move)}
            ends = [_moved(end, move) for end in ends]
    tree = tuple(end for at, end in enumerate(ends) if at in inside)
    return replace(found, targets=tree)


def can_leave(end: End, present_name: str, key_root: str) -> bool:
    """Tell whether ZFS lets a dataset go below another one: not away from its key.

    The rule is that of dsl_dir_rename_crypt_check() in module/zfs/dsl_crypt.c.

    Args:
        end: The dataset.
        present_name: The name that it had when it was read, as `End.key_root` has them.
        key_root: Name of the dataset whose key opens the other one; empty: it has none.
    """
    return not end.encrypted or end.key_root in (present_name, key_root)


def _returning(
    sources: Sequence[End],
    aside: End,
    name: str,
    ends: Iterable[End],
    read_as: Mapping[int, str],
) -> Iterator[Move]:
    """Yield the moves that give the datasets below one aside their names back.

    A copy whose name has gone to a dataset that is none comes back beside that one: below
    a dataset aside that is done with nobody would find it, and all of it went again.

    Args:
        sources: The datasets of the source tree.
        aside: The dataset that was put aside.
        name: The name that it had.
        ends: All datasets of the target's side.
        read_as: The names that they had when they were read, by guid.
    """
    there = {end.name: end for end in ends}
    root = there[name].key_root if name in there else aside.key_root
    for child in sorted(each for each in there if parent_of(each) == aside.name):
        wanted = f"{name}{child[len(aside.name) :]}"
        if not can_leave(there[child], read_as[there[child].guid], root):
            continue
        if wanted not in there:
            yield Move(child, wanted)
        elif _copied(sources, there[child]) - _copied(sources, there[wanted]):
            beside = moved_name(wanted, there[child])
            if beside not in there:
                yield Move(child, beside)


def _copied(sources: Iterable[End], end: End) -> set[str]:
    """Return the names of the sources that a dataset is, or may be, a copy of."""
    return {s.name for s in sources if end.identity in s.places or find_base(s, end)}


def _role_before(
    source: End, aside: End, base: Base, ends: Iterable[End]
) -> Replica | None:
    """Return the mark that a target had before it was put aside; None: nobody can tell.

    The mark made way for another one, and its number is in the source's note of the place.
    """
    name = aside_of(aside.name)
    others = {end.identity for end in ends if end is not aside}
    numbers = [
        number
        for number, place in source.places.items()
        if f":{place}".endswith(f":{name}") and number not in others
    ]
    raw = came_raw(source, aside, base)
    return Replica(numbers[0], raw) if len(numbers) == 1 and raw is not None else None


def _mark(role: Replica | None) -> str:
    return "" if role is None else role.text


def _newer(source: End, base: Base) -> bool:
    """Tell whether a source has a snapshot after a base."""
    newest = source.newest
    return newest is not None and newest.createtxg > base.sent.createtxg


def _goes_along(end: End, move: Move) -> bool:
    return f"{end.name}/".startswith(f"{move.old}/")


def _moved(end: End, move: Move) -> End:
    """Return a dataset after a move."""
    if not _goes_along(end, move):
        return end
    return end.renamed(f"{move.new}{end.name[len(move.old) :]}")

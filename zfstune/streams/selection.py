"""The datasets of a source tree that are sent, and the reasons why others are not.

A dataset is left out by its name, by a property, by its own word (the property
``org.zfstune:replicate-to`` with the value ``none``), or because a new target has taken
its place. All below it is left out, too.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from zfstune.streams.steps import Omission, Orphan
from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen
from zfstune.values.marks import REPLICATE_PROPERTY
from zfstune.values.names import parent_of
from zfstune.values.properties import canonical, is_user, known
from zfstune.values.replication_marks import UNSENT, read_mark
from zfstune.values.state import LOCAL
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from zfstune.streams.ends import End
    from zfstune.streams.tree import Pairing

__all__ = ["ChosenTree", "PropertyFilter", "orphans", "read_filter", "select"]


@frozen
class PropertyFilter:
    """A property by which datasets are left out.

    Attributes:
        name: Its name.
        value: The value that counts, canonical; None: any.
    """

    name: str
    value: str | None

    def reason(self, end: End) -> str:
        """Return the reason why a dataset is left out; empty: it is not.

        A value that came in a stream leaves nothing out: its sender would decide what is
        kept safe here.
        """
        own = end.own.get(self.name)
        if own is None or own.source != LOCAL or self.value not in (None, own.value):
            return ""
        return f"{self.name}={shown(own.value)} is set on it"


@frozen
class ChosenTree:
    """The datasets of a tree.

    Attributes:
        chosen: The datasets to send, parents before children.
        out: All others.
        left_out: Those others that were left out for themselves, with the reason.
    """

    chosen: tuple[End, ...]
    out: tuple[End, ...] = ()
    left_out: tuple[Omission, ...] = ()


def read_filter(text: str) -> PropertyFilter:
    """Read NAME or NAME=VALUE.

    Raises:
        InvalidProperty: There is no such property, or it has no such value.
        InvalidValue: The name is missing.
    """
    name, equals, value = text.partition("=")
    if not name:
        raise InvalidValue(
            f"cannot exclude by '{shown(text)}': it names no property",
            hint="as in --exclude-property com.example:backup=no",
        )
    if not is_user(name):
        known(name)
    return PropertyFilter(name, canonical(name, value) if equals else None)


def select(
    sources: Iterable[End],
    patterns: Collection[str] = (),
    filters: Collection[PropertyFilter] = (),
) -> ChosenTree:
    """Choose the datasets to send.

    The first dataset is one that the caller named: it counts wherever it stands, and by
    its own word.

    Args:
        sources: The datasets, parents before children.
        patterns: Shell patterns of full names to leave out.
        filters: Properties by which datasets are left out.
    """
    chosen: list[End] = []
    out: list[End] = []
    left_out: list[Omission] = []
    names: set[str | None] = set()
    for source in sources:
        named = not (chosen or out)
        reason = _reason(source, patterns, filters, named=named)
        if parent_of(source.name) in names:
            reason = ""
        elif reason:
            left_out.append(Omission(source.name, reason))
        else:
            chosen.append(source)
            continue
        names.add(source.name)
        out.append(source)
    return ChosenTree(tuple(chosen), tuple(out), tuple(left_out))


def orphans(
    pairing: Pairing, out: Collection[End], source: str, target: str
) -> tuple[Orphan, ...]:
    """Find the copies in a target tree that have no source in the source tree any more.

    A dataset that zfstune did not make is nobody's copy, and one that has taken over or
    was put aside is none any more. The copy of a dataset that is left out has a source.

    Args:
        pairing: The pairs of the two trees.
        out: The datasets of the source tree that are left out.
        source: Name of the root of the source tree.
        target: Name of the root of the target tree.
    """
    sources = [*out, *(pair.source for pair in pairing.pairs)]
    noted = {identity for end in sources for identity in end.places}
    noted |= {m.target for end in out for m in map(read_mark, end.bookmarks) if m}
    guids = {end.guid for end in sources}
    names = {pair.target.name for pair in pairing.pairs}
    names |= {f"{target}{end.name[len(source) :]}" for end in out}
    return tuple(
        Orphan(end.name, source)
        for end in pairing.targets
        if end.name not in names
        and (
            (end.replica is not None and not end.live and end.identity not in noted)
            or (end.placeholder and end.stands_for not in guids)
        )
    )


def _reason(
    source: End,
    patterns: Collection[str],
    filters: Collection[PropertyFilter],
    *,
    named: bool,
) -> str:
    """Return the reason why a dataset is left out for itself; empty: it is not."""
    for pattern in patterns:
        if fnmatchcase(source.name, pattern):
            return f"'{shown(pattern)}' matches its name"
    for each in filters:
        if reason := each.reason(source):
            return reason
    if named:
        return ""
    if source.unsent:
        return f"{REPLICATE_PROPERTY}={UNSENT} is set on it"
    return "it was put aside" if source.aside else ""

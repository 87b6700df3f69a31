"""The targets that a schedule replicates to, and how, as a dataset carries them.

A target is what ``zfstune replicate`` takes, as in ``tank/copy`` or ``host:tank/copy``.
Commas part several, since no name of a dataset has one. The datasets that a schedule takes
along go with it, as the tree that they are. Options are stored as that command has them,
and all targets are sent by the same ones.
"""

from __future__ import annotations

import re

from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import REPLICATE_PROPERTY, REPLICATE_WITH_PROPERTY
from zfstune.values.replication_marks import UNSENT
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.values.state import Dataset

__all__ = ["Sending", "format_targets", "stored_sending", "stored_targets"]

_COMMA = ","
_PROPERTIES = "--properties"
_EXCLUDE = "--exclude-property"
# A word as `for_shell` writes it: between quotes, a quote ends them for itself.
_QUOTE = "'\\''"
_WORD = re.compile(r"'(?:[^']|'\\'')*'|[^' ]+")


@frozen
class Sending:
    """The options that a schedule replicates with.

    Attributes:
        take_properties: Whether copies take the properties of their sources.
        exclude_properties: Properties by which datasets are left out, as NAME or
            NAME=VALUE.
    """

    take_properties: bool = False
    exclude_properties: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The options as a dataset carries them; empty: there is none.

        Raises:
            InvalidValue: A value cannot be printed, so no line of words can hold it.
        """
        words = [_PROPERTIES] if self.take_properties else []
        for each in self.exclude_properties:
            if not each.isprintable():
                raise InvalidValue(
                    f"cannot store '{_EXCLUDE} {shown(each)}': it has a character that "
                    "cannot be printed"
                )
            words += [_EXCLUDE, for_shell(each)]
        return " ".join(words)


def stored_targets(dataset: Dataset) -> tuple[str, ...]:
    """Return the targets that were set on a dataset itself, here.

    A dataset that no replication of a tree is to take along has none.
    """
    text = dataset.local(REPLICATE_PROPERTY) or ""
    if text == UNSENT:
        return ()
    return tuple(filter(None, text.split(_COMMA)))


def stored_sending(dataset: Dataset) -> Sending:
    """Return the options that were set on a dataset itself, here.

    Raises:
        PlanError: They cannot be read. To send without them might send what they were to
            leave out.
    """
    text = dataset.local(REPLICATE_WITH_PROPERTY) or ""
    takes = False
    excluded: list[str] = []
    words = iter(_words(text))
    for word in words:
        name = next(words, "") if word == _EXCLUDE else ""
        if word == _PROPERTIES:
            takes = True
        elif name:
            excluded.append(name)
        else:
            raise PlanError(
                f"cannot replicate '{dataset.name}': '{shown(text)}' in "
                f"{REPLICATE_WITH_PROPERTY} is not what zfstune writes there",
                hint="store it anew, with its options: zfstune schedule install "
                f"{for_shell(dataset.name)} --replicate TARGET",
            )
    return Sending(takes, tuple(excluded))


def _words(text: str) -> list[str]:
    """Return the words of a line that :attr:`Sending.text` wrote.

    One that was written otherwise is no option, and comes back as a whole.
    """
    parts = _WORD.findall(text)
    if " ".join(parts) != text:
        return [text]
    return [
        part[1:-1].replace(_QUOTE, "'") if part.startswith("'") else part for part in parts
    ]


def format_targets(targets: Iterable[str]) -> str:
    """Write targets as a dataset carries them, each once.

    Raises:
        InvalidValue: A target is empty or has a comma in it.
    """
    unique = tuple(dict.fromkeys(targets))
    for target in unique:
        if not target.strip() or _COMMA in target or target == UNSENT:
            raise InvalidValue(
                f"cannot replicate to '{shown(target)}': that names no dataset",
                hint="name one, as in tank/copy or host:tank/copy; repeat --replicate for "
                "several",
            )
    return _COMMA.join(unique)

"""The targets that a schedule replicates to, as a dataset carries them.

A target is what ``zfstune replicate`` takes, as in ``tank/copy`` or ``host:tank/copy``.
Commas part several, since no name of a dataset has one. The datasets that a schedule takes
along go with it, as the tree that they are.
"""

from __future__ import annotations

from zfstune.values.errors import InvalidValue
from zfstune.values.marks import REPLICATE_PROPERTY
from zfstune.values.replication_marks import UNSENT
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.values.state import Dataset

__all__ = ["format_targets", "stored_targets"]

_COMMA = ","


def stored_targets(dataset: Dataset) -> tuple[str, ...]:
    """Return the targets that were set on a dataset itself, here.

    A dataset that no replication of a tree is to take along has none.
    """
    text = dataset.local(REPLICATE_PROPERTY) or ""
    if text == UNSENT:
        return ()
    return tuple(filter(None, text.split(_COMMA)))


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

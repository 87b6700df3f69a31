"""Settings of a tool that goes by the datasets that are there, worked out on them.

Some tools look at the tree of datasets each time they run: a section may be for a
dataset alone, or for some of those below it. A policy is inherited instead. So what a
tool does is worked out on each dataset, and on probes: names of datasets that nobody
can have, which stand for those that may be made some day or are not known.
"""

from __future__ import annotations

from zfstune.errors import InvalidName
from zfstune.frozen import replace
from zfstune.imports.reading import (
    LEAVE_ALONE,
    UNKNOWN_TREE_HINT,
    Imported,
    LeftOut,
    complete,
    cover,
    in_force,
)
from zfstune.names import ancestors_of, check_dataset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from zfstune.imports.reading import Reading
    from zfstune.policy import Policy

    Keeping = Callable[[Collection[str]], Mapping[str, Imported | LeftOut]]

__all__ = ["listed", "with_notes", "work_out"]

_UNKNOWN = "\0"  # no dataset's name holds it
_FEW = 5


def work_out(
    tool: str,
    keeping: Keeping,
    named: Iterable[str],
    datasets: Collection[str] | None,
) -> Reading:
    """Give policies by which each dataset keeps what a tool keeps of it.

    Args:
        tool: Its name, for the notes.
        keeping: Given the datasets that are there, gives what the tool keeps on each,
            or why no policy does that; nothing of those that it leaves alone.
        named: Datasets that the settings name, and names that none can have.
        datasets: Those that are there; None: nobody knows, so those that are named
            are taken to be.

    Returns:
        A reading. Where the datasets are not known, those below which the tool may do
        something else are left out.
    """
    tree = frozenset(_with_ancestors(named) if datasets is None else datasets)
    probes = {f"{dataset}/{_UNKNOWN}": dataset for dataset in tree}
    wanted = dict(keeping(tree | probes.keys()))
    on_probes = {probe: wanted.pop(probe, None) for probe in probes}
    reading = cover(wanted, tree, tool)
    stored = in_force(complete(reading, tree), tree)
    differing = [
        dataset
        for probe, dataset in sorted(probes.items())
        if not _is_same(on_probes[probe], stored[dataset])
    ]
    if not differing:
        return reading
    if datasets is None:
        reason = (
            f"{tool} may do something else to datasets below it, and they are not known"
        )
        for dataset in differing:
            wanted[dataset] = LeftOut(dataset, reason, dataset, UNKNOWN_TREE_HINT)
        return cover(wanted, tree, tool)
    note = (
        f"{tool} may treat a dataset that is made later below {listed(differing)} "
        "otherwise, as it goes by the datasets that are there: import again then"
    )
    return with_notes(reading, (note,))


def with_notes(reading: Reading, notes: Iterable[str]) -> Reading:
    """Give a reading with notes on all of it; they go with its first policy."""
    if not reading.policies:
        return reading
    first, *others = reading.policies
    first = replace(first, notes=(*notes, *first.notes))
    return replace(reading, policies=(first, *others))


def _with_ancestors(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        try:
            check_dataset(name)
        except InvalidName:
            continue
        found |= {name, *ancestors_of(name)}
    return found


def _is_same(on_probe: Imported | LeftOut | None, policy: Policy | None) -> bool:
    """Tell whether what the tool does to a dataset is what it would inherit."""
    if isinstance(on_probe, Imported):
        return on_probe.policy == policy
    return policy in (None, LEAVE_ALONE)


def listed(names: Collection[str]) -> str:
    """Name a few of them, and say how many more there are."""
    few = sorted(names)[:_FEW]
    more = len(names) - len(few)
    return ", ".join(few) + (f" and {more} more" if more else "")

"""What a tool does to each dataset, as policies on as few of them as it takes.

A policy is inherited by the datasets below, and most tools' settings are not. So what
the settings do is worked out on each dataset that is there, or on those that they name
where nobody knows which are there; and below each of these on a probe. That is a name
that no dataset can have, and stands for those that may be made some day or are not
known.
"""

from __future__ import annotations

from zfstune.retention.imports.reading import (
    LEAVE_ALONE,
    Imported,
    LeftOut,
    cover,
    left_alone,
)
from zfstune.values.errors import InvalidName
from zfstune.values.frozen import replace
from zfstune.values.names import ancestors_of, check_dataset, parent_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from zfstune.retention.imports.reading import Reading
    from zfstune.retention.policy import Policy

    Found = Mapping[str, Imported | LeftOut]

__all__ = ["listed", "with_notes", "work_out", "work_out_by_name"]

_PROBE = "\0"  # no dataset's name holds it
_EVERYWHERE = "it is for all datasets: store it on each pool"
_FEW = 5


def work_out(
    tool: str,
    find: Callable[[Collection[str]], Found],
    named: Iterable[str],
    datasets: Collection[str] | None,
) -> Reading:
    """Give policies by which each dataset keeps what a tool keeps of it.

    Args:
        tool: Its name, for the notes.
        find: Given the datasets that are there, tells what the tool keeps on each, or
            why no policy does that; nothing of those that it leaves alone.
        named: What the settings name as datasets.
        datasets: Those that are there; None: nobody knows, so those that are named
            are taken to be.

    Returns:
        A reading. Where the datasets are not known, it leaves out those below which
        the tool may do something else, and holds a policy for no named dataset if the
        settings are for all pools.
    """
    tree = frozenset(_with_ancestors(named) if datasets is None else datasets)
    probes = {f"{dataset}/{_PROBE}": dataset for dataset in tree}
    wanted = dict(find({*tree, *probes, _PROBE}))
    on_new_pool = wanted.pop(_PROBE, None)
    below = {dataset: wanted.pop(probe, None) for probe, dataset in probes.items()}
    differing = [
        dataset
        for dataset in sorted(tree)
        if not _is_inherited(wanted.get(dataset), below[dataset])
    ]
    if datasets is not None:
        reading = cover(_without_repeats(wanted), tree, tool)
        return with_notes(reading, _of_later_ones(differing, wanted, tool))
    for dataset in differing:
        wanted[dataset] = _unknown(dataset, wanted.get(dataset))
    if _pruning(on_new_pool) is not None:
        for pool in {name.partition("/")[0] for name in tree} - wanted.keys():
            # that policy will be stored on the pool as well, and would be inherited
            wanted[pool] = left_alone(pool, tool)
    reading = cover(_without_repeats(wanted), tree, tool)
    if isinstance(on_new_pool, LeftOut):
        everywhere = replace(on_new_pool, name="all datasets", dataset="")
        return replace(reading, left_out=(*reading.left_out, everywhere))
    if on_new_pool is None:
        return reading
    for_all = Imported("", on_new_pool.policy, (*on_new_pool.notes, _EVERYWHERE))
    return replace(reading, policies=(*reading.policies, for_all))


def work_out_by_name(
    tool: str,
    answer: Callable[[str], Imported | LeftOut | None],
    named: Collection[str],
    datasets: Collection[str] | None,
) -> Reading:
    """Do the same for a tool that goes by a dataset's name, whatever others there are.

    Args:
        tool: As in :func:`work_out`.
        answer: Tells what the settings do to a dataset of a name; None: they leave it
            alone.
        named: As in :func:`work_out`.
        datasets: As in :func:`work_out`.
    """

    def find(tree: Collection[str]) -> Found:
        answers = {name: answer(name) for name in {*tree, *named} - {""}}
        return {name: each for name, each in answers.items() if each is not None}

    return work_out(tool, find, named, datasets)


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


def _is_inherited(
    itself: Imported | LeftOut | None, below: Imported | LeftOut | None
) -> bool:
    """Tell whether a dataset's policy is also what the tool does to any below it."""
    if isinstance(below, LeftOut):
        return isinstance(itself, LeftOut)  # so the whole tree is named
    return _pruning(itself) == _pruning(below)


def _pruning(each: Imported | LeftOut | None) -> Policy | None:
    """Give the policy by which snapshots may go; None where all of them stay."""
    if isinstance(each, Imported) and each.policy != LEAVE_ALONE:
        return each.policy
    return None


def _unknown(dataset: str, itself: Imported | LeftOut | None) -> LeftOut:
    """Leave a dataset out; the hint has its own policy, for who knows what is below."""
    left_out = LeftOut.unknown_tree(dataset, dataset)
    if isinstance(itself, Imported) and itself.is_writable:
        hint = f"{left_out.hint}; for '{dataset}' alone it is '{itself.text}'"
        return replace(left_out, hint=hint)
    return left_out


def _without_repeats(wanted: Found) -> Found:
    """Give what is wanted; of a tree that is left out for one reason, its top."""
    found = {}
    for name, each in wanted.items():
        above = wanted.get(parent_of(name) or "")
        if not (
            isinstance(each, LeftOut)
            and isinstance(above, LeftOut)
            and (above.reason, above.hint) == (each.reason, each.hint)
        ):
            found[name] = each
    return found


def _of_later_ones(differing: Collection[str], wanted: Found, tool: str) -> Iterator[str]:
    """Say where a dataset that is made later would not get what is meant for it."""
    bare = [each for each in differing if _pruning(wanted.get(each)) is None]
    covered = sorted({*differing} - {*bare})
    if covered:
        yield (
            f"a dataset that is made later below {listed(covered)} inherits a policy, and "
            f"{tool} may do something else to it: import again then"
        )
    if bare:
        yield (
            f"a dataset that is made later below {listed(bare)} gets no policy of this, "
            f"and {tool} may prune it: import again then"
        )


def listed(names: Collection[str]) -> str:
    """Name a few of them, and say how many more there are."""
    few = sorted(names)[:_FEW]
    more = len(names) - len(few)
    return ", ".join(few) + (f" and {more} more" if more else "")

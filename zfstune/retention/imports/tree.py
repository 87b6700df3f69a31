"""Express what a tool does to each dataset by policies on as few datasets as possible.

The effect of a tool's settings is worked out for each existing dataset, or for each
dataset that they name if the existing ones are not known; and for a probe below each of
these. A probe is a name that no dataset can have. It stands for the datasets that are
not known or may be made later.
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

_PROBE = "\0"  # a character that no dataset's name holds
_EVERYWHERE = "this policy is for all datasets: store it on each pool"
_FEW = 5


def work_out(
    tool: str,
    find: Callable[[Collection[str]], Found],
    named: Iterable[str],
    datasets: Collection[str] | None,
) -> Reading:
    """Find policies by which each dataset keeps the snapshots that a tool keeps of it.

    Args:
        tool: The tool's name, for the notes.
        find: Takes the existing datasets; returns by dataset the policy that does what
            the tool does there, or why none does. Datasets that the tool leaves alone
            are missing.
        named: The names of datasets in the settings.
        datasets: The existing datasets; None: they are not known, and the named ones are
            taken to exist.

    Returns:
        A reading. If the datasets are not known, it leaves out each dataset below which
        the tool may do something else; and if the settings are for all pools, it holds
        a policy for no named dataset.
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
        return with_notes(reading, _notes_on_later_datasets(differing, wanted, tool))
    for dataset in differing:
        wanted[dataset] = _unknown(dataset, wanted.get(dataset))
    if _pruning(on_new_pool) is not None:
        for pool in {name.partition("/")[0] for name in tree} - wanted.keys():
            # The policy for all pools will be stored on this one too, and inherited.
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
    """Find the policies for a tool that decides by a dataset's name alone.

    Args:
        tool: The tool's name, for the notes.
        answer: Takes a dataset's name; returns the policy that does what the tool does
            there, or why none does; None: the tool leaves the dataset alone.
        named: The names of datasets in the settings.
        datasets: The existing datasets; None if they are not known.

    Returns:
        A reading, as :func:`work_out` returns it.
    """

    def find(tree: Collection[str]) -> Found:
        answers = {name: answer(name) for name in {*tree, *named} - {""}}
        return {name: each for name, each in answers.items() if each is not None}

    return work_out(tool, find, named, datasets)


def with_notes(reading: Reading, notes: Iterable[str]) -> Reading:
    """Add notes on a whole reading to its first policy."""
    if not reading.policies:
        return reading
    first, *others = reading.policies
    first = replace(first, notes=(*notes, *first.notes))
    return replace(reading, policies=(first, *others))


def _with_ancestors(names: Iterable[str]) -> set[str]:
    valid: set[str] = set()
    for name in names:
        try:
            check_dataset(name)
        except InvalidName:
            continue
        valid |= {name, *ancestors_of(name)}
    return valid


def _is_inherited(
    itself: Imported | LeftOut | None, below: Imported | LeftOut | None
) -> bool:
    """Tell whether a dataset's policy is also right for every dataset below it."""
    if isinstance(below, LeftOut):
        return isinstance(itself, LeftOut)  # the whole tree is left out
    return _pruning(itself) == _pruning(below)


def _pruning(result: Imported | LeftOut | None) -> Policy | None:
    """Return the policy by which snapshots may go; None if all of them stay."""
    if isinstance(result, Imported) and result.policy != LEAVE_ALONE:
        return result.policy
    return None


def _unknown(dataset: str, itself: Imported | LeftOut | None) -> LeftOut:
    """Leave out a dataset; the hint has the policy that is right for it alone."""
    left_out = LeftOut.unknown_tree(dataset, dataset)
    if isinstance(itself, Imported) and itself.is_writable:
        hint = f"{left_out.hint}; for '{dataset}' alone, the policy is '{itself.text}'"
        return replace(left_out, hint=hint)
    return left_out


def _without_repeats(wanted: Found) -> Found:
    """Drop a dataset that is left out for the same reason as the dataset above it."""
    kept = {}
    for name, result in wanted.items():
        above = wanted.get(parent_of(name) or "")
        if not (
            isinstance(result, LeftOut)
            and isinstance(above, LeftOut)
            and (above.reason, above.hint) == (result.reason, result.hint)
        ):
            kept[name] = result
    return kept


def _notes_on_later_datasets(
    differing: Collection[str], wanted: Found, tool: str
) -> Iterator[str]:
    """Note the datasets below which a later dataset would get a wrong policy."""
    bare = [each for each in differing if _pruning(wanted.get(each)) is None]
    covered = sorted({*differing} - {*bare})
    if covered:
        yield (
            f"a dataset that is created later below {listed(covered)} inherits a policy, "
            f"and {tool} may treat it differently: import again then"
        )
    if bare:
        yield (
            f"a dataset that is created later below {listed(bare)} gets no policy, "
            f"although {tool} may prune it: import again then"
        )


def listed(names: Collection[str]) -> str:
    """List the first few names, and count the others."""
    few = sorted(names)[:_FEW]
    more = len(names) - len(few)
    return ", ".join(few) + (f" and {more} more" if more else "")

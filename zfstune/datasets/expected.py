"""Which datasets profiles should have in a pool, told by the notes on those it has."""

from __future__ import annotations

from zfstune.datasets.cautions import weigh_wanted
from zfstune.datasets.request import Request
from zfstune.datasets.wanted import Wanted, wanted_datasets
from zfstune.values.errors import ProfileError
from zfstune.values.frozen import frozen, replace
from zfstune.values.marks import is_managed, profiles_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zfstune.profiles.profile import Profile
    from zfstune.values.state import Dataset, Limits, PoolInfo

__all__ = ["Expected", "placed_roots", "see_profiles"]


@frozen
class Expected:
    """One dataset that is managed, or should be there.

    Attributes:
        dataset: Full name.
        profiles: Names of the profiles that ask for it, or that its note names.
        root: What their paths hang below; empty where no profile of them is known.
        wanted: What they ask of it on this pool, None: none of them is known, or it
            only holds others.
        lacks: What this pool could not take of that, a sentence each.
        firsts: The first dataset of each of those profiles, which ``-o`` is for.
    """

    dataset: str
    profiles: tuple[str, ...]
    root: str = ""
    wanted: Wanted | None = None
    lacks: tuple[str, ...] = ()
    firsts: tuple[str, ...] = ()


def placed_roots(
    datasets: Iterable[Dataset], load: Callable[[str], Profile]
) -> dict[str, dict[str, Profile]]:
    """Find below which roots profiles were applied.

    Args:
        datasets: Those of a pool.
        load: Loads a profile by name, or raises ProfileError.

    Returns:
        Root to the profiles below it by name. One that cannot be loaded, as it came
        from a file, or that has no such dataset any more, is left out.
    """
    loaded: dict[str, Profile | None] = {}
    roots: dict[str, dict[str, Profile]] = {}
    for dataset in datasets:
        for name in profiles_on(dataset):
            if name not in loaded:
                try:
                    loaded[name] = load(name)
                except ProfileError:
                    loaded[name] = None
            profile = loaded[name]
            if profile is not None:
                # of two paths that fit, as "a/log" and "log", the longer is meant
                fitting = [
                    d.path for d in profile.datasets if dataset.name.endswith("/" + d.path)
                ]
                if fitting:
                    root = dataset.name[: -len(max(fitting, key=len)) - 1]
                    roots.setdefault(root, {})[name] = profile
    return roots


def see_profiles(
    roots: Mapping[str, Mapping[str, Profile]],
    datasets: Mapping[str, Dataset],
    pool: PoolInfo,
    limits: Limits,
) -> dict[str, Expected]:
    """Give what profiles should have below their roots, and what is managed otherwise.

    Each profile is seen alone: of two that stand in each other's way, as a variant
    that took the place of another does, each speaks of the datasets that say so.

    Args:
        roots: Root to the profiles below it by name.
        datasets: Those of the pool by name.
        pool: What it can take.
        limits: What the running module takes.
    """
    found: dict[str, Expected] = {}
    for root, profiles in roots.items():
        for name, profile in profiles.items():
            alone = Request((profile,), root=root, allow_unsafe=True)
            wanted = wanted_datasets(alone, pool, limits)
            cautions = list(weigh_wanted(alone, wanted, pool, limits))
            for each in wanted:
                dataset = datasets.get(each.dataset)
                on = profiles_on(dataset) if dataset is not None else ()
                if on and name not in on:
                    continue  # another profile has taken it over
                lacks = [c.message for c in cautions if c.dataset == each.dataset]
                known = found.get(each.dataset)
                joined = _joined(known, name, root, each, lacks)
                first = f"{root}/{profile.datasets[0].path}"
                firsts = dict.fromkeys((*(known.firsts if known else ()), first))
                found[each.dataset] = replace(joined, firsts=tuple(firsts))
    for name, dataset in datasets.items():
        if name not in found and is_managed(dataset):
            found[name] = Expected(name, profiles_on(dataset))
    return found


def _joined(
    known: Expected | None, profile: str, root: str, wanted: Wanted, lacks: list[str]
) -> Expected:
    """Add what one profile asks for to what others do."""
    if known is None or known.wanted is None:
        wanted.profiles = [profile]
        return Expected(wanted.dataset, (profile,), root, wanted, tuple(lacks))
    first = known.wanted
    joined = Wanted(
        wanted.dataset,
        first.owner if first.owner is not None else wanted.owner,
        first.group if first.group is not None else wanted.group,
        first.mode if first.mode is not None else wanted.mode,
    )
    joined.profiles = [*known.profiles, profile]
    joined.values = {**wanted.values, **first.values}
    joined.inherited = {
        name: above
        for name, above in {**wanted.inherited, **first.inherited}.items()
        if name not in joined.values
    }
    joined.settings = {**wanted.settings, **first.settings}
    said = dict.fromkeys((*known.lacks, *lacks))
    return Expected(wanted.dataset, tuple(joined.profiles), root, joined, tuple(said))

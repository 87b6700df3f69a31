"""The datasets that profiles should have in a pool, by the notes on existing ones."""

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
    """One dataset that zfstune manages, or that should exist.

    Attributes:
        dataset: Full name.
        profiles: Names of the profiles that ask for it, or that its note names.
        root: The dataset that their paths hang below; empty where none of the profiles
            is known.
        wanted: The values that they ask for on this pool, None: none of the profiles is
            known, or the dataset only holds others.
        lacks: Sentences about values that this pool cannot take or has no use for.
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
    """Find the roots that profiles were applied below.

    Args:
        datasets: The datasets of a pool.
        load: Loads a profile by name, or raises ProfileError.

    Returns:
        Root to the profiles below it by name. It leaves out profiles that cannot be
        loaded, since they came from a file, and profiles that have no such dataset now.
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
                # Of two paths that fit, as "a/log" and "log", the longer one is meant.
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
    """Return the datasets that profiles should have, and all other managed datasets.

    Each profile is planned alone, since two may contradict each other, as where a variant
    took the place of another. Where the note on a dataset names profiles, only these
    count for it.

    Args:
        roots: Root to the profiles below it by name.
        datasets: The datasets of the pool by name.
        pool: The pool.
        limits: The limits of the running module.
    """
    expected: dict[str, Expected] = {}
    for root, profiles in roots.items():
        for name, profile in profiles.items():
            alone = Request((profile,), root=root, allow_unsafe=True)
            all_wanted = wanted_datasets(alone, pool, limits)
            cautions = list(weigh_wanted(alone, all_wanted, pool, limits))
            for wanted in all_wanted:
                full_name = wanted.dataset
                dataset = datasets.get(full_name)
                noted = profiles_on(dataset) if dataset is not None else ()
                if noted and name not in noted:
                    continue  # another profile has taken it over
                lacks = [c.message for c in cautions if c.dataset == full_name]
                known = expected.get(full_name)
                joined = _joined(known, name, root, wanted, lacks)
                first = f"{root}/{profile.datasets[0].path}"
                firsts = dict.fromkeys((*(known.firsts if known else ()), first))
                expected[full_name] = replace(joined, firsts=tuple(firsts))
    for name, dataset in datasets.items():
        if name not in expected and is_managed(dataset):
            expected[name] = Expected(name, profiles_on(dataset))
    return expected


def _joined(
    known: Expected | None, profile: str, root: str, wanted: Wanted, lacks: list[str]
) -> Expected:
    """Join the wants of one more profile with those of the profiles before it."""
    if known is None or known.wanted is None:
        wanted.profiles = [profile]
        return Expected(wanted.dataset, (profile,), root, wanted, tuple(lacks))
    earlier = known.wanted
    joined = Wanted(
        wanted.dataset,
        earlier.owner if earlier.owner is not None else wanted.owner,
        earlier.group if earlier.group is not None else wanted.group,
        earlier.mode if earlier.mode is not None else wanted.mode,
    )
    joined.profiles = [*known.profiles, profile]
    joined.values = {**wanted.values, **earlier.values}
    joined.inherited = {
        name: above
        for name, above in {**wanted.inherited, **earlier.inherited}.items()
        if name not in joined.values
    }
    joined.settings = {**wanted.settings, **earlier.settings}
    all_lacks = dict.fromkeys((*known.lacks, *lacks))
    return Expected(wanted.dataset, tuple(joined.profiles), root, joined, tuple(all_lacks))

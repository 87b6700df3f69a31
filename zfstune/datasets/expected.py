"""The datasets that profiles should have in a pool, by the notes on existing ones."""

from __future__ import annotations

from contextlib import suppress

from zfstune.datasets.cautions import weigh_wanted
from zfstune.datasets.request import Request
from zfstune.datasets.wanted import Wanted, wanted_datasets
from zfstune.profiles.profile import standing_at
from zfstune.values.errors import ProfileError
from zfstune.values.frozen import frozen, replace
from zfstune.values.marks import STANDS_FOR_PROPERTY, is_managed, profiles_on
from zfstune.values.names import parent_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zfstune.profiles.profile import Profile
    from zfstune.values.state import Dataset, Limits, PoolInfo


__all__ = ["Expected", "StandingProfile", "find_standing", "placed_roots", "see_profiles"]


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
        at: The dataset that the profile was put on; empty: the paths of profiles count.
    """

    dataset: str
    profiles: tuple[str, ...]
    root: str = ""
    wanted: Wanted | None = None
    lacks: tuple[str, ...] = ()
    firsts: tuple[str, ...] = ()
    at: str = ""


@frozen
class StandingProfile:
    """A profile that was put on a dataset where it lies.

    Attributes:
        dataset: That dataset.
        name: Name of the profile.
        profile: The profile, with its paths moved to there.
    """

    dataset: str
    name: str
    profile: Profile

    @property
    def root(self) -> str:
        """The dataset that the moved paths hang below."""
        return parent_of(self.dataset) or ""


def find_standing(
    datasets: Iterable[Dataset], load: Callable[[str], Profile]
) -> tuple[StandingProfile, ...]:
    """Find the profiles that were put on datasets where these lie.

    Args:
        datasets: The datasets of a pool.
        load: Loads a profile by name, or raises ProfileError.
    """
    found = []
    for dataset in datasets:
        path = dataset.local(STANDS_FOR_PROPERTY)
        if path is None or parent_of(dataset.name) is None:
            continue
        for name in profiles_on(dataset):
            with suppress(ProfileError):
                profile = load(name)
                if profile.datasets[0].path == path:
                    moved, _ = standing_at(profile, dataset.name.rpartition("/")[2])
                    found.append(StandingProfile(dataset.name, name, moved))
    return tuple(found)


def placed_roots(
    datasets: Iterable[Dataset],
    load: Callable[[str], Profile],
    standing: Iterable[StandingProfile] = (),
) -> dict[str, dict[str, Profile]]:
    """Find the roots that profiles were applied below.

    Args:
        datasets: The datasets of a pool.
        load: Loads a profile by name, or raises ProfileError.
        standing: Profiles that were put on datasets: they have no root, nor have the
            datasets below these.

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
                    d.path
                    for d in profile.datasets
                    if dataset.name.endswith("/" + d.path)
                    and not _stands(dataset.name, name, standing)
                ]
                if fitting:
                    root = dataset.name[: -len(max(fitting, key=len)) - 1]
                    roots.setdefault(root, {})[name] = profile
    return roots


def _stands(dataset: str, profile: str, standing: Iterable[StandingProfile]) -> bool:
    """Tell whether a dataset belongs to a profile that was put on it or above it."""
    return any(
        profile == each.name and f"{dataset}/".startswith(f"{each.dataset}/")
        for each in standing
    )


def see_profiles(
    roots: Mapping[str, Mapping[str, Profile]],
    datasets: Mapping[str, Dataset],
    pool: PoolInfo,
    limits: Limits,
    standing: Iterable[StandingProfile] = (),
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
        standing: Profiles that were put on datasets. The datasets that such a profile has
            below are expected only where they were made, since they may hide data.
    """
    expected: dict[str, Expected] = {}
    placed = [(r, n, p, "") for r, profiles in roots.items() for n, p in profiles.items()]
    placed += [(each.root, each.name, each.profile, each.dataset) for each in standing]
    for root, name, profile, at in placed:
        alone = Request((profile,), root=root, allow_unsafe=True)
        all_wanted = wanted_datasets(alone, pool, limits)
        cautions = list(weigh_wanted(alone, all_wanted, pool, limits))
        for wanted in all_wanted:
            full_name = wanted.dataset
            dataset = datasets.get(full_name)
            noted = profiles_on(dataset) if dataset is not None else ()
            if (noted and name not in noted) or (at and dataset is None):
                continue  # another profile has taken it over, or it was not made
            lacks = [c.message for c in cautions if c.dataset == full_name]
            known = expected.get(full_name)
            joined = _joined(known, name, root, wanted, lacks)
            first = f"{root}/{profile.datasets[0].path}"
            firsts = dict.fromkeys((*(known.firsts if known else ()), first))
            expected[full_name] = replace(joined, firsts=tuple(firsts), at=at)
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

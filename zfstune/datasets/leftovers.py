"""Find the datasets that an earlier role of this machine left and the new one lacks.

They stay, since nothing that zfstune does destroys a dataset. Only datasets of profiles
that belong to a role count. A profile that was applied by its own name, or from a file,
is on the machine because somebody wanted it there, whatever the role.
"""

from __future__ import annotations

from zfstune.datasets.plan import Leftover
from zfstune.profiles.roles import ROLES
from zfstune.values.marks import SCHEDULE_PROPERTY, is_managed, profiles_on
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from zfstune.values.state import Dataset


__all__ = ["find_leftovers"]

_ROLE_PROFILES = frozenset(name for role in ROLES for name in role.profiles)
_UNSCHEDULED = (None, "", "none")


def find_leftovers(
    datasets: Mapping[str, Dataset],
    root: str,
    wanted: Container[str],
    profiles: Iterable[str],
    roles: Iterable[str],
) -> tuple[Leftover, ...]:
    """Find the datasets that earlier roles left below a root.

    Args:
        datasets: The datasets that exist, by name; those not below `root` do not count.
        root: The dataset that the profiles' paths hang below.
        wanted: Names of the datasets that are asked for.
        profiles: Names of the profiles that are asked for, variants as ``web:seed``.
        roles: Names of the roles, for the reason.

    Returns:
        In the order of `datasets`.
    """
    asked = {_plain(name) for name in profiles}
    leftovers: dict[str, Leftover] = {}
    for name, dataset in datasets.items():
        noted = profiles_on(dataset)
        if not name.startswith(root + "/") or name in wanted:
            continue
        if noted and _ROLE_PROFILES.issuperset(map(_plain, noted)):
            leftovers[name] = Leftover(
                name,
                noted,
                _reason(noted, asked, roles),
                scheduled=dataset.local(SCHEDULE_PROPERTY) not in _UNSCHEDULED,
                shared=dataset.local("sharenfs") not in (None, "off"),
            )
    for name in sorted(datasets, reverse=True):  # children before their parents
        only_holds = profiles_on(datasets[name]) == () and is_managed(datasets[name])
        if name.startswith(root + "/") and only_holds and name not in wanted:
            below = {other for other in datasets if other.startswith(name + "/")}
            if below and below <= leftovers.keys():
                leftovers[name] = Leftover(name, (), "it only holds datasets that stay")
    return tuple(leftovers[name] for name in datasets if name in leftovers)


def _plain(profile: str) -> str:
    """Return a profile's name without its variant."""
    return profile.partition(":")[0]


def _reason(noted: tuple[str, ...], asked: set[str], roles: Iterable[str]) -> str:
    again = [shown(name) for name in noted if _plain(name) in asked]
    if again:
        verb = "asks" if len(again) == 1 else "ask"
        return f"{_counted('profile', again)} no longer {verb} for it"
    named = list(roles)
    verb = "does" if len(named) == 1 else "do"
    made_for = _counted("profile", [shown(name) for name in noted])
    return f"made for {made_for}, which {_counted('role', named)} {verb} not have"


def _counted(word: str, names: list[str]) -> str:
    """Return names behind a word in the singular or the plural."""
    return f"{word}{'' if len(names) == 1 else 's'} {', '.join(names)}"

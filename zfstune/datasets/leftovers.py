"""What an earlier role of a machine left: datasets that the present one does not have.

They stay, and are no part of the work: nothing that zfstune does destroys a dataset.
Told of are those of profiles that a role brings. What was applied by its own name, or
from a file, is on the machine because somebody wanted it there, whatever its role.
"""

from __future__ import annotations

from zfstune.datasets.plan import Leftover
from zfstune.profiles.roles import ROLES
from zfstune.values.marks import SCHEDULE_PROPERTY, is_managed, profiles_on
from zfstune.values.text import for_shell, shown

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
    """Find what earlier roles left below a root.

    Args:
        datasets: Those there are, by name; what is not below `root` is passed over.
        root: What the paths of profiles hang below.
        wanted: Names of the datasets that are asked for.
        profiles: Names of the profiles that are asked for, variants as ``web:seed``.
        roles: Names of the roles, for the reason.

    Returns:
        In the order of `datasets`.
    """
    asked = {_plain(name) for name in profiles}
    found: dict[str, Leftover] = {}
    for name, dataset in datasets.items():
        on = profiles_on(dataset)
        if not name.startswith(root + "/") or name in wanted:
            continue
        if on and _ROLE_PROFILES.issuperset(map(_plain, on)):
            reason = _reason(on, asked, roles)
            found[name] = Leftover(
                name,
                on,
                reason,
                scheduled=dataset.local(SCHEDULE_PROPERTY) not in _UNSCHEDULED,
                shared=dataset.local("sharenfs") not in (None, "off"),
            )
    for name in sorted(datasets, reverse=True):  # what lies below comes first
        only_holds = profiles_on(datasets[name]) == () and is_managed(datasets[name])
        if name.startswith(root + "/") and only_holds and name not in wanted:
            below = {each for each in datasets if each.startswith(name + "/")}
            if below and below <= found.keys():
                found[name] = Leftover(name, (), "it only holds such datasets")
    return tuple(found[name] for name in datasets if name in found)


def _plain(profile: str) -> str:
    return profile.partition(":")[0]


def _reason(on: tuple[str, ...], asked: set[str], roles: Iterable[str]) -> str:
    again = [shown(name) for name in on if _plain(name) in asked]
    if again:
        return f"profile {', '.join(again)} has no such dataset any more"
    what = "profile" if len(on) == 1 else "profiles"
    return f"{what} {', '.join(map(shown, on))}, and not of role {', '.join(roles)}"

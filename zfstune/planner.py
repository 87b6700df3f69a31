"""From what is there and what is wanted to what has to happen: values in, a plan out.

Two promises shape this module. Carried out whole, a plan leaves nothing for the
next one to do. Carried out in part, down to a dataset that ZFS made but never got
its properties, it leaves a state from which the next plan reaches the same end.
No step destroys anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfstune.actions import Plan
from zfstune.draft import Draft
from zfstune.errors import PlanError
from zfstune.names import ancestors_of
from zfstune.wanted import wanted_datasets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.profile import Profile
    from zfstune.properties import Limits
    from zfstune.state import Dataset, Mount, PoolInfo

__all__ = ["make_plan"]


def make_plan(
    profiles: Iterable[Profile],
    *,
    root: str,
    datasets: Mapping[str, Dataset],
    mounts: Mapping[str, Mount],
    pool: PoolInfo,
    accounts: Mapping[str, int],
    groups: Mapping[str, int],
    overrides: Mapping[str, str],
    limits: Limits,
    default_root: bool,
    owner: bool = True,
    allow_unsafe: bool = False,
) -> Plan:
    """Plan what it takes for profiles to be in force below a root.

    Args:
        profiles: At least one.
        root: The dataset their paths hang below; made where it is missing.
        datasets: By name: each ancestor of `root` that exists, `root`, and all
            below it. More does no harm.
        mounts: What is mounted, by dataset, of all pools.
        pool: The pool that `root` lies in.
        accounts: Users by name; :func:`zfstune.wanted.wanted_accounts` says whose.
        groups: Groups by name.
        overrides: Property to value for the first dataset of each profile.
        limits: What the running module takes.
        default_root: `root` was zfstune's choice, not the user's.
        owner: Give directories their owner and mode.
        allow_unsafe: Let `overrides` disable sync.

    Returns:
        The plan; :attr:`Plan.pending` is False where nothing is to be done.

    Raises:
        PlanError: The state of the system forbids it; nothing has changed.
        InvalidProperty: An override is no property or value of a filesystem.
    """
    profiles = list(profiles)
    wanted, cautions = wanted_datasets(
        profiles,
        root=root,
        pool=pool,
        overrides=overrides,
        limits=limits,
        allow_unsafe=allow_unsafe,
    )
    draft = Draft(datasets, mounts, pool, cautions)
    draft.check_root(root)
    if owner:
        _check_accounts(profiles, accounts, groups)
    by_name = {w.dataset: w for w in wanted}
    for ancestor in ancestors_of(root)[1:]:
        draft.container(ancestor, {"canmount": "off"}, for_root=False)
    if root != pool.name:
        below_pool = root.partition("/")[2]
        values = {"canmount": "off", "mountpoint": "/" + below_pool}
        draft.container(root, values, for_root=default_root)
    draft.mount(root)
    done = {root}
    for each in wanted:
        for name in (*ancestors_of(each.dataset), each.dataset):
            if name in done or not name.startswith(root + "/"):
                continue
            done.add(name)
            if name not in by_name:
                draft.container(name, {"canmount": "off"}, for_root=False)
                draft.mount(name)
                continue
            draft.dataset(by_name[name])
            path = draft.mount(name)
            draft.own(by_name[name], path, accounts, groups, owner=owner)
    draft.check_pool()
    return Plan(
        pool=pool.name,
        root=root,
        profiles=tuple(dict.fromkeys(p.name for p in profiles)),
        actions=tuple(draft.actions),
        warnings=tuple(draft.cautions),
        facts=_facts(pool),
        mountpoints={w.dataset: draft.path_of(w.dataset) for w in wanted},
    )


def _check_accounts(
    profiles: Iterable[Profile], accounts: Mapping[str, int], groups: Mapping[str, int]
) -> None:
    """Refuse, before anything changes, an owner that this system does not know."""
    for profile in profiles:
        for dataset in profile.datasets:
            for what, name, known in (
                ("user", dataset.owner, accounts),
                ("group", dataset.group, groups),
            ):
                if name is not None and name not in known:
                    message = (
                        f"cannot apply profile '{profile.name}': "
                        f"this system has no {what} '{name}'"
                    )
                    hint = (
                        f"install the package that creates {what} '{name}' first, "
                        "or leave owners alone with --no-owner"
                    )
                    raise PlanError(message, hint=hint)


def _facts(pool: PoolInfo) -> dict[str, object]:
    """Give what was weighed of the pool."""
    data = [v for v in pool.vdevs if v.role == "normal"]
    return {
        "vdevs": [v.kind for v in data],
        "ashift": pool.ashift,
        "redundant": pool.redundant,
        "rotational": pool.rotational,
        "altroot": pool.altroot,
    }

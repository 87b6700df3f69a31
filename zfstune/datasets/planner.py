"""Make a plan from a request and the state of the machine: values in, a plan out.

Two promises shape this module. A plan that was carried out whole leaves nothing for the
next one to do. After a plan that was cut short anywhere, even between the creation of a
dataset and the setting of its properties, the next plan reaches the same end.
No step destroys anything.
"""

from __future__ import annotations

from zfstune.datasets.actions import Export, MountDataset
from zfstune.datasets.cautions import weigh_wanted
from zfstune.datasets.draft import Draft
from zfstune.datasets.plan import Plan
from zfstune.datasets.wanted import wanted_datasets
from zfstune.profiles.fit import grub_reads
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.exports import export_lines, is_served, needs_change, without_effect
from zfstune.values.mountpoint import effective_mountpoint
from zfstune.values.names import ancestors_of
from zfstune.values.properties import feature_for
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.datasets.request import Machine, Request
    from zfstune.datasets.wanted import Wanted
    from zfstune.profiles.profile import Profile
    from zfstune.values.exports import Exports
    from zfstune.values.state import Dataset, Mount, PoolInfo

__all__ = ["make_plan", "paths_to_look_at"]


def make_plan(request: Request, machine: Machine) -> Plan:
    """Plan the steps that bring profiles into force below a root.

    Args:
        request: The request, of at least one profile.
        machine: The state of the machine; its `accounts` and `groups` have the names
            that :func:`zfstune.datasets.wanted.wanted_accounts` returns, if they exist.

    Raises:
        PlanError: The state of the system forbids it.
        InvalidProperty: An override is no property or value of a filesystem.
    """
    pool = machine.pool
    root = request.root_on(pool.name)
    wanted = wanted_datasets(request, pool, machine.limits)
    cautions = list(weigh_wanted(request, wanted, pool, machine.limits))
    managed = {w.dataset for w in wanted}
    draft = Draft(machine, cautions=cautions, managed=managed)
    draft.check_root(root)
    if request.owner and pool.mountable:
        _check_accounts(request.profiles, machine)
    if request.at is None:
        _plan_root(draft, root, chosen=request.root is None)
    else:
        wanted = _without_hiding(draft, wanted, request.at)
        for path in request.left_out:
            message = f"the profile has '{path}', too, which does not lie below it"
            draft.warn(request.at, message, "apply the profile without --at for that one")
    _plan_datasets(draft, _in_order(wanted, root), owner=request.owner)
    _warn_boot(draft, wanted, pool)
    draft.check_pool()
    return Plan(
        pool=pool.name,
        root=root,
        profiles=tuple(dict.fromkeys(p.name for p in request.profiles)),
        actions=tuple(draft.actions),
        warnings=tuple(draft.cautions),
        facts=_facts(pool),
        mountpoints={w.dataset: draft.path_of(w.dataset) for w in wanted},
        at=request.at or "",
    )


def _plan_root(draft: Draft, root: str, *, chosen: bool) -> None:
    """See to the root and the datasets above it.

    The root brings its own mountpoint: many installers set that of the pool to none,
    and all below the root would inherit it. The datasets above it then need none.

    Args:
        draft: The plan so far.
        root: The dataset that the profiles' paths hang below.
        chosen: zfstune chose the root, not the user.
    """
    for ancestor in ancestors_of(root)[1:]:
        draft.container(ancestor, {"canmount": "off"})
    if root != draft.pool.name:
        values = {"canmount": "off", "mountpoint": "/" + root.partition("/")[2]}
        draft.container(root, values, for_root=chosen)
    draft.mount(root)


def _plan_datasets(
    draft: Draft, ordered: Iterable[tuple[str, Wanted | None]], *, owner: bool
) -> None:
    """See to each dataset below the root: make or change it, mount it, set its owner.

    All datasets are mounted before any gets its owner: the owner of a directory could
    put a link where the next dataset is to be mounted.
    """
    mounted: list[tuple[Wanted, str | None]] = []
    for name, wanted in ordered:
        if wanted is None:
            draft.container(name, {"canmount": "off"})
            draft.mount(name)
            continue
        draft.dataset(wanted)
        mounted.append((wanted, draft.mount(name)))
    for wanted, path in mounted:
        draft.own(wanted, path, owner=owner)
    exports = draft.machine.exports
    for wanted, path in mounted:
        if exports is not None and path is not None:
            _plan_export(draft, wanted.dataset, path, exports)


def _without_hiding(draft: Draft, wanted: list[Wanted], at: str) -> list[Wanted]:
    """Leave out datasets that are not there and would hide data of the one above them.

    Args:
        draft: The plan so far.
        wanted: The datasets of the profile, parents first.
        at: The dataset that it is put on.
    """
    kept: list[Wanted] = []
    left: set[str] = set()
    for dataset in wanted:
        name = dataset.dataset
        reason, hint = ("", "")
        if name not in draft.now and left.isdisjoint(ancestors_of(name)):
            reason, hint = draft.would_hide(name, at)
        if reason:
            draft.warn(name, f"it is not made: {reason}", hint)
        if reason or not left.isdisjoint(ancestors_of(name)):
            left.add(name)
        else:
            kept.append(dataset)
    return kept


def paths_to_look_at(
    plan: Plan, datasets: Mapping[str, Dataset], mounts: Mapping[str, Mount]
) -> set[str]:
    """Return the paths that have to be looked at before the second, final plan.

    These are the paths of mounts to come and, since a link may be on the way, the
    paths where datasets belong that are mounted under another name.

    Args:
        plan: The first plan, made without places.
        datasets: The datasets that exist, by name.
        mounts: The mounts, by dataset.
    """
    paths = {a.path for a in plan.actions if isinstance(a, MountDataset)}
    altroot = str(plan.facts["altroot"])
    for name, mount in mounts.items():
        dataset = datasets.get(name)
        current = None if dataset is None else effective_mountpoint(dataset, altroot)
        for path in (current, plan.mountpoints.get(name)):
            if dataset is not None and path is not None and path != mount.path:
                paths.add(path)
    return paths


def _plan_export(draft: Draft, name: str, path: str, exports: Exports) -> None:
    """Plan that NFS serves a dataset that is shared, and stops serving one that is not."""
    shared = draft.future[name].properties.get("sharenfs")
    if shared is None:
        return
    if shared.value != "off" and not draft.set_here_on(name, "sharenfs"):
        message = "it is not exported: its sharenfs came with a stream"
        draft.warn(name, message, f"to export it: `zfs set sharenfs=... {for_shell(name)}`")
        return
    try:
        lines = export_lines(path, shared.value)
    except InvalidValue as error:
        message = f"it is not exported: {error.message}"
        if is_served(exports, path):
            message = (
                f"it is served the way `zfs share` reads its sharenfs: {error.message}"
            )
        draft.warn(name, message, error.hint)
        return
    message, hint = without_effect(shared.value)
    if message:
        draft.warn(name, message, hint)
    if not exports.available:
        if lines:
            message = "it is not exported: this system has no NFS server"
            draft.warn(
                name, message, "install nfs-kernel-server or nfs-utils, and apply again"
            )
        return
    if needs_change(exports, path, lines):
        draft.actions.append(Export(name, path, shared.value, lines))


def _warn_boot(draft: Draft, wanted: Iterable[Wanted], pool: PoolInfo) -> None:
    """Name features that this plan would use first on a pool that GRUB may boot from.

    The pool does not tell which loader boots it. If somebody has set its compatibility
    property, they have thought of the loader, and nothing is said.
    """
    if not pool.bootfs or pool.compatibility not in ("", "off"):
        return
    needed = {feature_for(n, v) or "" for w in wanted for n, v in w.values.items()}
    new = sorted(f for f in needed - pool.active - {""} if not grub_reads(pool, f))
    if new:
        features = " and ".join(new)
        message = f"{pool.bootfs} boots from this pool, and GRUB cannot read {features}"
        hint = (
            "ZFSBootMenu can; if GRUB boots this machine, first run "
            f"`zpool set compatibility=grub2 {for_shell(pool.name)}`, and zfstune does "
            "without such features"
        )
        draft.warn(pool.name, message, hint)


def _in_order(wanted: list[Wanted], root: str) -> Iterator[tuple[str, Wanted | None]]:
    """Yield the datasets below the root, parents first; None: it only holds others."""
    by_name = {dataset.dataset: dataset for dataset in wanted}
    done: set[str] = set()
    for target in by_name:
        for name in (*ancestors_of(target), target):
            if name.startswith(root + "/") and name not in done:
                done.add(name)
                yield name, by_name.get(name)


def _check_accounts(profiles: Iterable[Profile], machine: Machine) -> None:
    """Refuse, before anything changes, an owner that this system does not know."""
    for profile in profiles:
        for dataset in profile.datasets:
            for kind, name, known in (
                ("user", dataset.owner, machine.accounts),
                ("group", dataset.group, machine.groups),
            ):
                if name is not None and name not in known:
                    message = (
                        f"cannot apply profile '{profile.name}': "
                        f"this system has no {kind} '{name}'"
                    )
                    hint = (
                        f"install the package that creates {kind} '{name}' first, "
                        "or leave owners alone with --no-owner"
                    )
                    raise PlanError(message, hint=hint)


def _facts(pool: PoolInfo) -> dict[str, object]:
    """Return the facts of the pool that the plan depends on."""
    data = [v for v in pool.vdevs if v.role == "normal"]
    return {
        "vdevs": [v.kind for v in data],
        "ashift": pool.ashift,
        "redundant": pool.redundant,
        "rotational": pool.rotational,
        "altroot": pool.altroot,
        "mountable": pool.mountable,
    }

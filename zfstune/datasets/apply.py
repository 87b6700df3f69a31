"""Bring profiles into force: read the state of the machine, plan, carry the plan out."""

from __future__ import annotations

from contextlib import suppress

from zfstune.datasets.actions import Adjust, Create, Export, MountDataset, Remount, SetOwner
from zfstune.datasets.applied import standing_record, write_record
from zfstune.datasets.leftovers import find_leftovers
from zfstune.datasets.plan import Plan
from zfstune.datasets.planner import make_plan, paths_to_look_at
from zfstune.datasets.put_on import paths_below, put_on
from zfstune.datasets.request import Machine, Request
from zfstune.datasets.wanted import wanted_accounts
from zfstune.engine.open import using
from zfstune.engine.pools import choose_pool, ready_pool
from zfstune.host.accounts import group_numbers, user_numbers
from zfstune.host.nfs import export, read_exports
from zfstune.profiles.load import load, resolve_role
from zfstune.profiles.profile import Profile, in_variant
from zfstune.values import marks, names
from zfstune.values.errors import EngineError, NotFound, PlanError, ProfileError
from zfstune.values.frozen import frozen, replace
from zfstune.values.properties import settable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zfstune.datasets.actions import Action
    from zfstune.engine.protocol import Engine
    from zfstune.profiles.roles import Role
    from zfstune.values.state import Dataset


__all__ = ["Applied", "apply", "plan"]


@frozen
class Applied:
    """A plan and the part of it that was carried out.

    Attributes:
        plan: The plan.
        done: The actions carried out, in order; none in a dry run.
    """

    plan: Plan
    done: tuple[Action, ...]

    @property
    def changed(self) -> bool:
        """Whether anything changed."""
        return bool(self.done)

    def __bool__(self) -> bool:
        return self.changed

    def __str__(self) -> str:
        return "\n".join([*self.plan.lines(), *self.lines()])

    def lines(self) -> list[str]:
        """Return what was done for people; nothing where nothing was done."""
        count = len(self.done)
        return [f"done: {count} step{'s' if count > 1 else ''}"] if count else []

    def to_dict(self) -> dict[str, object]:
        """Return the plan as JSON takes it, and ``done``: how many actions ran."""
        return {**self.plan.to_dict(), "done": len(self.done)}


def plan(
    *profiles: str | Profile,
    roles: str | Iterable[str] = (),
    variant: str | None = None,
    pool: str | None = None,
    root: str | None = None,
    properties: Mapping[str, str] | None = None,
    owner: bool = True,
    allow_unsafe: bool = False,
    at: str | None = None,
    engine: Engine | None = None,
) -> Plan:
    """Plan what :func:`apply` would do, and change nothing.

    Args:
        profiles: Names of profiles (``postgres``, ``postgres:seed``), or profiles.
        roles: Roles whose profiles to use, too, as in ``web``; ``auto``: the role in
            this host's name.
        variant: Name of a variant, for each profile that has one of that name.
        pool: The pool to use; default: see :func:`zfstune.engine.pools.choose_pool`.
        root: Dataset that the profiles' datasets go below; default: ``POOL/data``.
        properties: Override or add values on the first dataset of each profile.
        owner: Give mounted directories the owner and mode of the profile.
        allow_unsafe: Let `properties` and variants disable sync or checksums.
        at: A dataset that exists: put the one profile on it, where it lies. Datasets that
            the profile has below it are made only where they hide no data.
        engine: Default: the running kernel's ZFS.

    Raises:
        ProfileError: No such profile or variant.
        PlanError: The state of the system forbids it.
        EngineError: ZFS refused a read.
        ZfsUnavailable: There is no ZFS here.
    """
    return apply(
        *profiles,
        roles=roles,
        variant=variant,
        pool=pool,
        root=root,
        properties=properties,
        owner=owner,
        allow_unsafe=allow_unsafe,
        at=at,
        dry_run=True,
        engine=engine,
    ).plan


def apply(
    *profiles: str | Profile,
    roles: str | Iterable[str] = (),
    variant: str | None = None,
    pool: str | None = None,
    root: str | None = None,
    properties: Mapping[str, str] | None = None,
    owner: bool = True,
    allow_unsafe: bool = False,
    at: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[Plan], None] | None = None,
) -> Applied:
    """Create and tune the datasets of profiles, mount them, give them their owner.

    A second call changes nothing. A call that was interrupted anywhere, by a
    crash or by kill -9, is finished by the next one. Nothing is ever destroyed.

    Args:
        profiles: Names of profiles (``postgres``, ``postgres:seed``), or profiles.
        roles: Roles whose profiles to use, too, as in ``web``; ``auto``: the role in
            this host's name.
        variant: Name of a variant, for each profile that has one of that name.
        pool: The pool to use; default: see :func:`zfstune.engine.pools.choose_pool`.
        root: Dataset that the profiles' datasets go below; default: ``POOL/data``.
        properties: Override or add values on the first dataset of each profile.
        owner: Give mounted directories the owner and mode of the profile.
        allow_unsafe: Let `properties` and variants disable sync or checksums.
        at: A dataset that exists: put the one profile on it, where it lies. Datasets that
            the profile has below it are made only where they hide no data.
        dry_run: Stop once the plan is made.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before the first change.

    Returns:
        The plan, and the actions of it that were carried out.

    Raises:
        ProfileError, PlanError, EngineError, ZfsUnavailable: As for :func:`plan`;
            changes made before an EngineError stay, and the next call goes on
            from there.
    """
    chosen = _resolved(roles)
    request = Request(
        _loaded(profiles, chosen, variant),
        tuple(role.name for role in chosen),
        pool,
        root,
        properties or {},
        owner,
        allow_unsafe,
    )
    request = request if at is None else put_on(request, at)
    with using(engine) as zfs:
        made = _plan(zfs, request)
        if show is not None:
            show(made)
        return Applied(made, () if dry_run else _carry_out(zfs, made.actions))


def _resolved(roles: str | Iterable[str]) -> list[Role]:
    return [resolve_role(name) for name in ((roles,) if isinstance(roles, str) else roles)]


def _loaded(
    profiles: Iterable[str | Profile], roles: Iterable[Role], variant: str | None
) -> tuple[Profile, ...]:
    """Load the named profiles and the profiles of the roles, in a variant."""
    asked = (*profiles, *(name for role in roles for name in role.profiles))
    loaded = (item if isinstance(item, Profile) else load(item) for item in asked)
    return tuple(in_variant(loaded, variant))


def _plan(engine: Engine, request: Request) -> Plan:
    if not request.profiles and request.roles:
        return _plan_nothing(engine, request)
    if not request.profiles:
        raise ProfileError(
            "cannot apply: no profile is named", hint="name one, such as `postgres`"
        )
    root, pool = request.root, request.pool
    if root is not None:
        names.check_dataset(root, creating=True)
        if pool not in (None, names.pool_of(root)):
            raise PlanError(
                f"cannot use root '{root}': it is not in pool '{pool}'",
                hint=f"leave out the pool, or choose a root such as {pool}/data",
            )
        pool = names.pool_of(root)
    if request.at is not None:
        engine.dataset(request.at)  # it exists
    machine = _look(engine, request, choose_pool(engine, pool))
    made = make_plan(request, machine)
    if machine.pool.mountable:
        # Only a plan tells which paths matter; the files found there may change it.
        paths = paths_to_look_at(made, machine.datasets, machine.mounts)
        paths |= paths_below(request, machine.mounts)
        if paths:
            made = make_plan(request, replace(machine, places=engine.places(paths)))
    return _with_leftovers(made, machine.datasets, request) if request.roles else made


def _look(engine: Engine, request: Request, pool: str) -> Machine:
    """Read all that a plan on a pool depends on."""
    info = ready_pool(engine, pool, operation="plan on pool")
    users, groups = wanted_accounts(request.profiles)
    return Machine(
        info,
        _datasets(engine, request.at or request.root_on(pool)),
        engine.mounts(),
        engine.limits,
        user_numbers(users),
        group_numbers(groups),
        read_exports() if info.mountable else None,
    )


def _plan_nothing(engine: Engine, request: Request) -> Plan:
    """Plan roles that have no profiles: such a plan only lists leftovers of earlier roles.

    Such a role needs no pool, so it is no error that none can be chosen.
    """
    root = request.root
    try:
        name = choose_pool(engine, names.pool_of(root) if root else request.pool)
    except (PlanError, NotFound):
        return Plan("", "", (), (), (), {}, {})
    base = request.root_on(name)
    made = Plan(name, base, (), (), (), {}, {})
    if engine.pool(name).suspended:  # reading from it could wait without end
        return made
    return _with_leftovers(made, _datasets(engine, base), request)


def _with_leftovers(plan: Plan, datasets: Mapping[str, Dataset], request: Request) -> Plan:
    left = find_leftovers(
        datasets, plan.root, plan.mountpoints, plan.profiles, request.roles
    )
    return replace(plan, leftovers=left)


def _datasets(engine: Engine, root: str) -> dict[str, Dataset]:
    """Read the root, all datasets below it, and its ancestors."""
    datasets: dict[str, Dataset] = {}
    for name in (*names.ancestors_of(root), root):
        if not engine.exists(name):
            return datasets
        datasets[name] = engine.dataset(name)
    datasets.update({dataset.name: dataset for dataset in engine.datasets(root)})
    return datasets


def _carry_out(engine: Engine, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    for number, action in enumerate(actions):
        try:
            _do(engine, action)
        except EngineError as error:
            if number:
                note = f"{number} of {len(actions)} steps are done; run it again to go on"
                error.hint = f"{error.hint}; {note}" if error.hint else note
            raise
    return actions


def _do(engine: Engine, action: Action) -> None:
    match action:
        case Create():
            engine.create(action.dataset, properties=settable(action.properties))
        case Adjust():
            _adjust(engine, action)
        case MountDataset():
            engine.mount(action.dataset, hide=False)
        case Remount():
            engine.remount(action.dataset)
        case Export():
            export(action.path, action.lines)
        case SetOwner():
            engine.give(action.dataset, uid=action.uid, gid=action.gid, mode=action.mode)


def _adjust(engine: Engine, action: Adjust) -> None:
    """Change properties, then note the values that were set, also if only some were."""
    for prop in action.inherited:
        engine.inherit(action.dataset, prop)
    try:
        if action.values:
            engine.set(action.dataset, settable(action.values))
    except EngineError:
        # Of several properties the kernel sets those that it can (zfs_set_prop_nvlist()
        # in module/zfs/zfs_ioctl.c).
        with suppress(EngineError):
            dataset = engine.dataset(action.dataset)
            before = dataset.local(marks.APPLIED_PROPERTY)
            meant = action.notes.get(marks.APPLIED_PROPERTY, before or "")
            note = standing_record(before, meant, dataset.local)
            if note != (before or write_record({})):
                engine.set(action.dataset, {marks.APPLIED_PROPERTY: note})
        raise
    if action.notes:
        engine.set(action.dataset, action.notes)

"""The datasets that profiles want: merged by name, with values that a pool can take."""

from __future__ import annotations

from zfstune.datasets.applied import passes_on, write_record
from zfstune.profiles.fit import fit_value
from zfstune.profiles.pool_rules import follow_rules
from zfstune.profiles.profile import Setting
from zfstune.values import properties as props
from zfstune.values.errors import InvalidName, InvalidProperty, PlanError
from zfstune.values.marks import APPLIED_PROPERTY, OWN_PREFIX
from zfstune.values.names import ancestors_of, check_dataset
from zfstune.values.property_rules import UNSAFE, display, is_unsafe
from zfstune.values.state import INHERITED, PropertyValue
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.datasets.request import Request
    from zfstune.profiles.profile import DatasetProfile, Profile, Snapshots
    from zfstune.values.state import PoolInfo


__all__ = ["Wanted", "wanted_accounts", "wanted_datasets"]

_ASKED = "asked for in this call"
_CONSENT = "consent to that loss with --allow-unsafe (allow_unsafe=True)"


class Wanted:
    """One dataset as the profiles want it on this pool.

    Attributes:
        dataset: Full name.
        profiles: Names of the profiles that ask for it.
        values: Property to canonical value.
        inherited: By property, the value that the dataset should inherit from a dataset
            above it, which gets the value from the same profile.
        settings: Property to the setting that asks for it.
        gave_way: Sentences about values that this pool cannot take.
        owner: User who owns the mounted directory, else None.
        group: Its group, else None.
        mode: Its permission bits, else None.
        snapshots: Its schedule and policy of snapshots, else None.
        stands_for: The path in the profile that it stands for; empty: its name ends in it.
    """

    __slots__ = (
        "dataset",
        "gave_way",
        "group",
        "inherited",
        "mode",
        "owner",
        "profiles",
        "settings",
        "snapshots",
        "stands_for",
        "values",
    )

    def __init__(
        self, dataset: str, owner: str | None, group: str | None, mode: int | None
    ) -> None:
        self.dataset = dataset
        self.owner = owner
        self.group = group
        self.mode = mode
        self.snapshots: Snapshots | None = None
        self.stands_for = ""
        self.profiles: list[str] = []
        self.values: dict[str, str] = {}
        self.inherited: dict[str, PropertyValue] = {}
        self.settings: dict[str, Setting] = {}
        self.gave_way: list[str] = []

    def asked(self, name: str) -> bool:
        """Tell whether a value was given with the call, not by a profile."""
        return name in self.settings and self.settings[name].why == _ASKED


def wanted_accounts(profiles: Iterable[Profile]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the users and groups in profiles, to look their numbers up."""
    datasets = [dataset for profile in profiles for dataset in profile.datasets]
    return (
        frozenset(d.owner for d in datasets if d.owner is not None),
        frozenset(d.group for d in datasets if d.group is not None),
    )


def wanted_datasets(request: Request, pool: PoolInfo, limits: props.Limits) -> list[Wanted]:
    """Merge profiles and overrides, and cut values down to those that the pool takes.

    Args:
        request: The profiles, each of which counts once, the overrides, and the root
            that the profiles hang below.
        pool: The pool, with its features and vdevs.
        limits: The limits of the running module.

    Returns:
        The datasets, in the order of the profiles.

    Raises:
        PlanError: Two profiles contradict each other, or the pool cannot take an
            override.
        InvalidProperty: An override is no property or value of a filesystem.
    """
    root, overrides = request.root_on(pool.name), request.overrides
    profiles = _distinct(request.profiles)
    _check_overrides(request, profiles, limits)
    if not request.allow_unsafe:
        _check_safety(profiles)
    profiles = [follow_rules(profile, pool) for profile in profiles]
    merged: dict[str, Wanted] = {}
    for profile in profiles:
        for dataset in profile.datasets:
            _merge(merged, f"{root}/{dataset.path}", dataset, profile)
    for profile in profiles:
        first = merged[f"{root}/{profile.datasets[0].path}"]
        for name, value in overrides.items():
            first.settings[name] = Setting(name, value, _ASKED, "")
    if request.at is not None:
        merged[request.at].stands_for = request.stands_for
    for wanted in merged.values():
        _check_name(wanted)
        _fit(wanted, pool, limits)
        _check_together(wanted, limits)
    for wanted in merged.values():
        _pass_on(wanted, merged)
    return list(merged.values())


def _distinct(profiles: Iterable[Profile]) -> list[Profile]:
    """Return each profile once; different profiles of one name would undo each other."""
    by_name: dict[str, Profile] = {}
    for profile in profiles:
        if by_name.setdefault(profile.name, profile) != profile:
            message = f"cannot plan '{profile.name}': two different profiles have that name"
            raise PlanError(message, hint="rename one of them")
    if not by_name:
        raise PlanError(
            "cannot plan without a profile: none was given",
            hint="name one, such as `postgres`; `zfstune profiles` lists them",
        )
    return list(by_name.values())


def _check_overrides(
    request: Request, profiles: list[Profile], limits: props.Limits
) -> None:
    """Refuse overrides that no dataset may have, or only one of several."""
    overrides = request.overrides
    for name in overrides:
        if name.startswith(OWN_PREFIX):
            reason = f"names that begin with {OWN_PREFIX} are zfstune's own notes"
            message = f"cannot set '{name}': {reason}"
            raise PlanError(message)
    props.check(dict(overrides), kind="filesystem", creating=True, limits=limits)
    for name, value in overrides.items():
        if is_unsafe(name, value) and not request.allow_unsafe:
            message = f"cannot set '{name}={value}': with it, {UNSAFE[name].loss}"
            raise PlanError(message, hint=_CONSENT)
    if overrides.get("mountpoint", "").startswith("/") and len(profiles) > 1:
        message = "cannot set 'mountpoint': two profiles would mount at the same place"
        raise PlanError(message, hint="apply the profiles one at a time")


def _check_safety(profiles: list[Profile]) -> None:
    """Refuse a variant that gives up safety, unless the caller consented to the loss."""
    for profile in profiles:
        for dataset in profile.datasets:
            for setting in dataset.settings:
                name = setting.property
                if is_unsafe(name, setting.value):
                    unsafe = UNSAFE[name]
                    message = (
                        f"cannot plan '{profile.name}': it would {unsafe.doing} on "
                        f"{dataset.path}, and then {unsafe.loss}"
                    )
                    raise PlanError(message, hint=_CONSENT)


def _pass_on(wanted: Wanted, merged: Mapping[str, Wanted]) -> None:
    """Note the values that a dataset should inherit from datasets above in its profiles."""
    for name in reversed(ancestors_of(wanted.dataset)):
        above = merged.get(name)
        if above is None or not set(above.profiles) & set(wanted.profiles):
            continue
        for prop, value in above.values.items():
            if prop not in wanted.values and passes_on(prop):
                inherited = PropertyValue(value, INHERITED, name)
                wanted.inherited.setdefault(prop, inherited)


def _check_name(wanted: Wanted) -> None:
    """Refuse a path that is too long or too deep below this root."""
    try:
        check_dataset(wanted.dataset, creating=True)
    except InvalidName as error:
        message = f"cannot plan '{wanted.dataset}': {error.message}"
        raise PlanError(message, hint=error.hint) from error


def _check_together(wanted: Wanted, limits: props.Limits) -> None:
    """Refuse values that are valid one by one and contradict each other."""
    try:
        values = props.settable(wanted.values)
        props.check(values, kind="filesystem", creating=True, limits=limits)
        # The note of all values must fit into one user property.
        note = {APPLIED_PROPERTY: write_record(wanted.values)}
        props.check(note, kind="filesystem", creating=True)
    except InvalidProperty as error:
        message = f"cannot plan '{wanted.dataset}': {error.message}"
        raise PlanError(message, hint=error.hint) from error


def _merge(
    merged: dict[str, Wanted], name: str, dataset: DatasetProfile, profile: Profile
) -> None:
    """Add the wants of one profile; refuse those that contradict another profile's."""
    wanted = merged.get(name)
    if wanted is None:
        wanted = Wanted(name, dataset.owner, dataset.group, dataset.mode)
        merged[name] = wanted
    pairs = [
        ("owner", wanted.owner, dataset.owner),
        ("group", wanted.group, dataset.group),
        ("mode", wanted.mode, dataset.mode),
        (
            "snapshots",
            _schedule_and_policy(wanted.snapshots),
            _schedule_and_policy(dataset.snapshots),
        ),
    ]
    for setting in dataset.settings:
        known = wanted.settings.setdefault(setting.property, setting)
        pairs.append((setting.property, _canonical(known), _canonical(setting)))
    for aspect, earlier, later in pairs:
        if None not in (earlier, later) and earlier != later:
            message = (
                f"cannot plan '{name}': profiles '{wanted.profiles[0]}' and "
                f"'{profile.name}' want different values of {aspect}"
            )
            raise PlanError(
                message, hint="apply the profiles below different roots (--root)"
            )
    wanted.owner = wanted.owner if wanted.owner is not None else dataset.owner
    wanted.group = wanted.group if wanted.group is not None else dataset.group
    wanted.mode = wanted.mode if wanted.mode is not None else dataset.mode
    wanted.snapshots = wanted.snapshots or dataset.snapshots
    wanted.profiles.append(profile.name)


def _schedule_and_policy(snapshots: Snapshots | None) -> str | None:
    return None if snapshots is None else f"{snapshots.every} {snapshots.keep}"


def _canonical(setting: Setting) -> str:
    return props.canonical(setting.property, setting.value)


def _fit(wanted: Wanted, pool: PoolInfo, limits: props.Limits) -> None:
    """Fill in ``wanted.values`` with the nearest values that the pool takes."""
    for name, setting in list(wanted.settings.items()):
        asked = _canonical(setting)
        value, lack = fit_value(name, asked, pool, limits)
        if lack and wanted.asked(name):
            message = f"cannot set '{name}={setting.value}': {lack}"
            hint = f"`zpool get all {for_shell(pool.name)}` lists the features of the pool"
            if name == "redundant_metadata":
                hint = "use redundant_metadata=all: others need a mirror, raidz or draid"
            raise PlanError(message, hint=hint)
        asked_text = f"{name}={display(name, asked)}"
        if value is None:
            del wanted.settings[name]
            wanted.gave_way.append(f"{asked_text} is left out: {lack}")
            continue
        wanted.values[name] = value
        if lack:
            wanted.gave_way.append(f"{asked_text} became {display(name, value)}: {lack}")

"""Compare datasets with what they should be: read and judge, change nothing."""

from __future__ import annotations

import os
from time import time

from zfstune.datasets.expected import Expected, placed_roots, see_profiles
from zfstune.engine.open import using
from zfstune.engine.pools import choose_pool
from zfstune.health.findings import DAMAGED, Finding, Verdict, Verification
from zfstune.health.freshness import dues_of, fresh, log_pairs, torn, unkept
from zfstune.health.verdicts import Seen, judge_dataset, judge_pool
from zfstune.host.accounts import group_numbers, user_numbers
from zfstune.host.file_sample import MOST_FILES, sample_files
from zfstune.host.nfs import read_exports
from zfstune.profiles.load import load, profile_names, resolve_role
from zfstune.profiles.profile import Profile
from zfstune.retention.store import stored_policies
from zfstune.schedules.cadence import NO_SCHEDULE, parse_cadence
from zfstune.values import names
from zfstune.values.errors import Damaged, PolicyError
from zfstune.values.frozen import frozen, replace
from zfstune.values.marks import (
    POLICY_PROPERTY,
    SCHEDULE_PROPERTY,
    is_auto_name,
    is_managed,
    set_here_on,
)
from zfstune.values.mountpoint import effective_mountpoint
from zfstune.values.text import file_hint, for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.retention.policy import Followed
    from zfstune.schedules.cadence import Cadence
    from zfstune.values.state import Dataset, FileSample, Mount, Place, PoolInfo, Snapshot

__all__ = ["verify"]


def verify(
    *targets: str | Profile,
    roles: str | Iterable[str] = (),
    pool: str | None = None,
    root: str | None = None,
    owner: bool = True,
    files: int = MOST_FILES,
    engine: Engine | None = None,
) -> Verification:
    """Look for drift: datasets that are not set, mounted, owned or snapshotted as asked.

    Args:
        targets: Names of profiles, profiles, or names of datasets, each of which includes
            all managed datasets below it. Default: all managed datasets.
        roles: Roles, whose profiles are looked at, as in ``web``; ``auto``: the role of
            the host's name.
        pool: Look in this pool only.
        root: The dataset below which the profiles were applied; default: where they are
            found, else ``POOL/data``.
        owner: Look at owner and mode of mounted directories.
        files: How many files of a dataset to look at, for 2 seconds at most, to find
            blocks of another size than its recordsize; 0: none.
        engine: Default: the running kernel's ZFS.

    Raises:
        ProfileError: There is no such profile or role.
        NotFound: No such pool is imported.
        PlanError: A profile is applied nowhere, and several pools are imported.
        EngineError: ZFS refused a read.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        asked = _asked(zfs, targets, (roles,) if isinstance(roles, str) else tuple(roles))
        if asked.nothing:
            return Verification((), ())
        if root is not None:
            pool = pool or names.pool_of(names.check_dataset(root))
            if not asked.profiles:
                asked = replace(asked, datasets=(*asked.datasets, root))
        looked = [_look(zfs, name) for name in _pools(zfs, asked, pool)]
        chosen = _choose(zfs, looked, asked, pool, root)
        verdicts = [
            verdict
            for look in looked
            for verdict in _judge(
                zfs,
                look,
                chosen,
                profile_files=asked.files(),
                owner=owner,
                files=files,
            )
        ]
        roots = () if asked.profiles else asked.datasets
        verdicts += [verdict for look in looked for verdict in look.within(roots)]
    verdicts.sort(key=lambda verdict: verdict.name.split("/"))
    return Verification(tuple(judge_pool(look.pool) for look in looked), tuple(verdicts))


@frozen
class _Asked:
    """The request of one call; without profiles and datasets, all is looked at.

    Attributes:
        profiles: The profiles, by the names that the caller used.
        datasets: Names of datasets.
        nothing: The roles that were asked for have no profiles.
        own: The profiles that were given as values, not by name.
    """

    profiles: Mapping[str, Profile]
    datasets: tuple[str, ...]
    nothing: bool = False
    own: tuple[Profile, ...] = ()

    def files(self) -> dict[str, str]:
        """Return the files of the profiles that were not given by name, by plain name."""
        return {
            profile.name.partition(":")[0]: profile.origin
            for profile in self.own
            if os.path.isfile(profile.origin)
        }

    def load(self, name: str) -> Profile:
        """Return the profile of that name that was given, or else load it."""
        return self.profiles.get(name) or load(name)


@frozen
class _Looked:
    """One pool, its datasets, and the reasons why others cannot be read.

    Attributes:
        pool: The pool.
        datasets: Its datasets by name; none of a suspended pool.
        damaged: The reason by name, for each dataset that cannot be read.
    """

    pool: PoolInfo
    datasets: Mapping[str, Dataset]
    damaged: Mapping[str, str]

    def within(self, roots: tuple[str, ...]) -> Iterator[Verdict]:
        """Judge the datasets that cannot be read.

        Args:
            roots: Names of datasets: only these and all below; empty: all.
        """
        for name, reason in self.damaged.items():
            if not roots or any(name == r or name.startswith(f"{r}/") for r in roots):
                yield _damaged(name, reason)


def _asked(
    engine: Engine, targets: tuple[str | Profile, ...], roles: tuple[str, ...]
) -> _Asked:
    profiles: dict[str, Profile] = {}
    datasets: list[str] = []
    for target in targets:
        if isinstance(target, Profile):
            profiles[target.name] = target
        elif file_hint(target) and (target[0] != "/" or target.endswith(".toml")):
            profiles[target] = load(target)  # its error says how a file is named
        elif "/" in target or (target in engine.pools() and not _is_profile(target)):
            datasets.append(names.check_dataset(target))
        else:
            profiles[target] = load(target)
    for role in roles:
        profiles.update({name: load(name) for name in resolve_role(role).profiles})
    nothing = bool(roles) and not profiles and not datasets
    own = tuple(target for target in targets if isinstance(target, Profile))
    return _Asked(profiles, tuple(datasets), nothing, own)


def _is_profile(word: str) -> bool:
    return word in profile_names()


def _pools(engine: Engine, asked: _Asked, pool: str | None) -> list[str]:
    if pool is not None:
        return [choose_pool(engine, pool)]
    if asked.datasets and not asked.profiles:
        pools = dict.fromkeys(names.pool_of(name) for name in asked.datasets)
        return [choose_pool(engine, name) for name in pools]
    return list(engine.pools())


def _look(engine: Engine, name: str) -> _Looked:
    pool = engine.pool(name)
    # A read from a suspended pool may never return.
    listed = [] if pool.suspended else engine.datasets(name)
    return _Looked(
        pool,
        {dataset.name: dataset for dataset in listed if not dataset.damaged},
        {dataset.name: dataset.damaged for dataset in listed if dataset.damaged},
    )


def _damaged(name: str, reason: str) -> Verdict:
    pool = names.pool_of(name)
    hint = (
        f"`zpool status -v {for_shell(pool)}` says more; restore the dataset from a backup"
    )
    return Verdict(name, (Finding(DAMAGED, f"it cannot be read: {reason}", hint),))


def _choose(
    engine: Engine,
    looked: list[_Looked],
    asked: _Asked,
    pool: str | None,
    root: str | None,
) -> dict[str, Expected]:
    """Choose the datasets to look at, those that are missing included."""
    limits = engine.limits
    known: dict[str, Expected] = {}
    for look in looked:
        roots = placed_roots(look.datasets.values(), asked.load)
        known.update(see_profiles(roots, look.datasets, look.pool, limits))
    if not (asked.profiles or asked.datasets):
        return known
    chosen = {
        name: expected
        for name, expected in known.items()
        if any(name == top or name.startswith(top + "/") for top in asked.datasets)
    }
    by_pool = {look.pool.name: look for look in looked}
    for name, profile in asked.profiles.items():
        placed = {n: e for n, e in known.items() if _has_profile(e.profiles, name)}
        if root is not None or not placed:
            base = root or names.default_root(choose_pool(engine, pool))
            look = by_pool[names.pool_of(base)]
            placed = see_profiles({base: {name: profile}}, look.datasets, look.pool, limits)
            placed = {n: e for n, e in placed.items() if e.root == base}
        chosen.update(placed)
    for name in asked.datasets:
        chosen.setdefault(name, Expected(name, ()))
    unread = {name for look in looked for name in look.damaged}
    return {
        name: expected
        for name, expected in chosen.items()
        if by_pool[names.pool_of(name)].datasets and name not in unread
    }


def _has_profile(profiles: Iterable[str], name: str) -> bool:
    """Tell whether a profile is among these, in any of its variants."""
    return any(name in (profile, profile.partition(":")[0]) for profile in profiles)


def _judge(
    engine: Engine,
    look: _Looked,
    chosen: Mapping[str, Expected],
    *,
    profile_files: Mapping[str, str],
    owner: bool,
    files: int,
) -> Iterator[Verdict]:
    in_pool = {n: e for n, e in chosen.items() if names.pool_of(n) == look.pool.name}
    wanted = [e.wanted for e in in_pool.values() if e.wanted is not None]
    mounts = engine.mounts() if in_pool else {}
    seen = Seen(
        look.pool,
        look.datasets,
        mounts,
        user_numbers({w.owner for w in wanted if w.owner is not None}),
        group_numbers({w.group for w in wanted if w.group is not None}),
        names.default_root(look.pool.name),
        owner,
        read_exports() if in_pool and look.pool.mountable else None,
        _places(engine, look, in_pool, mounts),
        profile_files,
    )
    snapshots = _Snapshots(engine, look.datasets, in_pool)
    for name, expected in in_pool.items():
        try:
            findings = tuple(snapshots.findings(name))
        except Damaged as error:
            yield _damaged(name, error.reason)
            continue
        yield judge_dataset(expected, seen, findings, _sample(seen, name, files))


def _places(
    engine: Engine, look: _Looked, chosen: Iterable[str], mounts: Mapping[str, Mount]
) -> Mapping[str, Place]:
    """Look where mountpoints lead: a link may be why a mount has another path."""
    paths = set()
    for name in chosen:
        dataset, mount = look.datasets.get(name), mounts.get(name)
        if dataset is None:
            continue
        path = effective_mountpoint(dataset, look.pool.altroot)
        if path is not None and (mount is None or mount.path != path):
            paths.add(path)
    return engine.places(paths) if paths and look.pool.mountable else {}


def _sample(seen: Seen, name: str, files: int) -> FileSample | None:
    mount: Mount | None = seen.mounts.get(name)
    if not files or name not in seen.datasets or mount is None or mount.hidden:
        return None
    try:
        return sample_files(mount.path, most=files)
    except OSError:  # unmounted meanwhile, or closed to this user
        return None


class _Snapshots:
    """Finds faults of snapshots, and lists those of a dataset at most once.

    Args:
        engine: The engine that has the datasets.
        datasets: All datasets of the pool, by name.
        chosen: The datasets that are looked at, by name.
    """

    def __init__(
        self,
        engine: Engine,
        datasets: Mapping[str, Dataset],
        chosen: Mapping[str, Expected],
    ) -> None:
        self.engine = engine
        self.datasets = datasets
        # The datasets that may hold data, each with whether a profile manages it. A
        # dataset that zfstune made only to hold others has no data worth a snapshot.
        self.holding = {
            name: bool(expected.profiles)
            for name, expected in chosen.items()
            if name in datasets and (expected.profiles or not is_managed(datasets[name]))
        }
        self.listed: dict[str, list[Snapshot]] = {}
        self.now = int(_now())

    def listing(self, name: str) -> list[Snapshot]:
        """List the snapshots of one dataset, oldest first."""
        if name not in self.listed:
            self.listed[name] = self.engine.snapshots(name, dated=True)
        return self.listed[name]

    def findings(self, name: str) -> Iterator[Finding]:
        """Report snapshots that are late or, of data with a log of its own, torn."""
        if name not in self.holding:
            return
        try:
            followed = self._followed(name)
            cadence, scheduled_on = self._cadence(name)
        except PolicyError as error:
            yield Finding("stale-snapshots", error.message, error.hint)
            return
        dues = list(dues_of(followed, cadence, scheduled_on))
        if dues:
            yield from fresh(self.datasets[name], dues, self.listing(name), self.now)
        policy, set_on = (followed.policy, followed.set_on) if followed else (None, "")
        if name in (set_on, scheduled_on):  # once, not on each dataset below
            yield from unkept(name, cadence, policy)
        covers = is_auto_name if policy is None else policy.scope()
        for log, data in log_pairs(n for n, managed in self.holding.items() if managed):
            if data == name:
                yield from torn(log, data, self.listing, covers)

    def _followed(self, name: str) -> Followed | None:
        """Return the policy that a dataset follows, if any."""
        dataset = self.datasets[name]
        if dataset.value(POLICY_PROPERTY) is None:
            return None
        return stored_policies(self.engine, [dataset]).get(name)

    def _cadence(self, name: str) -> tuple[Cadence | None, str]:
        """Return the schedule that a dataset follows, and the dataset that has it set."""
        dataset = self.datasets[name]
        text = dataset.value(SCHEDULE_PROPERTY)
        origin = set_here_on(dataset, SCHEDULE_PROPERTY, self.datasets.get)
        if text in (None, "", NO_SCHEDULE) or not origin:
            return None, ""
        return parse_cadence(text), origin


def _now() -> float:
    return time()

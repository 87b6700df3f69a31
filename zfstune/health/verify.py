"""Hold what is there against what was to be: read, judge, change nothing."""

from __future__ import annotations

import os
from time import time

from zfstune.datasets.expected import Expected, placed_roots, see_profiles
from zfstune.engine.open import using
from zfstune.engine.pools import choose_pool
from zfstune.health.findings import DAMAGED, Finding, Verdict, Verification
from zfstune.health.verdicts import Seen, judge_dataset, judge_pool
from zfstune.host.accounts import group_numbers, user_numbers
from zfstune.host.file_sample import MOST_FILES, sample_files
from zfstune.host.nfs import read_exports
from zfstune.profiles.load import load, resolve_role
from zfstune.profiles.profile import Profile
from zfstune.values import marks, names
from zfstune.values.errors import Damaged, PolicyError
from zfstune.values.frozen import frozen, replace
from zfstune.values.marks import is_managed, set_here_on
from zfstune.values.mountpoint import effective_mountpoint
from zfstune.values.text import file_hint, for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.retention.policy import Policy
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
    """Look for drift: what is not as it was set, mounted, owned or snapshotted.

    Args:
        targets: Names of profiles, profiles, or names of datasets: these and what
            zfstune manages below them. Default: all that it manages.
        roles: The profiles of roles, as in ``web``; ``auto``: that of the host's name.
        pool: Look in this pool only.
        root: Where the profiles were applied; default: where they are found, else
            ``POOL/data``.
        owner: Look at owner and mode of mounted directories.
        files: How many files of a dataset to look at for blocks of a size that it
            no longer asks for, 2 seconds long at the most; 0: none.
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
            for one in looked
            for verdict in _judge(
                zfs,
                one,
                chosen,
                profile_files=asked.files(),
                owner=owner,
                files=files,
            )
        ]
        roots = () if asked.profiles else asked.datasets
        verdicts += [verdict for one in looked for verdict in one.within(roots)]
    verdicts.sort(key=lambda verdict: verdict.name.split("/"))
    return Verification(tuple(judge_pool(one.pool) for one in looked), tuple(verdicts))


@frozen
class _Asked:
    """What to look at; neither profiles nor datasets: all; `nothing`: a role without.

    `own` are those profiles that were given as such, and not by a name.
    """

    profiles: Mapping[str, Profile]
    datasets: tuple[str, ...]
    nothing: bool = False
    own: tuple[Profile, ...] = ()

    def files(self) -> dict[str, str]:
        """Give the files of the profiles that were given as such, by plain name."""
        return {
            profile.name.partition(":")[0]: profile.origin
            for profile in self.own
            if os.path.isfile(profile.origin)
        }

    def load(self, name: str) -> Profile:
        """Load a profile: one that was given, else by name."""
        return self.profiles.get(name) or load(name)


@frozen
class _Looked:
    """One pool and its datasets; one that is suspended has none to show."""

    pool: PoolInfo
    datasets: Mapping[str, Dataset]
    damaged: Mapping[str, str]

    def within(self, roots: tuple[str, ...]) -> Iterator[Verdict]:
        """Say which datasets cannot be read, of these and what is below them.

        Args:
            roots: Empty: any may be meant.
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
            profiles[target] = load(target)  # which says how a file is named
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
    from zfstune.profiles.load import profile_names  # noqa: PLC0415 (for pools alone)

    return word in profile_names()


def _pools(engine: Engine, asked: _Asked, pool: str | None) -> list[str]:
    if pool is not None:
        return [choose_pool(engine, pool)]
    if asked.datasets and not asked.profiles:
        found = dict.fromkeys(names.pool_of(name) for name in asked.datasets)
        return [choose_pool(engine, name) for name in found]
    return list(engine.pools())


def _look(engine: Engine, name: str) -> _Looked:
    pool = engine.pool(name)
    # a suspended pool may hold back whoever reads from it, without end
    listed = [] if pool.suspended else engine.datasets(name)
    return _Looked(
        pool,
        {each.name: each for each in listed if not each.damaged},
        {each.name: each.damaged for each in listed if each.damaged},
    )


def _damaged(name: str, reason: str) -> Verdict:
    pool = names.pool_of(name)
    hint = f"`zpool status -v {for_shell(pool)}` says more; restore it from a backup"
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
    every: dict[str, Expected] = {}
    for one in looked:
        roots = placed_roots(one.datasets.values(), asked.load)
        every.update(see_profiles(roots, one.datasets, one.pool, limits))
    if not (asked.profiles or asked.datasets):
        return every
    chosen = {
        name: each
        for name, each in every.items()
        if any(name == top or name.startswith(top + "/") for top in asked.datasets)
    }
    by_pool = {one.pool.name: one for one in looked}
    for name, profile in asked.profiles.items():
        placed = {n: e for n, e in every.items() if _names(e.profiles, name)}
        if root is not None or not placed:
            base = root or names.default_root(choose_pool(engine, pool))
            one = by_pool[names.pool_of(base)]
            placed = see_profiles({base: {name: profile}}, one.datasets, one.pool, limits)
            placed = {n: e for n, e in placed.items() if e.root == base}
        chosen.update(placed)
    for name in asked.datasets:
        chosen.setdefault(name, Expected(name, ()))
    unread = {name for one in looked for name in one.damaged}
    return {
        name: each
        for name, each in chosen.items()
        if by_pool[names.pool_of(name)].datasets and name not in unread
    }


def _names(profiles: Iterable[str], name: str) -> bool:
    """Tell whether a profile is among these, in any of its variants."""
    return any(name in (one, one.partition(":")[0]) for one in profiles)


def _judge(
    engine: Engine,
    one: _Looked,
    chosen: Mapping[str, Expected],
    *,
    profile_files: Mapping[str, str],
    owner: bool,
    files: int,
) -> Iterator[Verdict]:
    mine = {n: e for n, e in chosen.items() if names.pool_of(n) == one.pool.name}
    wanted = [e.wanted for e in mine.values() if e.wanted is not None]
    mounts = engine.mounts() if mine else {}
    seen = Seen(
        one.pool,
        one.datasets,
        mounts,
        user_numbers({w.owner for w in wanted if w.owner is not None}),
        group_numbers({w.group for w in wanted if w.group is not None}),
        names.default_root(one.pool.name),
        owner,
        read_exports() if mine and one.pool.mountable else None,
        _places(engine, one, mine, mounts),
        profile_files,
    )
    snapshots = _Snapshots(engine, one.datasets, mine)
    for name, expected in mine.items():
        try:
            found = tuple(snapshots.findings(name))
        except Damaged as error:
            yield _damaged(name, error.reason)
            continue
        yield judge_dataset(expected, seen, found, _sample(seen, name, files))


def _places(
    engine: Engine, one: _Looked, mine: Iterable[str], mounts: Mapping[str, Mount]
) -> Mapping[str, Place]:
    """Look at the paths of what is not mounted there: a link or a file may be the cause."""
    paths = set()
    for name in mine:
        found, mount = one.datasets.get(name), mounts.get(name)
        path = None if found is None else effective_mountpoint(found, one.pool.altroot)
        if path is not None and (mount is None or mount.path != path):
            paths.add(path)
    return engine.places(paths) if paths and one.pool.mountable else {}


def _sample(seen: Seen, name: str, files: int) -> FileSample | None:
    mount: Mount | None = seen.mounts.get(name)
    if not files or name not in seen.datasets or mount is None or mount.hidden:
        return None
    try:
        return sample_files(mount.path, most=files)
    except OSError:  # unmounted meanwhile, or not ours to read
        return None


class _Snapshots:
    """What is found of snapshots; each dataset's are listed once, if at all."""

    def __init__(
        self, engine: Engine, datasets: Mapping[str, Dataset], mine: Mapping[str, Expected]
    ) -> None:
        self.engine = engine
        self.datasets = datasets
        # what is there only to hold others has no data that snapshots could save
        self.holding = {
            name: bool(each.profiles)
            for name, each in mine.items()
            if name in datasets and (each.profiles or not is_managed(datasets[name]))
        }
        self.listed: dict[str, list[Snapshot]] = {}
        self.now = int(_now())

    def of(self, name: str) -> list[Snapshot]:
        """Give those of one dataset, oldest first."""
        if name not in self.listed:
            self.listed[name] = self.engine.snapshots(name, dated=True)
        return self.listed[name]

    def findings(self, name: str) -> Iterator[Finding]:
        """Say whether they are fresh and, for data with a log of its own, whole."""
        if name not in self.holding:
            return
        from zfstune.health.freshness import (  # noqa: PLC0415 (slow)
            dues_of,
            fresh,
            log_pairs,
            torn,
            unkept,
        )

        try:
            policy, stored_on = self._policy(name)
            cadence, scheduled_on = self._cadence(name)
        except PolicyError as error:
            yield Finding("stale-snapshots", error.message, error.hint)
            return
        dues = list(dues_of(policy, stored_on, cadence, scheduled_on))
        if dues:
            yield from fresh(self.datasets[name], dues, self.of(name), self.now)
        if name in (stored_on, scheduled_on):  # once, not on each dataset below
            yield from unkept(name, cadence, policy)
        covers = marks.is_auto_name if policy is None else policy.scope()
        for log, data in log_pairs(n for n, managed in self.holding.items() if managed):
            if data == name:
                yield from torn(log, data, self.of, covers)

    def _policy(self, name: str) -> tuple[Policy | None, str]:
        from zfstune.retention.store import stored_policies  # noqa: PLC0415 (few have one)
        from zfstune.values.marks import POLICY_PROPERTY  # noqa: PLC0415 (as above)

        dataset = self.datasets[name]
        if dataset.value(POLICY_PROPERTY) is None:
            return None, ""
        stored = stored_policies(self.engine, [dataset])
        followed = stored.get(name)
        return (None, "") if followed is None else (followed.policy, followed.set_on)

    def _cadence(self, name: str) -> tuple[Cadence | None, str]:
        from zfstune.schedules.cadence import (  # noqa: PLC0415 (few have one)
            NONE,
            parse_cadence,
        )
        from zfstune.values.marks import SCHEDULE_PROPERTY  # noqa: PLC0415 (few have one)

        dataset = self.datasets[name]
        text = dataset.value(SCHEDULE_PROPERTY)
        origin = set_here_on(dataset, SCHEDULE_PROPERTY, self.datasets.get)
        if text in (None, "", NONE) or not origin:
            return None, ""
        return parse_cadence(text), origin


def _now() -> float:
    return time()

"""Compare datasets with what they should be: read and judge, change nothing."""

from __future__ import annotations

import os

from zfstune.datasets.expected import Expected, find_standing, placed_roots, see_profiles
from zfstune.engine.open import using
from zfstune.engine.pools import choose_pool
from zfstune.health.findings import (
    DAMAGED,
    Finding,
    Verdict,
    remedied_elsewhere,
)
from zfstune.health.inspect_snapshots import SnapshotInspection
from zfstune.health.observe_targets import observe_targets
from zfstune.health.replication_faults import (
    is_open_copy,
    open_copy,
    replication_findings,
)
from zfstune.health.verdicts import Seen, judge_dataset, judge_pool
from zfstune.health.verification import Verification
from zfstune.host.accounts import group_numbers, user_numbers
from zfstune.host.file_sample import MOST_FILES, sample_files
from zfstune.host.nfs import read_exports
from zfstune.profiles.load import load, profile_names, resolve_role
from zfstune.profiles.profile import Profile
from zfstune.snapshots.at_work import is_at_work
from zfstune.values import names
from zfstune.values.errors import Damaged
from zfstune.values.frozen import frozen, replace
from zfstune.values.marks import scratch_mark
from zfstune.values.mountpoint import effective_mountpoint
from zfstune.values.replication_marks import noted_places
from zfstune.values.text import file_hint, for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset, FileSample, Mount, Place, PoolInfo

__all__ = ["verify"]


def verify(
    *targets: str | Profile,
    roles: str | Iterable[str] = (),
    pool: str | None = None,
    root: str | None = None,
    owner: bool = True,
    files: int = MOST_FILES,
    engine: Engine | None = None,
    passed: Callable[[int, int], object] = lambda *_: None,
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
        passed: Is told after each dataset how many were looked at, and of how many.

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
        verdicts: list[Verdict] = []
        for look in looked:
            for verdict in _judge(
                zfs, look, chosen, profile_files=asked.files(), owner=owner, files=files
            ):
                verdicts.append(verdict)
                passed(len(verdicts), len(chosen))
        verdicts += [verdict for look in looked for verdict in look.within(asked.roots())]
        if zfs.file:
            verdicts = [remedied_elsewhere(verdict) for verdict in verdicts]
    verdicts.sort(key=lambda verdict: verdict.name.split("/"))
    return Verification(
        tuple(judge_pool(look.pool, look.leftovers) for look in looked), tuple(verdicts)
    )


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

    def roots(self) -> tuple[str, ...]:
        """Return the datasets whose trees were asked for; none: all were."""
        return () if self.profiles else self.datasets

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
        leftovers: Scratch datasets whose measurement was killed.
    """

    pool: PoolInfo
    datasets: Mapping[str, Dataset]
    damaged: Mapping[str, str]
    leftovers: tuple[str, ...]

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
        tuple(
            dataset.name
            for dataset in listed
            if (mark := scratch_mark(dataset))
            and not is_at_work(engine, dataset.name, mark)
        ),
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
        standing = find_standing(look.datasets.values(), asked.load)
        roots = placed_roots(look.datasets.values(), asked.load, standing)
        known.update(see_profiles(roots, look.datasets, look.pool, limits, standing))
    if not (asked.profiles or asked.datasets):
        for look in looked:  # managed or not
            for name, dataset in look.datasets.items():
                if noted_places(dataset) or is_open_copy(dataset):
                    known.setdefault(name, Expected(name, ()))
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
    snapshots = SnapshotInspection(engine, look.datasets, in_pool)
    for name, expected in in_pool.items():
        try:
            findings = tuple(_findings(snapshots, look, name))
        except Damaged as error:
            yield _damaged(name, error.reason)
            continue
        yield judge_dataset(expected, seen, findings, _sample(seen, name, files))


def _findings(snapshots: SnapshotInspection, look: _Looked, name: str) -> Iterator[Finding]:
    """Report faults of a dataset's snapshots, and of the targets that they are sent to."""
    yield from snapshots.findings(name)
    if name in look.datasets:
        interval = snapshots.interval_seconds(name)
        dataset = look.datasets[name]
        yield from open_copy(dataset)
        for observed in observe_targets(snapshots.engine, dataset, interval):
            yield from replication_findings(observed)


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

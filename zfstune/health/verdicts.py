"""Judge pools and datasets: what is wrong with them, and the remedy."""

from __future__ import annotations

from types import MappingProxyType

from zfstune.datasets.applied import read_given
from zfstune.datasets.cautions import is_nearly_full
from zfstune.health.block_sizes import stale_blocks
from zfstune.health.drift import Asked, drift, set_above
from zfstune.health.findings import Finding, Verdict
from zfstune.values import properties as props
from zfstune.values.errors import InvalidValue
from zfstune.values.exports import export_lines, is_served, needs_change, without_effect
from zfstune.values.frozen import frozen
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY, is_managed, set_here_on
from zfstune.values.mountpoint import (
    effective_mountpoint,
    in_the_way,
    mount_blocker,
    mount_differs,
)
from zfstune.values.property_rules import is_unsafe
from zfstune.values.size import format_size
from zfstune.values.text import for_shell, nearest_dataset, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.datasets.expected import Expected
    from zfstune.values.exports import Exports
    from zfstune.values.state import Dataset, FileSample, Mount, Place, PoolInfo

__all__ = ["Seen", "judge_dataset", "judge_pool"]

_NO_NUMBERS: Mapping[str, int] = MappingProxyType({})
_NO_FILES: Mapping[str, str] = MappingProxyType({})
_NO_PLACES: Mapping[str, Place] = MappingProxyType({})


@frozen
class Seen:
    """The facts that the verdicts on the datasets of one pool rest on.

    Attributes:
        pool: The pool.
        datasets: Its datasets by name.
        mounts: Mounts by name of the dataset.
        accounts: Numbers of the users that profiles name; a user that is missing here
            does not exist.
        groups: Numbers of the groups that profiles name.
        default_root: The dataset below which profiles are applied by default.
        owner: Whether owner and mode are looked at.
        exports: The paths that NFS serves; None: they are not looked at.
        places: By mountpoint, the place that it leads to, of datasets that are not
            mounted under that very path.
        files: Files of profiles that were given as files, by plain name.
    """

    pool: PoolInfo
    datasets: Mapping[str, Dataset]
    mounts: Mapping[str, Mount]
    accounts: Mapping[str, int] = _NO_NUMBERS
    groups: Mapping[str, int] = _NO_NUMBERS
    default_root: str = ""
    owner: bool = True
    exports: Exports | None = None
    places: Mapping[str, Place] = _NO_PLACES
    files: Mapping[str, str] = _NO_FILES


def judge_pool(pool: PoolInfo, leftovers: tuple[str, ...] = ()) -> Verdict:
    """Judge whether a pool is whole, works, and has room.

    Args:
        pool: The pool.
        leftovers: Names of its scratch datasets whose measurement was killed.
    """
    return Verdict(pool.name, tuple(_pool_findings(pool, leftovers)))


def _pool_findings(pool: PoolInfo, leftovers: tuple[str, ...]) -> Iterator[Finding]:
    status = f"zpool status -v {for_shell(pool.name)}"
    if pool.suspended:
        yield Finding(
            "suspended",
            "it lost its devices and waits for them",
            f"bring the devices back, then: zpool clear {for_shell(pool.name)}",
        )
        return
    if pool.health != "ONLINE" or pool.ailing:
        ailing = ", ".join(pool.ailing)
        note = f"it is {pool.health}" + (f": {ailing}" if ailing else "")
        yield Finding("unhealthy", note, f"{status}, then replace the failed devices")
    if pool.damaged:
        note = f"{pool.damaged} of its blocks cannot be read any more"
        yield Finding("unhealthy", note, f"{status} names the files: restore them")
    if is_nearly_full(pool):
        left = format_size(pool.free_bytes, exact=False)
        note = f"less than a tenth of it is free ({left}): writes get slow"
        yield Finding("low-on-space", note, "make room, or add a vdev")
    for name in leftovers:
        yield Finding(
            "leftover",
            f"a measurement that was killed left {name}",
            "the next zfstune measure, apply, prune or snapshot there removes it",
        )


def judge_dataset(
    expected: Expected,
    seen: Seen,
    snapshot_findings: tuple[Finding, ...],
    sample: FileSample | None,
) -> Verdict:
    """Judge how a dataset differs from what it should be.

    Args:
        expected: The dataset as it should be.
        seen: The facts about its pool.
        snapshot_findings: Findings about its snapshots.
        sample: Some of its files; None: none were looked at.
    """
    dataset = seen.datasets.get(expected.dataset)
    if dataset is None:
        missing = Finding("missing", "there is no such dataset", _near(expected, seen))
        if expected.profiles:
            note = f"profile {', '.join(expected.profiles)} asks for it"
            missing = Finding("missing", note, _command(expected, seen))
        return Verdict(expected.dataset, (missing,), expected.profiles)
    if expected.wanted is not None and dataset.kind != "filesystem":
        note = (
            f"profile {', '.join(expected.profiles)} asks for it, and a {dataset.kind} "
            "of that name is in the way"
        )
        new_name = for_shell(f"{dataset.name}-old")
        hint = f"zfs rename {for_shell(dataset.name)} {new_name}"
        missing = Finding("missing", note, hint)
        return Verdict(expected.dataset, (missing,), expected.profiles)
    findings = [Finding("unsupported", lack) for lack in expected.lacks]
    wanted = None if expected.wanted is None else expected.wanted.values
    asked = Asked(
        wanted,
        set_above(dataset, expected.wanted, seen.datasets) if is_managed(dataset) else {},
        _command(expected, seen),
        _command(expected, seen, given=False),
    )
    findings += drift(dataset, asked)
    if dataset.kind == "filesystem" and seen.pool.mountable:
        findings += _mounting(expected, dataset, seen)
    elif dataset.value("keystatus") == "unavailable":
        findings.append(_locked(dataset))
    if sample is not None:
        findings += stale_blocks(sample, int(dataset.value("recordsize") or 0))
    return Verdict(dataset.name, (*findings, *snapshot_findings), expected.profiles)


def _near(expected: Expected, seen: Seen) -> str:
    """Name the dataset that was most likely meant."""
    near = nearest_dataset(expected.dataset, seen.datasets)
    return f"did you mean '{shown(near)}'? see `zfstune list`" if near else ""


def _command(expected: Expected, seen: Seen, *, given: bool = True) -> str:
    """Write the command that applies the profiles again; empty: there is none.

    An apply withdraws each value that it does not name, so the command repeats the
    values that were given with ``-o``. It gives the same values to the first dataset of
    each profile, so there is no such command where these had different values.
    """
    if expected.wanted is None:
        return ""
    noted = [_given(seen, name) for name in expected.firsts] if given else []
    values = noted[0] if noted else {}
    if any(other != values for other in noted):
        return ""
    words = ["zfstune apply", *(_named(name, seen.files) for name in expected.profiles)]
    if expected.at:
        words.append(f"--at {for_shell(expected.at)}")
    elif expected.root != seen.default_root:
        words.append(f"--root {for_shell(expected.root)}")
    else:
        words.append(f"--pool {for_shell(seen.pool.name)}")
    words += [
        f"-o {for_shell(f'{name}={value}')}"
        for name, value in props.settable(values).items()
    ]
    both = (*expected.wanted.values.items(), *values.items())
    if any(is_unsafe(name, value) for name, value in both):
        words.append("--allow-unsafe")
    return " ".join(words)


def _named(profile: str, files: Mapping[str, str]) -> str:
    """Write the words that name a profile on the command line."""
    name, _, variant = profile.partition(":")
    if name not in files:
        return for_shell(profile)
    file = f"--profile {for_shell(files[name])}"
    return f"{file} --variant {for_shell(variant)}" if variant else file


def _given(seen: Seen, name: str) -> dict[str, str]:
    """Read the values that were given with ``-o`` for a dataset."""
    dataset = seen.datasets.get(name)
    given = read_given(None if dataset is None else dataset.local(APPLIED_PROPERTY))
    return {
        name: value
        for name, value in given.items()
        if props.find(name) or props.is_user(name)
    }


def _locked(dataset: Dataset) -> Finding:
    root = dataset.value("encryptionroot") or dataset.name
    note = "its encryption key is not loaded"
    return Finding(
        "key-not-loaded", note, f"zfs load-key {for_shell(root)}, then zfstune apply"
    )


def _mounting(expected: Expected, dataset: Dataset, seen: Seen) -> Iterator[Finding]:
    """Report a filesystem that is not mounted where and as its properties say."""
    mount = seen.mounts.get(dataset.name)
    if dataset.value("keystatus") == "unavailable":
        yield _locked(dataset)
        return
    only_holds = expected.wanted is None and dataset.local(PROFILE_PROPERTY) is None
    if mount is None:
        yield from () if only_holds else _unmounted(expected, dataset, seen)
        return
    path = effective_mountpoint(dataset, seen.pool.altroot)
    place = None if path is None else seen.places.get(path)
    places = (path, None if place is None else place.real)
    if path is not None and mount.path not in places:
        note = f"it is mounted at {mount.path} and belongs at {path}"
        name = for_shell(dataset.name)
        again = f"zfs unmount {name} && zfs mount {name}"
        hint = f"stop the programs that use it, then: {again}"
        yield Finding("unmounted", note, hint)
    if mount.hidden:
        note = f"something else is mounted over {mount.path}"
        hint = f"findmnt {for_shell(mount.path)} shows the other mount; unmount that one"
        yield Finding("unmounted", note, hint)
        return
    if mount.options is not None and path is not None:
        differs = mount_differs(dataset, mount.options, readonly_pool=seen.pool.readonly)
        if differs:
            note = f"its mount options differ from its properties, which ask for {differs}"
            hint = _command(expected, seen) or f"mount -o remount {for_shell(mount.path)}"
            yield Finding("stale-mount", note, hint)
    yield from _owner(expected, mount, seen)
    if expected.profiles:
        yield from _exported(expected, dataset, mount.path, seen)


def _exported(
    expected: Expected, dataset: Dataset, path: str, seen: Seen
) -> Iterator[Finding]:
    """Report a filesystem that NFS does not serve as its sharenfs says."""
    shared = dataset.properties.get("sharenfs")
    if seen.exports is None or shared is None:
        return
    if shared.value != "off" and not set_here_on(dataset, "sharenfs", seen.datasets.get):
        return  # it came with a stream, so nobody here asked for it
    try:
        lines = export_lines(path, shared.value)
    except InvalidValue as error:  # somebody else set it: apply would have refused
        how = (
            "served as `zfs share` reads it"
            if is_served(seen.exports, path)
            else "not served"
        )
        note = f"{path} is {how}: {error.message}"
        yield Finding("not-exported", note, error.hint, "sharenfs", shared.value)
        return
    note, hint = without_effect(shared.value)
    if note:
        yield Finding("not-exported", note, hint, "sharenfs", shared.value)
    if not seen.exports.available:
        if lines:
            note = f"sharenfs is {shared.value}, and this system has no NFS server"
            yield Finding("not-exported", note, "install nfs-kernel-server or nfs-utils")
    elif needs_change(seen.exports, path, lines):
        fault = f"is served though sharenfs is {shared.value}"
        if lines:
            fault = f"is not served as sharenfs={shared.value} says"
        note = f"{path} {fault}"
        hint = _command(expected, seen) or "zfs share -a"
        yield Finding("not-exported", note, hint, "sharenfs", shared.value)


def _unmounted(expected: Expected, dataset: Dataset, seen: Seen) -> Iterator[Finding]:
    if dataset.value("canmount") in ("off", "noauto"):
        return
    blocker = mount_blocker(dataset)
    if blocker is not None:
        origin = dataset.properties["mountpoint"].origin if "mountpoint" in blocker else ""
        example = for_shell(f"mountpoint=/{origin}")
        command = f"zfs set {example} {for_shell(origin)}"
        hint = f"give it a mountpoint, as in: {command}" if origin else ""
        yield Finding("unmounted", f"it cannot be mounted: {blocker}", hint)
        return
    path = effective_mountpoint(dataset, seen.pool.altroot)
    hint = _command(expected, seen) or f"zfs mount {for_shell(dataset.name)}"
    note = f"it is not mounted, and belongs at {path}"
    place = seen.places.get(path or "")
    blocked = None if place is None else in_the_way(place)
    if blocked is not None:
        reason, way_out = blocked
        note, hint = f"{note}: {reason}", f"{way_out}; then: {hint}"
    yield Finding("unmounted", note, hint)


def _owner(expected: Expected, mount: Mount, seen: Seen) -> Iterator[Finding]:
    """Report a mounted directory with another owner or mode than the profiles ask for."""
    wanted = expected.wanted
    if wanted is None or not seen.owner:
        return
    if mount.uid is None or mount.mode is None:
        if (wanted.owner, wanted.group, wanted.mode) != (None, None, None):
            note = f"this user may not look at owner and mode of {mount.path}"
            yield Finding("unseen", note, "run this command as root")
        return
    differences: list[str] = []
    for kind, name, known, have in (
        ("user", wanted.owner, seen.accounts, mount.uid),
        ("group", wanted.group, seen.groups, mount.gid),
    ):
        if name is None:
            continue
        if name not in known:
            # Nothing was given away before its package is there: root still has it all.
            awaited = (mount.uid, mount.gid) == (0, 0)
            state = "awaited-owner" if awaited else "wrong-owner"
            note = f"{mount.path} should belong to {kind} {name}, who does not exist"
            hint = f"install the package that creates {kind} '{name}'"
            yield Finding(state, note, hint)
            if awaited:
                return  # apply gives the mode together with the owner
        elif known[name] != have:
            differences.append(f"{kind} {have} instead of {name} ({known[name]})")
    if wanted.mode is not None and wanted.mode != mount.mode:
        differences.append(f"mode {mount.mode:04o} instead of {wanted.mode:04o}")
    if differences:
        note = f"{mount.path} has {', '.join(differences)}"
        yield Finding("wrong-owner", note, _command(expected, seen))

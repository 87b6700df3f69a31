"""Findings about pools, mounts, owners and shares, each one whole."""

from __future__ import annotations

import pytest

from judged import FIXED, expect, judge, only
from model_pool import ACCOUNTS, Model, app_profile, applied, pool_info
from zfstune.datasets.expected import Expected
from zfstune.health.block_sizes import stale_blocks
from zfstune.health.findings import Finding, Verdict
from zfstune.health.verdicts import Seen, judge_dataset, judge_pool
from zfstune.values.exports import Exports, export_lines
from zfstune.values.frozen import replace
from zfstune.values.state import FileSample, FileSize, Place

AGAIN = "zfstune apply app --pool tank"
NOTHING = Exports({}, frozenset(), frozenset())
SERVED = {"/data/app": export_lines("/data/app", "on")}
PLACE = Place("/data/app", "/data/app")


@pytest.mark.parametrize(
    ("change", "state", "note", "hint"),
    [
        (
            {"health": "DEGRADED"},
            "unhealthy",
            "it is DEGRADED",
            "zpool status -v tank, then replace the failed devices",
        ),
        (
            {"ailing": ("/dev/a FAULTED", "/dev/b OFFLINE")},
            "unhealthy",
            "it is ONLINE: /dev/a FAULTED, /dev/b OFFLINE",
            "zpool status -v tank, then replace the failed devices",
        ),
        (
            {"damaged": 1},
            "unhealthy",
            "1 of its blocks cannot be read any more",
            "zpool status -v tank names the files: restore them",
        ),
        (
            {"size_bytes": 1 << 40, "free_bytes": 100_000_000_000},
            "low-on-space",
            "less than a tenth of it is free (93.1G): writes get slow",
            "make room, or add a vdev",
        ),
        (
            {"suspended": True, "health": "SUSPENDED", "free_bytes": 0, "damaged": 2},
            "suspended",
            "it lost its devices and waits for them",
            "bring the devices back, then: zpool clear tank",
        ),
    ],
)
def test_each_fault_of_a_pool(
    change: dict[str, object], state: str, note: str, hint: str
) -> None:
    """A pool's finding names the fault and the first command to type."""
    pool = replace(pool_info(), **change)
    assert judge_pool(pool) == Verdict("tank", (Finding(state, note, hint),))


def test_a_pool_with_several_faults() -> None:
    """Each fault is a finding of its own; a tenth that is free is enough."""
    pool = replace(pool_info(), health="DEGRADED", damaged=2, size_bytes=1000)
    states = [f.state for f in judge_pool(replace(pool, free_bytes=99)).findings]
    assert states == ["unhealthy", "unhealthy", "low-on-space"]
    states = [f.state for f in judge_pool(replace(pool, free_bytes=100)).findings]
    assert states == ["unhealthy", "unhealthy"]


OVER = "findmnt /data/app shows the other mount; unmount that one"
AT_MNT = (
    "stop the programs that use it, then: "
    "zfs unmount tank/data/app && zfs mount tank/data/app"
)
STALE = "its mount options differ from its properties, which ask for +noatime -relatime"
NOT_SEEN = "this user may not look at owner and mode of /data/app"


@pytest.mark.parametrize(
    ("change", "state", "note", "hint", "alone"),
    [
        (
            {"path": "/mnt"},
            "unmounted",
            "it is mounted at /mnt and belongs at /data/app",
            AT_MNT,
            AT_MNT,
        ),
        (
            {"hidden": True},
            "unmounted",
            "something else is mounted over /data/app",
            OVER,
            OVER,
        ),
        (
            {"options": frozenset({"rw", "relatime"})},
            "stale-mount",
            STALE,
            AGAIN,
            "mount -o remount /data/app",
        ),
        (
            {"uid": 0, "gid": 0, "mode": 0o55},
            "wrong-owner",
            (
                "/data/app has user 0 instead of app (1000), "
                "group 0 instead of app (1000), mode 0055 instead of 0750"
            ),
            AGAIN,
            None,
        ),
        (
            {"mode": 0o755},
            "wrong-owner",
            "/data/app has mode 0755 instead of 0750",
            AGAIN,
            None,
        ),
        ({"uid": None}, "unseen", NOT_SEEN, "run this command as root", None),
        ({"mode": None}, "unseen", NOT_SEEN, "run this command as root", None),
    ],
)
def test_each_fault_of_a_mount(
    change: dict[str, object], state: str, note: str, hint: str, alone: str | None
) -> None:
    """Without the profile, the remedy is a command of the system, and owners are free."""
    model = applied(FIXED)
    mount = model.mounts["tank/data/app"]
    model.mounts["tank/data/app"] = replace(mount, **change)
    assert only(judge(model, FIXED).values()) == Finding(state, note, hint)
    found = [f for v in judge(model).values() for f in v.findings]
    assert found == ([] if alone is None else [Finding(state, note, alone)])


def test_owners_that_nobody_asked_for() -> None:
    """A profile without owner and mode takes any, also those that cannot be seen."""
    wants = app_profile(atime="off")
    model = applied(wants)
    mount = model.mounts["tank/data/app"]
    for change in ({"uid": 7, "gid": 7, "mode": 0o777}, {"uid": None, "mode": None}):
        model.mounts["tank/data/app"] = replace(mount, **change)
        assert judge(model, wants)["tank/data/app"].findings == ()


def test_a_dataset_that_is_not_mounted() -> None:
    """The finding has the place where it belongs, what is in the way, and the remedy."""
    model = applied(FIXED)
    del model.mounts["tank/data/app"]
    note = "it is not mounted, and belongs at /data/app"
    assert only(judge(model, FIXED).values()) == Finding("unmounted", note, AGAIN)
    alone = Finding("unmounted", note, "zfs mount tank/data/app")
    assert only(judge(model).values()) == alone
    free = {"/data/app": PLACE}
    assert only(judge(model, places=free).values()) == alone
    missing = replace(PLACE, obstacle="dangling", obstacle_path="/data")
    assert only(judge(model, places={"/data/app": missing}).values()) == Finding(
        "unmounted",
        f"{note}: '/data' is a link to a path that does not exist",
        "create the directory that it points to, or remove the link: `rm /data`; "
        "then: zfs mount tank/data/app",
    )
    for value in ("off", "noauto"):
        model.local["tank/data/app"]["canmount"] = value
        assert judge(model)["tank/data/app"].findings == ()


def test_a_link_to_the_mount() -> None:
    """A dataset that is mounted where a link leads is where it belongs."""
    model = applied(FIXED)
    mount = model.mounts["tank/data/app"]
    model.mounts["tank/data/app"] = replace(mount, path="/srv/app")
    place = replace(PLACE, real="/srv/app")
    assert judge(model, FIXED, places={"/data/app": place})["tank/data/app"].findings == ()


def test_a_dataset_that_has_no_mountpoint() -> None:
    """The hint gives a mountpoint to the dataset above that has none."""
    model = applied(FIXED)
    model.mounts.clear()
    model.local["tank"]["mountpoint"] = "none"
    del model.local["tank/data"]["mountpoint"]
    assert judge(model)["tank/data/app"].findings == (
        Finding(
            "unmounted",
            "it cannot be mounted: its mountpoint is none",
            "give it a mountpoint, as in: zfs set mountpoint=/tank tank",
        ),
    )
    model.local["tank/data/app"]["mountpoint"] = "legacy"
    assert judge(model)["tank/data/app"].findings == (
        Finding("unmounted", "it cannot be mounted: its mountpoint is legacy"),
    )


def test_a_dataset_that_is_missing() -> None:
    """A dataset that the profile has by now is made by applying it again."""
    model = applied(FIXED)
    wants = app_profile("app", "app", "app/x", "app/new", owner="app")
    [finding] = judge(model, wants)["tank/data/app/new"].findings
    assert finding == Finding("missing", "profile app asks for it", AGAIN)


def test_a_volume_in_the_way() -> None:
    """A volume that has the name of a profile's filesystem has to be renamed."""
    model = applied(FIXED)
    datasets = model.datasets()
    datasets["tank/data/app"] = replace(datasets["tank/data/app"], kind="volume")
    seen = Seen(model.pool, datasets, model.mounts)
    verdict = judge_dataset(expect(model, FIXED)["tank/data/app"], seen, (), None)
    way = "profile app asks for it, and a volume of that name is in the way"
    rename = "zfs rename tank/data/app tank/data/app-old"
    assert verdict == Verdict("tank/data/app", (Finding("missing", way, rename),), ("app",))


def test_a_dataset_that_nobody_knows() -> None:
    """A dataset that was asked for by name and does not exist is missing, too."""
    model = applied(FIXED)
    seen = Seen(model.pool, model.datasets(), model.mounts)
    verdict = judge_dataset(Expected("tank/none", ()), seen, (), None)
    assert verdict == Verdict(
        "tank/none", (Finding("missing", "there is no such dataset"),)
    )


def test_a_name_that_is_nearly_right() -> None:
    """The dataset that was meant is named."""
    model = applied(FIXED)
    seen = Seen(model.pool, model.datasets(), model.mounts)
    verdict = judge_dataset(Expected("tank/data/ap", ()), seen, (), None)
    [finding] = verdict.findings
    assert finding.hint == "did you mean 'tank/data/app'? see `zfstune list`"


def test_files_and_snapshots_have_their_findings() -> None:
    """What was found about snapshots is part of the verdict, as are blocks of files."""
    model = applied(FIXED)
    seen = Seen(model.pool, model.datasets(), model.mounts, ACCOUNTS, ACCOUNTS)
    sample = FileSample((FileSize("/data/app/f", 1 << 20, 1 << 17),), complete=True)
    expected = expect(model, FIXED)["tank/data/app"]
    stale = Finding("stale-snapshots", "the last one is old")
    verdict = judge_dataset(expected, seen, (stale,), sample)
    assert verdict.findings == (stale, *stale_blocks(sample, 8192))
    assert verdict.findings[1].expected == "8192"
    assert judge_dataset(expected, seen, (), None).findings == ()


def test_a_key_that_is_not_loaded() -> None:
    """The key belongs to the encryption root, or to the dataset where it has no other."""
    model = applied(FIXED)
    model.local["tank/data/app"] |= {"keystatus": "unavailable", "encryptionroot": "tank"}
    locked = Finding(
        "key-not-loaded",
        "its encryption key is not loaded",
        "zfs load-key tank, then zfstune apply",
    )
    assert judge(model, FIXED)["tank/data/app"].findings == (locked,)
    del model.local["tank/data/app"]["encryptionroot"]
    own = replace(locked, hint="zfs load-key tank/data/app, then zfstune apply")
    assert judge(model, FIXED)["tank/data/app"].findings == (own,)
    model.pool = replace(model.pool, mountable=False)
    assert judge(model, FIXED)["tank/data/app"].findings == (own,)
    model.local["tank/data/app"]["keystatus"] = "available"
    assert judge(model, FIXED)["tank/data/app"].findings == ()


def test_an_owner_who_does_not_exist() -> None:
    """User and group that the system lacks are each named, with the way to get them."""
    model = applied(FIXED)
    wants = app_profile("app", "app", "app/x", owner="who", recordsize="8K", atime="off")
    assert judge(model, wants)["tank/data/app"].findings == tuple(
        Finding(
            "wrong-owner",
            f"/data/app should belong to {kind} who, who does not exist",
            f"install the package that creates {kind} 'who'",
        )
        for kind in ("user", "group")
    )


SHARED = Finding(
    "not-exported",
    "/data/app is not served as sharenfs=on says",
    AGAIN,
    "sharenfs",
    "on",
)


def test_a_share_that_is_not_served() -> None:
    """Without the profile, the remedy is a command of ZFS; without a server, a package."""
    wants = app_profile(sharenfs="on")
    model = applied(wants)
    assert only(judge(model, wants, exports=NOTHING).values()) == SHARED
    alone = replace(SHARED, hint="zfs share -a")
    assert only(judge(model, exports=NOTHING).values()) == alone
    none = replace(NOTHING, available=False)
    assert only(judge(model, wants, exports=none).values()) == Finding(
        "not-exported",
        "sharenfs is on, and this system has no NFS server",
        "install nfs-kernel-server or nfs-utils",
    )


def test_a_path_that_is_served_and_should_not() -> None:
    """A path that NFS serves although sharenfs is off is reported, not one of others."""
    model = applied(app_profile())
    served = Exports(SERVED, frozenset(), frozenset(SERVED))
    assert only(judge(model, app_profile(), exports=served).values()) == replace(
        SHARED, note="/data/app is served though sharenfs is off", expected="off"
    )
    assert judge(model, app_profile(), exports=NOTHING)["tank/data/app"].findings == ()


@pytest.mark.parametrize(
    ("value", "exports", "note"),
    [
        (
            "no_root_squash",
            NOTHING,
            "sharenfs=no_root_squash has neither rw nor ro, so NFS serves it to nobody",
        ),
        ("rw=2001:db8::1", NOTHING, "/data/app is not served: "),
        (
            "rw=2001:db8::1",
            Exports(SERVED, frozenset(), frozenset()),
            "/data/app is served as `zfs share` reads it: ",
        ),
    ],
)
def test_a_share_with_another_meaning(value: str, exports: Exports, note: str) -> None:
    """A value that somebody set and that NFS reads another way is reported with a hint."""
    model = applied(app_profile())
    model.local["tank/data/app"]["sharenfs"] = value
    finding = only(judge(model, exports=exports).values())
    assert finding.note.startswith(note)
    assert finding.hint
    expected = Finding("not-exported", finding.note, finding.hint, "sharenfs", value)
    assert finding == expected


def test_shares_on_a_pool_without_a_profile() -> None:
    """A dataset that only holds others is nobody's share, whatever its sharenfs says."""
    model = Model()
    model.run(model.plan(FIXED).actions)
    model.local["tank/data"] |= {"sharenfs": "on", "canmount": "on"}
    verdicts = judge(model, FIXED, exports=NOTHING)
    assert verdicts["tank/data"].findings == ()


@pytest.mark.parametrize(
    ("name", "files", "words"),
    [
        ("app", {}, "app"),
        ("app:seed", {}, "app:seed"),
        ("app:seed", {"seed": "/x.toml"}, "app:seed"),
        ("app", {"app": "/my app.toml"}, "--profile '/my app.toml'"),
        ("app:seed", {"app": "/my app.toml"}, "--profile '/my app.toml' --variant seed"),
    ],
)
def test_the_command_names_a_profile_as_it_was_given(
    name: str, files: dict[str, str], words: str
) -> None:
    """A profile of a file is named by the file; an unsafe value needs a consent."""
    wants = app_profile(name, "app", recordsize="8K", sync="disabled")
    model = applied(wants, allow_unsafe=True)
    model.local["tank/data/app"]["recordsize"] = "16384"
    [finding] = judge(model, wants, files=files)["tank/data/app"].findings
    assert finding.hint == f"zfstune apply {words} --pool tank --allow-unsafe"

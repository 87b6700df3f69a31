"""A pool's facts, from configurations that real kernels gave."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest

from zfstune.engine import _pool
from zfstune.engine._pool import pool_info

# What ZFS_IOC_POOL_STATS and ZFS_IOC_POOL_GET_PROPS gave on 2.1.11, cut down, and what
# `zpool list -p` said of the same pool in the same second.
DATA = Path(__file__).resolve().parents[2] / "data" / "pool_configs.json"
POOLS: dict[str, Any] = json.loads(DATA.read_text(encoding="ascii"))


def given_pool(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return config and properties of a pool, to be changed at will."""
    pool = copy.deepcopy(POOLS[name])
    return pool["config"], pool["props"]


@pytest.mark.parametrize("name", POOLS)
def test_what_zpool_list_says(name: str) -> None:
    """Size, free space and guid are those of `zpool list`."""
    info = pool_info(name, *given_pool(name))
    assert {"size": info.size_bytes, "free": info.free_bytes, "guid": info.guid} == POOLS[
        name
    ]["zpool_list"]
    assert (info.name, info.altroot) == (name, "")
    assert (info.readonly, info.suspended) == (False, False)


def shape(name: str) -> list[tuple[str, str, int, int, int, int]]:
    """Return kind, role, ashift, number of leaves, width and parity of each vdev."""
    return [
        (v.kind, v.role, v.ashift, len(v.devices), v.width, v.parity)
        for v in pool_info(name, *given_pool(name)).vdevs
    ]


def test_mirror_with_special_and_log() -> None:
    """Each top-level vdev has its role; spares and cache devices are none."""
    assert shape("mirror") == [
        ("mirror", "normal", 12, 2, 1, 0),
        ("mirror", "special", 12, 2, 1, 0),
        ("file", "log", 12, 1, 1, 0),
    ]
    info = pool_info("mirror", *given_pool("mirror"))
    assert info.redundant
    assert info.vdevs[0].devices == ("/vdevs/f0", "/vdevs/f1")


def test_raidz() -> None:
    """A raidz is as wide as it has disks."""
    assert shape("raidz2") == [("raidz2", "normal", 12, 5, 5, 2)]


def test_draid() -> None:
    """A draid is as wide as its groups, not as its disks."""
    assert shape("draid") == [("draid2", "normal", 12, 7, 5, 2)]


def test_what_is_gone_is_left_out() -> None:
    """A removed vdev and the hole that a removed log left hold no data."""
    assert shape("stripe") == [
        ("file", "normal", 12, 1, 1, 0),
        ("file", "normal", 12, 1, 1, 0),
        ("file", "dedup", 12, 1, 1, 0),
        ("file", "normal", 12, 1, 1, 0),
    ]
    assert not pool_info("stripe", *given_pool("stripe")).redundant


def test_features_go_by_their_short_names() -> None:
    """Features lose their owner's domain, as in `zpool get feature@...`."""
    features = pool_info("draid", *given_pool("draid")).features
    assert {"draid", "zstd_compress", "bookmark_v2"} <= features
    assert not [name for name in features if ":" in name or "." in name]


def test_states() -> None:
    """Read-only, an altroot and a suspension are each read from its own place."""
    config, props = given_pool("mirror")
    props["readonly"]["value"] = 1
    props["altroot"] = {"source": 8, "value": "/mnt"}
    config["suspended"] = 0  # which mode it waits in: present is enough
    info = pool_info("mirror", config, props)
    assert (info.readonly, info.altroot, info.suspended) == (True, "/mnt", True)


def test_a_pool_that_gives_nothing_back() -> None:
    """A suspended pool may hold back properties, statistics and features."""
    config, _ = given_pool("raidz2")
    del config["feature_stats"], config["vdev_tree"]["vdev_stats"]
    info = pool_info("raidz2", config, {})
    assert (info.size_bytes, info.free_bytes, info.features) == (0, 0, frozenset())
    assert not info.readonly


SYSFS = "/sys/class/block"


def leaf(path: str, **more: Any) -> dict[str, Any]:
    """Return a disk."""
    return {"type": "disk", "path": path, "ashift": 12, **more}


def rotational(monkeypatch: pytest.MonkeyPatch, *leaves: dict[str, Any]) -> bool | None:
    """Ask of a mirror of such disks; sda spins, nvme0n1 does not."""
    files = {
        f"{SYSFS}/sda/queue/rotational": "1\n",
        f"{SYSFS}/sda1/../queue/rotational": "1\n",
        f"{SYSFS}/nvme0n1/queue/rotational": "0\n",
    }

    def fake_open(path: str, **_: object) -> io.StringIO:
        if path not in files:
            raise FileNotFoundError(path)
        return io.StringIO(files[path])

    monkeypatch.setattr(_pool, "open", fake_open, raising=False)
    monkeypatch.setattr("os.path.realpath", lambda path: path)
    config, props = given_pool("mirror")
    config["vdev_tree"]["children"][0]["children"] = list(leaves)
    return pool_info("mirror", config, props).vdevs[0].rotational


@pytest.mark.parametrize(
    ("leaves", "expected"),
    [
        ([leaf("/dev/sda")], True),
        ([leaf("/dev/sda1")], True),
        ([leaf("/dev/nvme0n1")], False),
        ([leaf("/dev/nvme0n1"), leaf("/dev/sda")], True),
        # one of which nothing is known may spin; one that spins decides
        ([leaf("/dev/nvme0n1"), leaf("/dev/mapper/x")], None),
        ([leaf("/dev/sda"), leaf("/dev/mapper/x")], True),
        ([leaf("/file") | {"type": "file"}], None),
        # a release that says so itself is believed
        ([leaf("/dev/sda", rotational=0)], False),
        ([leaf("/dev/mapper/x", rotational=1)], True),
    ],
)
def test_rotational(
    monkeypatch: pytest.MonkeyPatch, leaves: list[dict[str, Any]], *, expected: bool | None
) -> None:
    """A vdev spins where a leaf does, whole disk or partition."""
    with monkeypatch.context() as patch:
        assert rotational(patch, *leaves) is expected


def test_health_goes_by_the_words_of_zpool() -> None:
    """The root's state is the pool's, and each device that is not ONLINE is named."""
    config, props = given_pool("mirror")
    info = pool_info("mirror", config, props)
    assert (info.health, info.damaged, info.ailing) == ("ONLINE", 0, ())
    tree = config["vdev_tree"]
    tree["vdev_stats"][1] = 6
    tree["children"][0]["children"][1]["vdev_stats"] = [0, 5, 0]
    tree["children"][1]["children"][0]["vdev_stats"] = [0, 4, 1]
    tree["children"][2]["vdev_stats"] = [0, 4, 13]
    config["error_count"] = 2
    info = pool_info("mirror", config, props)
    assert (info.health, info.damaged) == ("DEGRADED", 2)
    assert info.ailing == ("/vdevs/f1 FAULTED", "/vdevs/f2 UNAVAIL", "/vdevs/f4 FAULTED")
    config["suspended"] = 0
    assert pool_info("mirror", config, props).health == "SUSPENDED"


def test_features_in_use_and_booting() -> None:
    """Features in use are told from enabled ones, and the booted filesystem is named."""
    config, props = given_pool("mirror")
    config["feature_stats"] = {"org.open-zfs:large_blocks": 2, "org.x:zstd_compress": 0}
    props["compatibility"] = {"value": "grub2"}
    props["bootfs"] = {"value": "tmirror/ROOT"}
    info = pool_info("mirror", config, props)
    assert info.features == {"large_blocks", "zstd_compress"}
    assert info.active == {"large_blocks"}
    assert (info.compatibility, info.bootfs) == ("grub2", "tmirror/ROOT")

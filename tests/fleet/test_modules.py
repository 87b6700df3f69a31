"""The modules of the Ansible collection, on a pool in a plain file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from ansible_runs import Playbooks
from zfstune.engine.image import create_image
from zfstune.engine.open import open_engine

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.fleet


class Host:
    """This host as Ansible's one host, with a pool in a plain file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "pool.zpool"
        create_image(self.file, size_bytes=1 << 30).close()
        (folder / "ansible").mkdir()
        local = {"ansible_connection": "local"}
        self._playbooks = Playbooks(folder / "ansible", {"localhost": local})
        self._defaults = {
            "image": os.fspath(self.file),
            "executable": os.fspath(Path(sys.executable).with_name("zfstune")),
        }

    def run(self, *tasks: dict[str, Any], check: bool = False) -> list[dict[str, Any]]:
        """Run tasks, each with its diff; return what they returned."""
        options = ["--diff", *(["--check"] if check else [])]
        return self._playbooks.tasks(tasks, *options, defaults=self._defaults)

    def changed(self, *tasks: dict[str, Any], check: bool = False) -> list[bool]:
        """Run tasks that succeed; tell which of them changed something."""
        said = self.run(*tasks, check=check)
        assert not [each["msg"] for each in said if each["failed"]]
        return [each["changed"] for each in said]

    def open(self) -> Engine:
        """Open the pool in this process, to look at it and to change it."""
        return open_engine(self.file)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Give a host with an empty pool."""
    return Host(tmp_path)


PROFILE = {"profile": {"profiles": ["postgres"], "owner": False}}


def with_value(value: object, name: str = "recordsize") -> dict[str, Any]:
    """Make a task of the profile with a property of its own."""
    properties = {name: value}
    return {"profile": {**PROFILE["profile"], "properties": properties}}


def test_a_check_changes_nothing_and_shows_all(host: Host) -> None:
    """In a check on an empty pool all tasks tell what they would change, and none does."""
    name = "tank/data/postgres"
    said = host.run(
        PROFILE,
        {"policy": {"dataset": name, "policy": "keep=3"}},
        {"schedule": {"datasets": [name], "every": "hourly", "timers": False}},
        {"snapshot": {"datasets": [name], "name": "before"}},
        {"info": {"gather": ["datasets"]}},
        check=True,
    )
    assert not [each["msg"] for each in said if each["failed"]]
    assert [each["changed"] for each in said] == [True, True, True, True, False]
    after = said[0]["diff"]["after"].splitlines()
    assert f"{name} exists" in after
    assert f"{name} recordsize=8192" in after
    assert said[0]["diff"]["before"] == ""
    assert [each["name"] for each in said[4]["datasets"]] == ["tank"]


def test_a_second_run_changes_nothing_however_values_are_spelled(host: Host) -> None:
    """Sizes, letters, numbers and truth values come to what is there already."""
    spellings: list[object] = ["1M", "1m", "1024K", 1048576]
    sizes = [with_value(value) for value in spellings]
    switches = [with_value(value, "atime") for value in (True, "on")]
    changed = host.changed(PROFILE, PROFILE, *sizes, *switches)
    assert changed == [True, False, True, False, False, False, True, False]
    with host.open() as engine:
        assert engine.dataset("tank/data/postgres").value("atime") == "on"
        # Without a value of its own it is the profile's again.
        assert engine.dataset("tank/data/postgres").value("recordsize") == "8192"


def test_drift_is_shown_and_repaired(host: Host) -> None:
    """What somebody set by hand is a diff of old and new, and set back."""
    host.run(PROFILE)
    with host.open() as engine:
        engine.set("tank/data/postgres/wal", {"compression": "off"})
    asked, done, again = (
        host.run(PROFILE, check=check)[0] for check in (True, False, True)
    )
    for said in (asked, done):
        assert said["changed"]
        assert said["diff"] == {
            "before": "tank/data/postgres/wal compression=off\n",
            "after": "tank/data/postgres/wal compression=lz4\n",
        }
    assert (asked["done"], done["done"]) == (0, 1)
    assert not again["changed"]


def test_policies_and_schedules(host: Host) -> None:
    """Each is stored once, shown as a diff, and taken back."""
    host.run(PROFILE)
    name = "tank/data/postgres"
    policy = {"policy": {"dataset": name, "policy": "hourly=48 daily=007"}}
    schedule = {"schedule": {"datasets": [name], "every": "24h", "timers": False}}
    said = host.run(policy, policy, schedule, schedule)
    assert [each["changed"] for each in said] == [True, False, True, False]
    assert said[0]["diff"] == {
        "before": f"{name}: daily=30\n",
        "after": f"{name}: hourly=48 daily=7\n",
    }
    assert said[2]["diff"]["after"] == f"{name} schedule=daily\n"
    gone = {"policy": {"dataset": name, "state": "absent"}}
    none = {"schedule": {"datasets": [name], "state": "absent"}}
    assert host.changed(gone, gone, none, none) == [True, False, True, False]
    missing = {"schedule": {"datasets": ["tank/gone"], "state": "absent"}}
    [said_of_it] = host.run(missing)
    assert not said_of_it["changed"]
    assert "there is no such dataset" in said_of_it["warnings"][0]


def test_named_snapshots_come_and_go(host: Host) -> None:
    """One of a name is taken once; without a name each run takes one."""
    host.run(PROFILE)
    name = "tank/data/postgres"
    take = {"snapshot": {"datasets": [name], "name": "before", "recursive": True}}
    drop = {"snapshot": {**take["snapshot"], "state": "absent"}}
    bare = {"snapshot": {"datasets": [name]}}
    said = host.run(take, take, bare, drop, drop)
    assert [each["changed"] for each in said] == [True, False, True, True, False]
    assert len(said[0]["snapshots"]) == 4
    assert said[3]["snapshots"] == said[0]["snapshots"]
    with host.open() as engine:
        left = engine.snapshots("tank/data/postgres")
    assert [snapshot.name for snapshot in left] == said[2]["snapshots"]


def test_what_others_depend_on_is_not_destroyed(host: Host) -> None:
    """A snapshot with a clone, a hold or a copy stays, and the task says why it failed."""
    with host.open() as engine:
        for dataset in ("tank/cloned", "tank/held", "tank/sent"):
            engine.create(dataset)
            engine.take_snapshots([f"{dataset}@1"])
        zfstune.clone("tank/cloned@1", "tank/clone", engine=engine)
        zfstune.hold("mine", "tank/held@1", engine=engine)
    copy = {"replication": {"source": "tank/sent", "target": "tank/copy"}}
    drops = [
        {"snapshot": {"datasets": [f"tank/{name}"], "name": "1", "state": "absent"}}
        for name in ("cloned", "held")
    ]
    said = host.run(copy, copy, *drops)
    assert [each["changed"] for each in said[:2]] == [True, False]
    assert said[0]["diff"]["after"] == "full tank/sent@1 -> tank/copy\n"
    assert [each["failed"] for each in said[2:]] == [True, True]
    assert "tank/clone" in said[2]["msg"]
    assert "it is held" in said[3]["msg"]
    with host.open() as engine:
        names = {"tank/cloned@1", "tank/held@1", "tank/sent@1", "tank/copy@1"}
        assert engine.find_snapshots(names).keys() == names


def test_a_copy_that_went_its_own_way_is_refused(host: Host) -> None:
    """The task fails, names the snapshot in the way, and nothing is lost."""
    with host.open() as engine:
        engine.create("tank/sent")
        engine.take_snapshots(["tank/sent@1"])
        zfstune.replicate("tank/sent", "tank/copy", engine=engine)
        engine.take_snapshots(["tank/copy@own", "tank/sent@2"])
    [said] = host.run({"replication": {"source": "tank/sent", "target": "tank/copy"}})
    assert said["failed"]
    assert "own" in said["msg"]
    with host.open() as engine:
        names = {snapshot.name for snapshot in engine.snapshots("tank/copy")}
    assert names == {"tank/copy@1", "tank/copy@own"}


def test_what_is_known_is_returned(host: Host) -> None:
    """Each subset of the facts comes, and reading them changes nothing."""
    subsets = ["status", "datasets", "snapshots", "policies", "schedules", "replicas"]
    subsets += ["profiles", "verify"]
    said = host.run(PROFILE, {"info": {"gather": subsets}}, PROFILE)
    facts = said[1]
    assert [each["changed"] for each in said] == [True, False, False]
    assert facts["status"]["pools"][0]["name"] == "tank"
    assert "tank/data/postgres" in [each["name"] for each in facts["datasets"]]
    assert facts["policies"][0]["policy"] == "daily=30"
    assert facts["schedules"][0]["every"] == "daily@02:05"
    assert "postgres" in [each["name"] for each in facts["profiles"]]
    assert (facts["snapshots"], facts["replicas"]) == ([], [])
    assert facts["verify"]["pending"] is False


def test_an_error_has_its_reason_and_its_hint(host: Host) -> None:
    """A value that ZFS would refuse and a command that is not there say what to do."""
    wrong = with_value("3K")
    nowhere = {"info": {"executable": "zfstune-that-is-not-there"}}
    said = host.run(wrong, nowhere, {"profile": {}})
    assert [each["failed"] for each in said] == [True, True, True]
    reason = "cannot set 'recordsize=3K': it must be a power of two, 512 or more"
    assert said[0]["msg"].startswith(reason)
    assert "zfstune.storage.install" in said[1]["msg"]
    assert "profiles, files, roles" in said[2]["msg"]

"""apply and plan on real pools, held against what the zfs command says."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.datasets.actions import Adjust, Create, MountDataset, Remount, SetOwner
from zfstune.profiles.load import load_text
from zfstune.values import marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

ALL = ("postgres", "logs", "images")
RECORDSIZES = {
    "postgres": 8 << 10,
    "postgres/data": 8 << 10,
    "postgres/wal": 128 << 10,
    "postgres/backups": 1 << 20,
    "logs": 128 << 10,
    "images": 1 << 20,
}


def get(command: Command, name: str, prop: str) -> str:
    """Give a property's value as `zfs get -p` prints it."""
    return command("zfs", "get", "-Hpo", "value", prop, name).strip()


def history(command: Command, pool: str) -> list[str]:
    """Give the lines of a pool's history, internal events too."""
    return command("zpool", "history", "-i", pool).splitlines()


def local_properties(command: Command, root: str) -> dict[tuple[str, str], str]:
    """Give everything that was set on a dataset or below it."""
    lines = command(
        "zfs", "get", "-rHps", "local", "-o", "name,property,value", "all", root
    )
    rows = (line.split("\t") for line in lines.splitlines())
    return {(name, prop): value for name, prop, value in rows}


@pytest.fixture(scope="module")
def bare(make_pool: Callable[..., str], command: Command) -> Iterator[str]:
    """Give a pool as Debian's root on ZFS and kldload make it: nothing mounts itself."""
    name = make_pool(options=("-O", "mountpoint=none", "-O", "canmount=off"))
    yield name
    command("zpool", "destroy", "-f", name)


@pytest.fixture
def fresh(bare: str, command: Command, engine: Engine) -> Iterator[str]:
    """Give that pool without any dataset."""
    yield bare
    for child in engine.datasets(bare):
        if child.name.count("/") == 1:
            command("zfs", "destroy", "-R", child.name)


@pytest.fixture(scope="class")
def applied(bare: str, engine: Engine, command: Command) -> Iterator[str]:
    """Apply all profiles once; hold the plan made before against what was done."""
    planned = zfstune.plan(*ALL, pool=bare, engine=engine)
    applied = zfstune.apply(*ALL, pool=bare, engine=engine)
    assert applied.plan == planned
    assert applied.done == planned.actions
    yield f"{bare}/data"
    command("zfs", "destroy", "-R", f"{bare}/data")


class TestOnce:
    """What one apply of all profiles leaves, in the order in which it is looked at."""

    def test_datasets_are_mounted_below_data(self, applied: str, command: Command) -> None:
        """All mount at /data/..., though the pool itself mounts nowhere."""
        mounted = dict(
            line.split("\t")
            for line in command("zfs", "mount")
            .replace(" /", "\t/")
            .replace(" ", "")
            .splitlines()
        )
        assert mounted == {f"{applied}/{name}": f"/data/{name}" for name in RECORDSIZES}
        assert get(command, applied, "canmount") == "off"
        assert get(command, applied, "mountpoint") == "/data"

    def test_values_are_those_of_the_profile(self, applied: str, command: Command) -> None:
        """Zfs get shows what the profiles ask for."""
        for name, size in RECORDSIZES.items():
            assert get(command, f"{applied}/{name}", "recordsize") == str(size)
        for name, compression in {
            "postgres": "lz4",
            "postgres/data": "lz4",
            "postgres/backups": "zstd",
            "logs": "zstd",
            "images": "lz4",
        }.items():
            assert get(command, f"{applied}/{name}", "compression") == compression
        assert get(command, f"{applied}/postgres/data", "atime") == "off"
        assert get(command, f"{applied}/postgres", "logbias") == "latency"

    def test_files_have_the_record_size(self, applied: str) -> None:
        """A file written through the mount has records of the size asked for."""
        for name, size in RECORDSIZES.items():
            path = Path("/data", name, "probe")
            path.write_bytes(os.urandom(2 * size))
            assert path.stat().st_blksize == size, applied

    def test_directories_belong_to_their_user(self, applied: str) -> None:
        """Owner and mode are the profile's where it gives them, root's elsewhere."""
        uid = pwd.getpwnam("postgres").pw_uid
        for name in RECORDSIZES:
            at = Path("/data", name).stat()
            expected = (uid, 0o700) if name.startswith("postgres") else (0, 0o755)
            assert (at.st_uid, at.st_mode & 0o7777) == expected, applied

    def test_managed_datasets_carry_local_notes(
        self, applied: str, command: Command
    ) -> None:
        """Each dataset of a profile says on itself which profile manages it."""
        found = local_properties(command, applied)
        for name in RECORDSIZES:
            profile = found[f"{applied}/{name}", marks.PROFILE_PROPERTY]
            assert profile == name.partition("/")[0]
            assert (
                json.loads(found[f"{applied}/{name}", marks.APPLIED_PROPERTY]) is not None
            )
        assert (applied, marks.PROFILE_PROPERTY) not in found

    def test_again_changes_nothing(
        self, applied: str, bare: str, engine: Engine, command: Command
    ) -> None:
        """A second apply does nothing, says so, and writes nothing to the history."""
        before = history(command, bare), local_properties(command, applied)
        again = zfstune.apply(*ALL, pool=bare, engine=engine)
        assert not again.changed
        assert not again.plan.pending
        assert not again.plan.warnings
        assert (history(command, bare), local_properties(command, applied)) == before

    def test_history_reads_like_commands(
        self, applied: str, bare: str, command: Command
    ) -> None:
        """Each creation is one readable line of the pool's history."""
        lines = command("zpool", "history", bare).splitlines()
        [line] = [text for text in lines if text.endswith(f" {applied}/logs")]
        assert " zfstune create " in line
        assert "-o recordsize=131072" in line
        assert "org.zfstune" not in line

    def test_drift_is_shown_and_set_back(
        self, applied: str, bare: str, engine: Engine, command: Command
    ) -> None:
        """What was changed by hand is drift; what was added by hand stays."""
        command(
            "zfs",
            "set",
            "recordsize=16K",
            "quota=1G",
            "com.example:x=y",
            "snapdir=visible",
            f"{applied}/postgres",
        )
        command("zfs", "inherit", "atime", f"{applied}/logs")
        command("zfs", "unmount", f"{applied}/images")
        os.chown("/data/postgres/wal", 0, 0)
        made = zfstune.apply(*ALL, pool=bare, engine=engine)
        changes = {
            (action.dataset, change.property): change
            for action in made.done
            if isinstance(action, Adjust)
            for change in action.changes
        }
        assert set(changes) == {
            (f"{applied}/postgres", "recordsize"),
            (f"{applied}/logs", "atime"),
        }
        assert all(change.drift for change in changes.values())
        rest = [action for action in made.done if not isinstance(action, Adjust)]
        assert [(type(a), a.dataset) for a in rest] == [
            (Remount, f"{applied}/logs"),
            (MountDataset, f"{applied}/images"),
            (SetOwner, f"{applied}/postgres/wal"),
        ]
        found = local_properties(command, applied)
        assert found[f"{applied}/postgres", "recordsize"] == "8192"
        assert found[f"{applied}/logs", "atime"] == "off"
        assert found[f"{applied}/postgres", "quota"] == str(1 << 30)
        assert found[f"{applied}/postgres", "com.example:x"] == "y"
        assert found[f"{applied}/postgres", "snapdir"] == "visible"
        assert not zfstune.plan(*ALL, pool=bare, engine=engine).pending


def test_deep_root_with_missing_parents(
    fresh: str, engine: Engine, command: Command
) -> None:
    """Missing parents are made so that what is below them mounts, and they do not."""
    root = f"{fresh}/srv/apps/prod"
    made = zfstune.apply("logs", root=root, engine=engine)
    created = [action.dataset for action in made.done if isinstance(action, Create)]
    assert created == [f"{fresh}/srv", f"{fresh}/srv/apps", root, f"{root}/logs"]
    assert get(command, f"{root}/logs", "mounted") == "yes"
    assert get(command, f"{root}/logs", "mountpoint") == "/srv/apps/prod/logs"
    for parent in created[:-1]:
        assert get(command, parent, "canmount") == "off"
    assert not zfstune.plan("logs", root=root, engine=engine).pending


def test_adopts_what_was_made_by_hand(fresh: str, engine: Engine, command: Command) -> None:
    """A dataset that exists keeps its files and is tuned, and the plan says so."""
    command("zfs", "create", "-o", "mountpoint=/handmade", f"{fresh}/data")
    command("zfs", "create", "-o", "recordsize=64K", f"{fresh}/data/logs")
    Path("/handmade/logs/kept").write_text("by hand")
    made = zfstune.apply("logs", pool=fresh, engine=engine)
    assert "adopted" in " ".join(caution.message for caution in made.plan.warnings)
    assert get(command, f"{fresh}/data/logs", "recordsize") == str(128 << 10)
    assert get(command, f"{fresh}/data", "mountpoint") == "/handmade"
    assert get(command, f"{fresh}/data", "canmount") == "on"
    assert Path("/handmade/logs/kept").read_text() == "by hand"
    assert not zfstune.plan("logs", pool=fresh, engine=engine).pending


def test_overrides_reach_the_first_dataset(
    fresh: str, engine: Engine, command: Command
) -> None:
    """An override sets the first dataset of a profile, and its children inherit it."""
    override = {"recordsize": "16K", "quota": "1G"}
    zfstune.apply("postgres", pool=fresh, properties=override, engine=engine)
    assert get(command, f"{fresh}/data/postgres", "recordsize") == str(16 << 10)
    assert get(command, f"{fresh}/data/postgres/data", "recordsize") == str(16 << 10)
    assert get(command, f"{fresh}/data/postgres/wal", "recordsize") == str(128 << 10)
    assert get(command, f"{fresh}/data/postgres", "quota") == str(1 << 30)
    again = zfstune.plan("postgres", pool=fresh, properties=override, engine=engine)
    assert not again.pending


@pytest.mark.parametrize(
    ("properties", "error"),
    [
        ({"recordsize": "9K"}, zfstune.InvalidProperty),
        ({"recordsise": "8K"}, zfstune.InvalidProperty),
        ({"volsize": "1G"}, zfstune.InvalidProperty),
        ({"compression": "zip"}, zfstune.InvalidProperty),
        ({"sync": "disabled"}, zfstune.PlanError),
    ],
)
def test_refused_overrides_change_nothing(
    fresh: str,
    engine: Engine,
    command: Command,
    properties: dict[str, str],
    error: type[Exception],
) -> None:
    """A value that makes no sense, or costs safety, is refused before the first step."""
    before = history(command, fresh)
    with pytest.raises(error):
        zfstune.apply("logs", pool=fresh, properties=properties, engine=engine)
    assert history(command, fresh) == before


def test_unknown_user_changes_nothing(fresh: str, engine: Engine, command: Command) -> None:
    """An owner whom this system does not know is an error before the first step."""
    profile = load_text(
        'name = "app"\nsummary = "x"\n[[dataset]]\npath = "app"\nowner = "nobody-here"\n',
        "app.toml",
    )
    before = history(command, fresh)
    with pytest.raises(zfstune.PlanError, match="no user 'nobody-here'") as caught:
        zfstune.apply("logs", profile, pool=fresh, engine=engine)
    assert "--no-owner" in caught.value.hint
    assert history(command, fresh) == before
    zfstune.apply(profile, pool=fresh, owner=False, engine=engine)
    assert Path("/data/app").stat().st_uid == 0


def test_volume_in_the_way(fresh: str, engine: Engine, command: Command) -> None:
    """A volume where a filesystem should be is an error that names it."""
    # without a device node nobody opens it, and it can go at once
    command("zfs", "create", "-s", "-V", "8M", "-o", "volmode=none", f"{fresh}/data")
    with pytest.raises(zfstune.PlanError, match=f"'{fresh}/data': a volume of that name"):
        zfstune.apply("logs", pool=fresh, engine=engine)


def test_dry_run_changes_nothing(fresh: str, engine: Engine, command: Command) -> None:
    """A dry run gives the same plan as plan does, and leaves the pool as it was."""
    before = history(command, fresh)
    shown: list[object] = []
    tried = zfstune.apply(
        "postgres", pool=fresh, dry_run=True, engine=engine, show=shown.append
    )
    assert tried.done == ()
    assert shown == [tried.plan] == [zfstune.plan("postgres", pool=fresh, engine=engine)]
    assert tried.plan.pending
    assert history(command, fresh) == before


def test_alternate_root(
    make_pool: Callable[..., str], engine: Engine, command: Command, tmp_path: Path
) -> None:
    """With an altroot all mount below it, and the stored mountpoints leave it out."""
    pool = make_pool(options=("-R", str(tmp_path), "-O", "canmount=off"))
    made = zfstune.apply("postgres", pool=pool, engine=engine)
    assert made.plan.mountpoints[f"{pool}/data/postgres"] == f"{tmp_path}/data/postgres"
    assert (
        get(command, f"{pool}/data/postgres", "mountpoint") == f"{tmp_path}/data/postgres"
    )
    assert get(command, f"{pool}/data/postgres/wal", "mounted") == "yes"
    assert (tmp_path / "data/postgres").stat().st_uid == pwd.getpwnam("postgres").pw_uid
    assert not zfstune.plan("postgres", pool=pool, engine=engine).pending
    command("zpool", "export", pool)
    files = "/dev/shm/zfstune-lab"  # noqa: S108 (where conftest.py puts them)
    command("zpool", "import", "-N", "-d", files, "-R", "/elsewhere", pool)
    assert get(command, f"{pool}/data", "mountpoint") == "/elsewhere/data"


def test_several_pools_need_a_choice(
    fresh: str,
    pool: str,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With several pools and no choice made, the error lists them."""
    for variable in ("ZFSTUNE_POOL", "KLDLOAD_POOL_NAME"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(zfstune.PlanError, match="several are imported") as caught:
        zfstune.plan("logs", engine=engine)
    assert fresh in caught.value.hint
    assert pool in caught.value.hint
    monkeypatch.setenv("ZFSTUNE_POOL", fresh)
    assert zfstune.plan("logs", engine=engine).pool == fresh
    with pytest.raises(zfstune.NotFound, match="'nosuchpool'") as missing:
        zfstune.plan("logs", pool="nosuchpool", engine=engine)
    assert fresh in missing.value.hint

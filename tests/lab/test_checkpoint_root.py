"""Checkpoint and rollback of a system that runs from ZFS: its `/` is in the checkpoint."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

# What no test changes is the guest's own; all the rest is on ZFS.
BORROWED = ("usr", "opt", "var", "run", "dev", "proc", "sys")
ROOTS = ("-o", "canmount=noauto", "-o", "mountpoint=/")
BORDERS = """
set -eu
mount --make-rprivate /
cd "$1"
mkdir -p old
pivot_root . old
cd /
umount -l /old
# times are told in seconds: what is written in that of a checkpoint counts as newer
sleep 1.1
exec /bin/sh -eu /test.sh "$2"
"""


@pytest.fixture
def machine(make_pool: Callable[..., str], command: Command) -> Iterator[Machine]:
    """Give a machine whose root is `POOL/ROOT/debian`, as installers make it."""
    pool = make_pool(options=("-m", "none"))
    command("zfs", "create", "-o", "canmount=off", "-o", "mountpoint=none", f"{pool}/ROOT")
    command("zfs", "create", *ROOTS, f"{pool}/ROOT/debian")
    made = Machine(pool, Path("/mnt") / pool)
    made.up()
    yield made
    made.down()
    command("zpool", "destroy", "-f", pool)


class Machine:
    """A process tree in a mount namespace of its own, whose `/` is a ZFS filesystem."""

    def __init__(self, pool: str, path: Path) -> None:
        self.pool = pool
        self.root = f"{pool}/ROOT/debian"
        self.path = path

    def up(self) -> None:
        """Mount the root and what it borrows, and give it a Debian's folders."""
        self.path.mkdir()
        self._sh(f"mount -t zfs -o zfsutil {self.root} {self.path}")
        for name in ("etc", "root", "srv", "tmp", "data"):
            (self.path / name).mkdir()
        self._sh(f"cp -a /bin /sbin /lib /lib64 {self.path}")
        self._sh(f"cp -a /etc/passwd /etc/group /etc/ld.so.cache {self.path}/etc")
        (self.path / "etc/hostname").write_text("before\n")
        (self.path / "root/.profile").touch()
        for name in BORROWED:
            (self.path / name).mkdir()
            self._sh(f"mount --rbind /{name} {self.path / name}")
            self._sh(f"mount --make-rprivate {self.path / name}")

    def down(self) -> None:
        """Unmount it."""
        self._sh(f"umount -R {self.path}")
        self.path.rmdir()

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script there, which gets the pool as $1; it stops at an error."""
        (self.path / "test.sh").write_text(script)
        argv = ["unshare", "-m", "sh", "-c", BORDERS, "borders", str(self.path), self.pool]
        return subprocess.run(
            argv, capture_output=True, text=True, check=False, timeout=300
        )

    @staticmethod
    def _sh(line: str) -> None:
        subprocess.run(["sh", "-ec", line], check=True)


def test_a_running_root_goes_back_in_place(machine: Machine, command: Command) -> None:
    """What is below it and all that is managed, too; programs go on."""
    command("zfs", "create", "-u", "-o", "mountpoint=/srv", f"{machine.root}/srv")
    done = machine.run(SCRIPT)
    assert done.returncode == 0, done.stdout + done.stderr
    said = _sections(done.stdout)
    assert said["taken"] == [
        f"{machine.pool}/{name}@checkpoint-one"
        for name in ("ROOT/debian", "ROOT/debian/srv", "data", "data/logs")
    ]
    # the shell that runs the script stands in the root, and nothing was lost by that
    assert "script: /root/run.sh (process" in done.stderr
    assert done.stderr.count("(process") == 1
    assert said["status"] == ["1", "0"]
    # the very shell whose script is gone reads on, and so do programs that run
    assert said["files"] == ["before", "/root", "/root/.profile", "/srv", "/data/logs"]
    assert said["running"] == ["/root/sleeper (deleted)"]
    assert said["open"] == ["refused"]
    assert said["mounts before"] == said["mounts after"]
    assert "reboot at once" in done.stderr
    assert f"'{machine.pool}/data/redis' was created after the checkpoint" in done.stderr
    # what was made since stays, and what was lost is aside
    assert command("zfs", "list", "-Ho", "mountpoint", f"{machine.pool}/data/redis")
    [kept] = command(
        "zfs", "list", "-rHo", "name", f"{machine.pool}/zfstune-escape"
    ).splitlines()[-1:]
    assert kept.endswith("/data/logs")
    root = kept.replace("/data/logs", "/ROOT/debian")
    # nothing of it is ever mounted by itself, let alone at /
    assert command("zfs", "get", "-Hpo", "value", "mountpoint", root) == "none\n"
    mounted = machine.path.with_name("kept")
    command("zfs", "set", f"mountpoint={mounted}", root)
    command("zfs", "mount", root) if not mounted.is_mount() else None
    assert (mounted / "etc/hostname").read_text() == "after\n"
    assert "zfstune rollback" in (mounted / "root/run.sh").read_text()


SCRIPT = """
zfs mount $1/ROOT/debian/srv
zfstune apply logs --pool $1 --no-owner >/dev/null
echo "= taken"
zfstune checkpoint one --pool $1
echo after >/etc/hostname
mkdir /srv/new /data/logs/new
cp /bin/sleep /root/sleeper
/root/sleeper 600 >/dev/null 2>&1 &
sleeper=$!
zfstune apply redis --pool $1 --no-owner >/dev/null
echo precious >/data/redis/dump
cat >/root/run.sh <<'END'
echo "= mounts before"
grep -o ' / /.* - zfs .*' /proc/self/mountinfo | sort
echo "= status"
zfstune rollback one --pool $1 >/dev/null
echo $?
zfstune rollback one --pool $1 --lose script >/dev/null
echo $?
END
cd /root
exec 5>/root/log
echo to a file that will be gone >&5
exec 5>&-
sh /root/run.sh $1
exec 5>&-
echo "= mounts after"
grep -o ' / /.* - zfs .*' /proc/self/mountinfo | sort
echo "= files"
cat /etc/hostname
find /root /srv /data/logs
echo "= running"
readlink /proc/$sleeper/exe
echo "= open"
if echo x 2>/dev/null >/root/gone/x; then echo taken; else echo refused; fi
kill $sleeper
test "$(cat /data/redis/dump)" = precious
zfstune verify --pool $1 --no-owner >&2 || true
"""


def test_other_environments(machine: Machine, command: Command) -> None:
    """Newer snapshots and clones of the root go by consent alone, and a busy one not."""
    done = machine.run(CLONES)
    assert done.returncode == 0, done.stdout + done.stderr
    said = _sections(done.stdout)
    assert said["status"] == ["1", "1", "0"], done.stderr
    assert f"snapshots: {machine.root}@golden" in done.stderr
    assert f"clones: {machine.pool}/ROOT/worker (" not in done.stderr
    assert "--lose snapshots --lose clones" in done.stderr
    assert said["left"] == [machine.root, f"{machine.root}@checkpoint-one"]


CLONES = """
echo "= status"
try() { zfstune rollback one --no-escape "$@" >/dev/null && echo 0 || echo $?; }
zfstune checkpoint one $1/ROOT/debian >/dev/null
zfs snapshot $1/ROOT/debian@golden
zfs clone -o canmount=noauto -o mountpoint=/ $1/ROOT/debian@golden $1/ROOT/worker
zfs snapshot $1/ROOT/worker@own
mount -t zfs -o zfsutil $1/ROOT/worker /srv
cd /srv
try $1/ROOT/debian
# busy: nothing is lost, not even the clone's own snapshot
try $1/ROOT/debian --lose snapshots --lose clones
zfs list $1/ROOT/worker@own >/dev/null
cd /
try $1/ROOT/debian --lose snapshots --lose clones
echo "= left"
zfs list -t all -rHo name $1/ROOT/debian
"""


def test_a_clone_that_the_system_runs_from(machine: Machine, command: Command) -> None:
    """It would have to go; no flag makes that so. Another environment is no trouble."""
    pool, other = machine.pool, f"{machine.pool}/ROOT/other"
    command("zfs", "create", "-o", "canmount=noauto", "-o", "mountpoint=/", other)
    command("zfstune", "checkpoint", "one", other)
    command("zfs", "snapshot", f"{other}@golden")
    command("zfs", "snapshot", f"{machine.root}@base")
    # the machine's own root becomes a clone of the other's newer snapshot
    machine.down()
    command("zfs", "destroy", "-r", machine.root)
    command("zfs", "clone", *ROOTS, f"{other}@golden", machine.root)
    machine.up()
    lose = "--lose snapshots --lose clones --lose script"
    done = machine.run(f"zfstune rollback one $1/ROOT/other {lose}")
    assert done.returncode == 1
    assert f"this system runs from '{machine.root}', a clone of a newer" in done.stderr
    assert command("zfs", "list", "-Ho", "name", machine.root) == f"{machine.root}\n"
    # the other way round: what is not running goes back, and nobody has to reboot
    command("zfs", "promote", machine.root)
    command("zfs", "snapshot", f"{other}@later")
    done = machine.run(
        "zfstune checkpoint two $1/ROOT/other; cp /etc/passwd /tmp; "
        "zfstune rollback two $1/ROOT/other"
    )
    assert done.returncode == 0, done.stderr
    assert "reboot" not in done.stderr
    assert pool in done.stdout


def test_zfstune_itself_was_made_since(machine: Machine) -> None:
    """It does not saw off the branch that it sits on, unless told to; then it holds."""
    done = machine.run(OWN)
    assert done.returncode == 0, done.stdout + done.stderr
    said = _sections(done.stdout)
    assert said["status"] == ["1", "1", "0"]
    assert "script: /root/lib/zfstune/host/processes.py (process" in done.stderr
    assert "/root/own.py (process" in done.stderr
    assert said["after"] == ["gone"]


OWN = """
mkdir /root/old
cp -a /opt/zfstune/site/zfstune /root/old/
sleep 1.1
zfstune checkpoint one --pool $1 >/dev/null
# what is as it was may roll back the ground that it stands on
touch /root/since
PYTHONPATH=/root/old python3 -m zfstune rollback one --pool $1 --no-escape >/dev/null
test ! -e /root/since
mkdir /root/lib
cp -a /opt/zfstune/site/zfstune /root/lib/
export PYTHONPATH=/root/lib
cat >/root/own.py <<'END'
import sys
import zfstune
print(zfstune.rollback("one", pool=sys.argv[1]))
END
echo "= status"
python3 -m zfstune rollback one --pool $1 >/dev/null && echo 0 || echo $?
python3 /root/own.py $1 >/dev/null && echo 0 || echo $?
python3 -m zfstune rollback one --pool $1 --lose script --json >/run/said && echo 0
grep -q '"escaped_to": "' /run/said
echo "= after"
test -e /root/lib || echo gone
"""


def _sections(text: str) -> dict[str, list[str]]:
    """Give what a script printed below each of its headings."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("= "):
            found[line[2:]] = lines = []
        else:
            lines.append(line)
    return found

"""The postinstallers in examples/: each does its work, and a second run changes nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

SCRIPTS = Path(__file__).resolve().parents[2] / "examples" / "postinstall"
UNITS = Path("/etc/systemd/system")
EXPORTS = Path("/etc/exports.d/zfs.exports")
MADE = {
    "webserver": {"www", "logs/nginx", "certs"},
    "postgres": {"postgres", "postgres/data", "postgres/wal", "postgres/backups"},
    "docker": {"docker", "docker-volumes", "containers"},
    "k8s": {"containerd", "kubelet"},
    "monitoring": {"prometheus", "grafana"},
    "nfs": {"share", "home", "images"},
    "ci-runner": {"docker", "ci-cache", "ci-builds"},
    "vpn-gateway": set(),
    "mail": {"mail", "mail/queue", "logs/mail"},
    "workstation": {"docker"},
    "bastion": {"audit"},
}


@pytest.fixture(scope="module")
def rpool(make_pool: Callable[..., str], command: Command) -> Iterator[str]:
    """Give a pool as kldload makes it; what the scripts left goes with it."""
    name = make_pool(options=("-O", "mountpoint=none", "-O", "canmount=off"))
    UNITS.mkdir(parents=True, exist_ok=True)
    yield name
    EXPORTS.unlink()
    command("exportfs", "-ra")
    for path in (*UNITS.glob("zfstune-*"), *UNITS.glob("*.wants/zfstune-*")):
        path.unlink()
    command("zpool", "destroy", "-f", name)


def run(name: str, pool: str) -> str:
    """Run a script; give what it and zfstune printed."""
    done = subprocess.run(
        [SCRIPTS / f"{name}.sh"],
        env={**os.environ, "KLDLOAD_POOL_NAME": pool},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def state(pool: str, command: Command) -> tuple[str, ...]:
    """Give all that a script may change."""
    units = sorted((*UNITS.glob("zfstune-*"), *UNITS.glob("*.wants/zfstune-*")))
    return (
        command("zpool", "history", pool),
        command("zfs", "get", "-rHp", "-s", "local,received", "all", pool),
        command("zfs", "mount"),
        *(f"{unit} {unit.lstat().st_mtime_ns}" for unit in units),
        EXPORTS.read_text() if EXPORTS.exists() else "",
    )


@pytest.mark.parametrize("name", MADE)
def test_twice(name: str, rpool: str, command: Command) -> None:
    """The first run makes what it should, the second finds nothing to do."""
    run(name, rpool)
    known = command("zfs", "list", "-rHo", "name", rpool).split()
    assert {f"{rpool}/data/{path}" for path in MADE[name]} <= set(known)
    before = state(rpool, command)
    said = run(name, rpool)
    assert state(rpool, command) == before
    assert "nothing to do" in said
    assert "create" not in said


def test_an_owner_who_comes_after_the_datasets(rpool: str, command: Command) -> None:
    """Between datasets and package nothing is amiss; the next apply gives them away."""
    verify = ["zfstune", "verify", "elasticsearch", "--pool", rpool]
    command("zfstune", "apply", "elasticsearch", "--pool", rpool, "--no-owner")
    assert "awaited-owner" in command(*verify)
    command("useradd", "-r", "elasticsearch")
    try:
        done = subprocess.run(verify, capture_output=True, text=True, check=False)
        assert (done.returncode, "wrong-owner" in done.stdout) == (4, True), done.stdout
        command("zfstune", "apply", "elasticsearch", "--pool", rpool)
        assert "-owner" not in command(*verify)
    finally:
        command("userdel", "elasticsearch")
        command("zfs", "destroy", "-r", f"{rpool}/data/elasticsearch")


def test_all_of_them_are_as_they_should_be(rpool: str, command: Command) -> None:
    """Every script is tested, and together they leave a system without drift."""
    assert {path.stem for path in SCRIPTS.glob("*.sh")} == {*MADE, "common"}
    assert f"{rpool}/home/dev@fresh-install" in command("zfs", "list", "-Ht", "snapshot")
    exports = EXPORTS.read_text()
    assert {line.split()[0] for line in exports.splitlines() if line[:1] == "/"} == {
        "/data/share",
        "/data/home",
        "/data/images",
    }
    done = subprocess.run(
        ["zfstune", "verify", "--pool", rpool], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout

"""sharenfs: what zfstune has NFS serve is what ``zfs share`` would, and is served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.datasets.actions import Export
from zfstune.profiles.load import load_text
from zfstune.values.exports import export_lines, lines_by_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.profiles.profile import Profile

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

EXPORTFS = Path("/usr/sbin/exportfs")
FOLDER = Path("/etc/exports.d")
FILE = FOLDER / "zfs.exports"
ETAB = Path("/var/lib/nfs/etab")
ASIDE = EXPORTFS.with_name("exportfs.aside")


@pytest.fixture(autouse=True)
def _clean(command: Command) -> Iterator[None]:
    """Leave no export behind, and the server's own program where it was."""
    yield
    if ASIDE.exists():
        ASIDE.rename(EXPORTFS)
    FILE.unlink(missing_ok=True)
    command("exportfs", "-ra")


@pytest.fixture
def root(pool: str, command: Command) -> Iterator[str]:
    """Give a root for profiles."""
    command("zfs", "create", f"{pool}/srv")
    yield f"{pool}/srv"
    command("zfs", "destroy", "-R", f"{pool}/srv")


def profile(sharenfs: str = "") -> Profile:
    """Give a profile of a dataset that is shared, and one below."""
    lines = ['name = "app"', 'summary = "x"', "[[dataset]]", 'path = "app"']
    if sharenfs:
        lines.append("[dataset.properties.sharenfs]")
        lines.append(f'value = "{sharenfs}"\nwhy = "Because."\nsource = "x"')
    lines += ["[[dataset]]", 'path = "app/below"', ""]
    return load_text("\n".join(lines), "app.toml")


def served() -> set[str]:
    """Give the lines that the server goes by."""
    return set(filter(None, ETAB.read_text().split("\n"))) if ETAB.exists() else set()


def test_exported_and_withdrawn(root: str, engine: Engine, command: Command) -> None:
    """The server serves what libshare would write, and nothing once it is over."""
    for value in (
        "rw=@10.0.0.0/24:192.0.2.7,ro=*,sync,no_root_squash",
        "rw=[2001:db8::]/32:[::1],sec=krb5,ro=*.example.org",
        "on",
    ):
        wants = profile(value)
        done = zfstune.apply(wants, root=root, engine=engine).done
        exports = [action for action in done if isinstance(action, Export)]
        assert [a.path for a in exports] == [f"/{root}/app", f"/{root}/app/below"]
        assert not zfstune.plan(wants, root=root, engine=engine).pending
        ours = served()
        assert len(ours) == 2 * len(exports[0].lines) > 0
        FILE.unlink()
        command("zfs", "share", "-a")
        assert served() == ours
        assert not zfstune.plan(wants, root=root, engine=engine).pending
    done = zfstune.apply(profile(), root=root, engine=engine).done
    assert [a.to_dict()["action"] for a in done if isinstance(a, Export)] == [
        "withdraw"
    ] * 2
    assert served() == set()
    assert not zfstune.plan(profile(), root=root, engine=engine).pending


def test_destroyed_and_served_no_more(root: str, engine: Engine) -> None:
    """The server lets go of what is destroyed; of what is in use, it serves all again."""
    zfstune.apply(profile("on"), root=root, engine=engine)
    before = served()
    lines = FILE.read_text()
    lose = ("datasets", "snapshots")
    with Path(f"/{root}/app/file").open("w"), pytest.raises(zfstune.EngineError):
        zfstune.destroy(f"{root}/app", lose=lose, engine=engine)
    assert (served(), set(FILE.read_text().split())) == (before, set(lines.split()))
    zfstune.destroy(f"{root}/app", lose=lose, engine=engine)
    assert served() == set()
    assert lines_by_path(FILE.read_text()) == {}


def test_the_lines_are_those_of_libshare(root: str, command: Command) -> None:
    """Of each kind of value, what zfs itself writes when it shares."""
    for value in (
        "rw",
        "rw=*",
        "ro=[::1]/128:[2001:db8::/32]:192.0.2.0/255.255.255.0,rw=@192.0.2.7",
        "rw=@@admins:gss/krb5:*.example.org:db[1-3].example.org",
        "sec=krb5:krb5i,ro=a,sec=sys,rw=b,,anon=7",
        "rw=a,sec=krb5",
        "root_mapping=5,nosub,rw=a,fsid=1",
        "no_root_squash",
        "crossmnt,sec=sys",
        "on",
        "off",
    ):
        command("zfs", "set", f"sharenfs={value}", root)
        text = FILE.read_text() if FILE.exists() else ""
        assert lines_by_path(text).get(f"/{root}", ()) == export_lines(f"/{root}", value)


@pytest.mark.parametrize("value", ["rw=@[2001:db8::]/32", "rw=2001:db8::1", "rw=:a", "rw="])
def test_nobody_is_not_everybody(
    root: str, engine: Engine, command: Command, value: str
) -> None:
    """A value without a host is refused, and found where zfs itself was given it."""
    with pytest.raises(zfstune.ProfileError, match="sharenfs"):
        profile(value)
    zfstune.apply(profile(), root=root, engine=engine)
    command("zfs", "set", f"sharenfs={value}", f"{root}/app")
    states = {v.name: v.state for v in zfstune.verify(root, engine=engine).datasets}
    assert states[f"{root}/app"] == "not-exported"
    with pytest.raises(zfstune.InvalidProperty):
        engine.set(root, {"sharenfs": value})


@pytest.mark.parametrize("value", ["no_root_squash", "crossmnt", "sec=sys"])
def test_a_share_without_rw_and_ro(
    root: str, engine: Engine, command: Command, value: str
) -> None:
    """Nobody is served, as with zfs itself, and both plan and verify say so."""
    done = zfstune.apply(profile(value), root=root, engine=engine)
    assert "neither rw nor ro" in done.plan.warnings[-1].message
    command("zfs", "share", "-a")
    assert served() == set()
    found = zfstune.verify(root, engine=engine)
    assert {v.state for v in found.datasets if v.pending} == {"not-exported"}


def test_a_mountpoint_with_other_ends_of_a_line(
    root: str, engine: Engine, command: Command
) -> None:
    """It is one path to the server, not a second export of what stands behind them."""
    zfstune.apply(profile("rw=@10.0.0.0/24"), root=root, engine=engine)
    path = f"/{root}/a\u2028/etc\x85(rw)"
    command("zfs", "set", f"mountpoint={path}", f"{root}/app")
    zfstune.apply(profile("rw=@10.0.0.0/24"), root=root, engine=engine)
    assert not zfstune.plan(profile("rw=@10.0.0.0/24"), root=root, engine=engine).pending
    assert len(served()) == 2
    assert not any(line.startswith("/etc") for line in served())


def test_a_kill_before_the_server_heard(root: str, engine: Engine) -> None:
    """What was said and is not served yet is by the next run; so is the reverse."""
    zfstune.apply(profile("on"), root=root, engine=engine)
    before = served()
    assert not zfstune.verify(root, engine=engine).pending
    ETAB.write_text("")
    assert {v.state for v in zfstune.verify(root, engine=engine).datasets if v.pending} == {
        "not-exported"
    }
    assert zfstune.plan(profile("on"), root=root, engine=engine).pending
    zfstune.apply(profile("on"), root=root, engine=engine)
    assert served() == before
    zfstune.apply(profile(), root=root, engine=engine)
    ETAB.write_text("".join(f"{line}\n" for line in before))
    zfstune.apply(profile(), root=root, engine=engine)
    assert served() == set()


def test_a_server_that_fails(root: str, engine: Engine) -> None:
    """Its own words are the reason, and the next run tries again."""
    EXPORTFS.rename(ASIDE)
    EXPORTFS.write_text("#!/bin/sh\necho 'exportfs: no such luck' >&2\nexit 1\n")
    EXPORTFS.chmod(0o755)
    with pytest.raises(zfstune.EngineError, match="no such luck"):
        zfstune.apply(profile("on"), root=root, engine=engine)
    ASIDE.rename(EXPORTFS)
    zfstune.apply(profile("on"), root=root, engine=engine)
    assert len(served()) == 2


def test_no_server(root: str, engine: Engine) -> None:
    """The property is set, nothing is exported, and the plan says why."""
    EXPORTFS.rename(ASIDE)
    applied = zfstune.apply(profile("on"), root=root, engine=engine)
    assert "no NFS server" in applied.plan.warnings[-1].message
    assert not FILE.exists()
    assert not zfstune.plan(profile("on"), root=root, engine=engine).pending


@pytest.fixture
def server(root: str, command: Command) -> Iterator[None]:
    """Run the kernel's NFS server, version 4 alone; it lets go of the root afterwards."""
    del root
    command("ip", "link", "set", "lo", "up")
    command("modprobe", "nfsd")
    if not Path("/proc/fs/nfsd/threads").exists():
        command("mount", "-t", "nfsd", "nfsd", "/proc/fs/nfsd")
    Path("/var/lib/nfs/v4recovery").mkdir(exist_ok=True)
    Path("/run/rpc_pipefs").mkdir(exist_ok=True)
    command("rpc.mountd", "-N", "2", "-N", "3")
    command("rpc.nfsd", "-N", "3", "-V", "4", "1")
    # nobody was there before: else the first to open a file waits 90 seconds
    Path("/proc/fs/nfsd/v4_end_grace").write_text("Y")
    yield
    command("rpc.nfsd", "0")
    for pid in command("pidof", "rpc.mountd").split():
        command("kill", pid)
    command("exportfs", "-f")


@pytest.mark.usefixtures("server")
def test_a_client(root: str, engine: Engine, command: Command, tmp_path: Path) -> None:
    """A client mounts what is shared, writes to it, and cannot once it is withdrawn."""
    wants = profile("rw=@127.0.0.0/8,no_root_squash")
    zfstune.apply(wants, root=root, engine=engine)
    options = "vers=4.2,proto=tcp,soft,timeo=50,retrans=1,retry=0"
    words = ("mount", "-t", "nfs", "-o", options, f"127.0.0.1:/{root}/app", str(tmp_path))
    command(*words)
    (tmp_path / "file").write_text("over NFS")
    command("umount", str(tmp_path))
    assert Path(f"/{root}/app/file").read_text() == "over NFS"
    zfstune.apply(profile(), root=root, engine=engine)
    command(*words, check=False)
    assert not tmp_path.is_mount()

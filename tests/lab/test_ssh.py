"""Replication by a real sshd, as users without root, to a zfstune and to zfs alone."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

import zfstune
from lots import kills, seed, tally
from ssh_host import (
    USER,
    SshHost,
    Wire,
    documented_grants,
    processes,
    wait_until_gone,
)
from zfstune.values.errors import EngineError, NoSpace, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

MIB = 1 << 20
KILLS = kills(6)
SEED = seed(6)
SERVES, CONNECTS = "zfstune serve", "ssh -F"


SENDS, RECEIVES = documented_grants()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshHost]:
    """Give a host that ssh reaches."""
    folder = tmp_path_factory.mktemp("ssh")
    for above in (folder, *folder.parents[:3]):
        with suppress(OSError):
            above.chmod(0o755)
    made = SshHost(folder)
    os.environ["ZFSTUNE_SSH"] = made.ssh
    yield made
    made.stop()
    del os.environ["ZFSTUNE_SSH"]


@pytest.fixture(params=["zfstune", "zfs alone"])
def either(host: SshHost, request: pytest.FixtureRequest) -> Iterator[SshHost]:
    """Give a host that has zfstune, and one that has the zfs command alone."""
    alone = request.param == "zfs alone"
    if alone:
        host.start("/usr/local/bin:/usr/bin:/bin")
    yield host
    if alone:
        host.start(os.environ["PATH"])


@pytest.fixture(scope="module")
def back(make_pool: Callable[..., str], command: Command) -> str:
    """Make a second pool, in which the user may receive into one dataset."""
    pool = make_pool()
    command("zfs", "create", f"{pool}/web")
    command("zfs", "allow", "-u", USER, RECEIVES, f"{pool}/web")
    return pool


@pytest.fixture
def source(dataset: str, engine: Engine) -> str:
    """Give a dataset with files in two snapshots."""
    grow(engine, dataset, "1")
    grow(engine, dataset, "2")
    return dataset


@pytest.fixture
def target(back: str) -> str:
    """Name a dataset that is not there yet."""
    return f"{back}/web/{secrets.token_hex(4)}"


def grow(engine: Engine, name: str, short: str, size_bytes: int = 2 * MIB) -> None:
    """Write a file, and take a snapshot."""
    (Path("/") / name / short).write_bytes(os.urandom(size_bytes))
    engine.take_snapshots([f"{name}@{short}"])


def check_copy(engine: Engine, source: str, target: str) -> None:
    """See that a copy is whole, and that nothing is left of its making."""
    sent, received = engine.snapshots(source), engine.snapshots(target)
    assert [s.guid for s in received][-len(sent) :] == [s.guid for s in sent]
    assert zfstune.compare(sent[-1].name, received[-1].name, engine=engine).equal
    copy = engine.dataset(target)
    assert (copy.local("canmount"), copy.local("readonly")) == ("noauto", "on")
    assert not copy.value("receive_resume_token")
    assert target not in engine.mounts()
    assert len(engine.bookmarks(source)) == 1
    assert all(engine.holds(snapshot.name) == {} for snapshot in sent)


def zfstune_argv(*words: str) -> list[str]:
    """Give the command line of zfstune in a process of its own."""
    return [sys.executable, "-P", "-m", "zfstune", *words]


@pytest.mark.usefixtures("either")
def test_push_and_pull(source: str, target: str, engine: Engine, command: Command) -> None:
    """A user without root receives, by a bookmark the second time, and sends."""
    zfstune.replicate(source, f"far:{target}", engine=engine)
    check_copy(engine, source, target)
    engine.destroy_snapshots([f"{source}@1", f"{source}@2"])
    grow(engine, source, "3")
    plan = zfstune.replicate(source, f"far:{target}", engine=engine)
    (step,) = plan.datasets[0].transfer.steps
    assert "#zfstune-base-" in step.describe()
    check_copy(engine, source, target)
    command("zfs", "allow", "-u", USER, SENDS, source)
    pulled = f"{target.partition('/')[0]}/{secrets.token_hex(4)}"
    engine.destroy_bookmarks(engine.bookmarks(source))
    zfstune.replicate(f"far:{source}", pulled, engine=engine)
    check_copy(engine, source, pulled)
    grow(engine, source, "4")
    zfstune.replicate(f"far:{source}", pulled, engine=engine)
    check_copy(engine, source, pulled)
    engine.take_snapshots([f"{target}@own"])
    with pytest.raises(zfstune.PlanError, match="@own"):
        zfstune.replicate(source, f"far:{target}", engine=engine)


def test_without_root_on_both_ends(
    host: SshHost, source: str, target: str, engine: Engine, command: Command
) -> None:
    """The user who runs zfstune here has no more rights than the one there."""
    command("zfs", "allow", "-u", USER, SENDS, source)
    ssh = f"ZFSTUNE_SSH={host.ssh}"
    argv = ["sudo", "-u", USER, "env", ssh, *zfstune_argv("replicate", source)]
    for short in ("3", "4"):
        command(*argv, f"far:{target}")
        check_copy(engine, source, target)
        grow(engine, source, short)
    assert "incremental" in command(*argv, f"far:{target}")


def test_zfs_keeps_what_it_sends(source: str, engine: Engine) -> None:
    """So no hold is needed where the zfs command sends."""
    sending = subprocess.Popen(["zfs", "send", f"{source}@2"], stdout=subprocess.PIPE)
    assert sending.stdout is not None
    sending.stdout.read(MIB)
    with pytest.raises((zfstune.BatchError, EngineError)):
        engine.destroy_snapshots([f"{source}@2"])
    sending.kill()
    sending.communicate()
    engine.destroy_snapshots([f"{source}@2"])


def test_a_forced_command(
    host: SshHost, source: str, back: str, target: str, engine: Engine
) -> None:
    """The key does what it is for, whatever the client asks for."""
    host.allow(f"zfstune serve --allow {back}/web --receive")
    try:
        zfstune.replicate(source, f"far:{target}", engine=engine)
        check_copy(engine, source, target)
        with pytest.raises(NotPermitted, match="not within"):
            zfstune.replicate(source, f"far:{back}/other", engine=engine)
        with pytest.raises(NotPermitted, match="may not send"):
            zfstune.replicate(f"far:{target}", f"{back}/stolen", engine=engine)
        done = subprocess.run(
            [*host.ssh.split(), "far", "id"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert done.stdout.startswith(b"zfstune-serve ")
        assert b"uid=" not in done.stdout
    finally:
        host.allow("")


@pytest.fixture
def copied(host: SshHost, source: str, target: str, engine: Engine) -> str:
    """Give a source whose copy is up to date, and which then has a snapshot more."""
    zfstune.replicate(source, f"far:{target}", engine=engine)
    grow(engine, source, "3", 6 * MIB)
    return source


@pytest.mark.parametrize("how", ["plain", "compressed", "ssh packs"])
def test_bytes_on_the_wire(
    host: SshHost, dataset: str, target: str, engine: Engine, how: str
) -> None:
    """Blocks travel as they lie on disk; ssh packs those that are not compressed there."""
    engine.set(dataset, {"compression": "lz4" if how == "compressed" else "off"})
    line = b"the same again and again\n"
    (Path("/") / dataset / "text").write_bytes(line * (4 * MIB // len(line)))
    engine.take_snapshots([f"{dataset}@1"])
    options = ["Compression=yes"] if how == "ssh packs" else []
    wire = Wire(1 << 40, Wire.cut)
    host.lead_to(wire.port)
    try:
        zfstune.replicate(dataset, f"far:{target}", engine=engine, ssh_options=options)
    finally:
        wire.close()
        host.lead_to()
    if how == "plain":
        assert wire.passed > 3.9 * MIB
    else:
        assert wire.passed < MIB
    check_copy(engine, dataset, target)


@pytest.mark.parametrize("silent", [False, True])
def test_a_network_that_is_cut(
    host: SshHost, copied: str, target: str, engine: Engine, *, silent: bool
) -> None:
    """In mid-stream, with or without a word: both sides end, and the next run goes on."""
    wire = Wire(3 * MIB, Wire.fall_silent if silent else Wire.cut)
    host.lead_to(wire.port)
    try:
        with pytest.raises(EngineError, match="cannot work with host 'far'") as broken:
            zfstune.replicate(copied, f"far:{target}", engine=engine)
        assert "it goes on" in broken.value.hint
        wait_until_gone(SERVES, CONNECTS)
    finally:
        wire.close()
        host.lead_to()
    plan = zfstune.replicate(copied, f"far:{target}", engine=engine)
    assert [s.to_dict()["step"] for s in plan.datasets[0].transfer.steps] == ["resume"]
    check_copy(engine, copied, target)


def kill(victim: str, client: int) -> None:
    """Kill a process, or all that have these words; or interrupt the client."""
    found = [client] if victim in ("client", "interrupt") else processes(victim)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT if victim == "interrupt" else signal.SIGKILL)


def test_killed_at_random_moments(
    host: SshHost, copied: str, target: str, engine: Engine
) -> None:
    """Either side, or ssh between them, at any byte; all is equal afterwards."""
    random = Random(SEED)  # noqa: S311 (no secret)
    argv = zfstune_argv("replicate", copied, f"far:{target}")
    for number in range(KILLS):
        victim = ("client", SERVES, CONNECTS, "interrupt")[number % 4]
        pids: list[int] = []
        strike = partial(lambda who, pids, _: kill(who, pids[0]), victim, pids)
        wire = Wire(random.randrange(7 * MIB), strike)
        host.lead_to(wire.port)
        client = subprocess.Popen(
            argv,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        pids.append(client.pid)
        client.wait(120)
        wait_until_gone(SERVES, CONNECTS)
        wire.close()
        host.lead_to()
        if number % 3 == 0 or number == KILLS - 1:
            zfstune.replicate(copied, f"far:{target}", engine=engine)
            check_copy(engine, copied, target)
            for name in (copied, target):  # room for many laps
                engine.destroy_snapshots([s.name for s in engine.snapshots(name)[:-1]])
                (Path("/") / copied / f"after-{number - 3}").unlink(missing_ok=True)
            grow(engine, copied, f"after-{number}", 6 * MIB)
    tally(kills=KILLS)


@pytest.mark.usefixtures("either")
def test_a_target_that_is_full(
    copied: str, back: str, engine: Engine, command: Command
) -> None:
    """ZFS says so on both ways; with room, the next run goes on where that one ended."""
    tight = f"{back}/web/{secrets.token_hex(4)}"
    # Three copies of each block: no estimate of a stream tells of them.
    room = ("-o", "copies=3", "-o", "quota=24M", tight)
    command("zfs", "create", "-o", "canmount=off", *room)
    with pytest.raises(NoSpace):
        zfstune.replicate(copied, f"far:{tight}/copy", engine=engine)
    command("zfs", "set", "quota=none", tight)
    zfstune.replicate(copied, f"far:{tight}/copy", engine=engine)
    sent, received = (engine.snapshots(n) for n in (copied, f"{tight}/copy"))
    assert [s.guid for s in received] == [s.guid for s in sent]
    assert zfstune.compare(sent[-1].name, received[-1].name, engine=engine).equal


def test_who_is_not_let_in(
    host: SshHost, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is told, with a hint."""
    for options, reason in (
        ("-oPubkeyAuthentication=no", "it refused the login"),
        ("-oUserKnownHostsFile=/dev/null", "its host key is not known here"),
        ("-p 1", "nothing listens on its ssh port"),
    ):
        monkeypatch.setenv("ZFSTUNE_SSH", f"{host.ssh} {options}")
        with pytest.raises(EngineError, match=reason):
            zfstune.replicate(source, f"far:{target}")

"""Files brought to the recordsize of today, on the kernel: what changes, and what stays."""

from __future__ import annotations

import fcntl
import importlib
import json
import mmap
import os
import secrets
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from zfstune.cli.main import main
from zfstune.measurement.retuning import retune as retuning
from zfstune.measurement.retuning.swap import put_in_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.retuning.retune_result import RetuneResult

    Command = Callable[..., str]
    Run = Callable[..., RetuneResult]
    Place = tuple[str, Path]
    Idle = list[str]

K = 1 << 10
EXCHANGES = (2, 2)  # since then ZFS exchanges two names in one step
OLD, NEW = 128 * K, 8 * K


@pytest.fixture(scope="module")
def idle(engine: Engine) -> Idle:
    """Give the option for a release that needs to be told that nothing else is there."""
    return ["--idle"] if engine.limits.release < EXCHANGES else []


@pytest.fixture
def place(pool: str, engine: Engine) -> Place:
    """Give a filesystem with records of 128K, and where it is mounted."""
    name = f"{pool}/{secrets.token_hex(4)}"
    engine.create(
        name, properties={"recordsize": "128K", "xattr": "sa", "acltype": "posix"}
    )
    return name, Path(engine.mount(name))


def block_bytes(path: Path) -> int:
    """Give the size of a file's blocks, as the kernel says."""
    return path.stat().st_blksize


def left_in(folder: Path) -> list[str]:
    """Give what runs have left in the root of a filesystem."""
    return [path.name for path in folder.glob(".zfstune*")]


@pytest.fixture
def run(engine: Engine, idle: Idle) -> Run:
    """Give the function that retunes a dataset in this process."""

    def retuned(name: str, **more: Any) -> RetuneResult:
        choice = zfstune.Retuning(idle=bool(idle), keep_free="1M", **more)
        return zfstune.retune(name, choice=choice, engine=engine)

    return retuned


def all_of(path: Path) -> tuple[object, ...]:
    """Give all that a file has, except what says which file it is."""
    facts = path.stat()
    extended = {name: os.getxattr(path, name) for name in sorted(os.listxattr(path))}
    kept = (facts.st_mode, facts.st_uid, facts.st_gid, facts.st_nlink, facts.st_size)
    times = facts.st_atime_ns, facts.st_mtime_ns
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOATIME), "rb") as file:
        return (*kept, extended, times, file.read())


def access_list(user: int, group: int) -> bytes:
    """Give a POSIX access list, as include/uapi/linux/posix_acl_xattr.h lays it out."""
    entries = (
        (1, 6, -1),
        (2, 4, user),
        (4, 5, -1),
        (8, 6, group),
        (16, 5, -1),
        (32, 0, -1),
    )
    return b"\2\0\0\0" + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def test_blocks_change_and_nothing_else(place: Place, engine: Engine, run: Run) -> None:
    """Blocks get today's size; owner, mode, times, xattrs, ACL and content stay."""
    name, folder = place
    deep = folder / "a" / "b\n\udcff"
    deep.mkdir(parents=True)
    old = deep / "old \udc80\n"
    old.write_bytes(os.urandom(300 * K))
    os.chown(old, 1234, 4321)
    old.chmod(0o4750)
    os.setxattr(old, "user.note", b"text\0")
    os.setxattr(old, "trusted.note", b"x" * 5000)
    os.setxattr(old, "system.posix_acl_access", access_list(77, 88))
    os.utime(old, ns=(1_000_000_001, 1_234_567_890_123_456_789))
    small = folder / "small"
    small.write_bytes(b"s" * 600)
    os.setxattr(folder, "system.posix_acl_default", access_list(99, 98))
    before = all_of(old), small.stat()
    engine.take_snapshots([f"{name}@before"])
    engine.set(name, {"recordsize": "8K"})
    assert block_bytes(old) == OLD
    done = run(name)
    assert (done.done, done.left, left_in(folder)) == (1, (), [])
    assert block_bytes(old) == NEW
    assert all_of(old) == before[0]
    assert "system.posix_acl_access" in before[0][5]  # type: ignore[operator]
    assert done.plan.pinned.least_bytes >= 300 * K
    assert small.stat() == before[1]
    kept = folder / ".zfs/snapshot/before" / old.relative_to(folder)
    assert (block_bytes(kept), kept.read_bytes()) == (OLD, old.read_bytes())
    assert run(name).plan.files == ()


def test_small_blocks_grow(place: Place, engine: Engine, run: Run) -> None:
    """A larger recordsize works, too; a file of one block is left as it is."""
    name, folder = place
    engine.set(name, {"recordsize": "4K"})
    (folder / "old").write_bytes(os.urandom(700 * K))
    (folder / "one").write_bytes(os.urandom(4 * K))
    engine.set(name, {"recordsize": "1M"})
    inode = (folder / "one").stat().st_ino
    assert run(name).done == 1
    assert block_bytes(folder / "old") >= 700 * K
    assert (folder / "one").stat().st_ino == inode


def test_holes_stay_holes(place: Place, engine: Engine, run: Run) -> None:
    """Ranges without data are copied as such, at the end of a file, too."""
    name, folder = place
    engine.set(name, {"compression": "off"})
    sparse = folder / "sparse"
    with sparse.open("wb") as file:
        file.seek(512 * K)
        file.write(os.urandom(128 * K))
        file.truncate(20 << 20)
    nothing = folder / "nothing"
    with nothing.open("wb") as file:
        file.truncate(1 << 20)
    engine.set(name, {"recordsize": "8K"})
    content = sparse.read_bytes()
    assert run(name).left == ()
    engine.sync(name.partition("/")[0])
    assert sparse.stat().st_blocks * 512 < 256 * K
    with sparse.open("rb") as file:
        assert os.lseek(file.fileno(), 0, os.SEEK_DATA) == 512 * K
        assert os.lseek(file.fileno(), 512 * K, os.SEEK_HOLE) == 640 * K
    assert sparse.read_bytes() == content
    assert nothing.read_bytes() == bytes(1 << 20)


def test_what_was_just_written(place: Place, engine: Engine, run: Run) -> None:
    """Files that are dirty yet are copied whole."""
    name, folder = place
    content = [os.urandom(200 * K) for _ in range(20)]
    for number, data in enumerate(content):
        (folder / str(number)).write_bytes(data)
    engine.set(name, {"recordsize": "16K"})
    assert run(name).done == 20
    assert [(folder / str(n)).read_bytes() for n in range(20)] == content


def test_all_names_of_a_file_move(
    place: Place, engine: Engine, command: Command, run: Run
) -> None:
    """Hard links lead to one file afterwards; one that is out of sight refuses the file."""
    name, folder = place
    for part in ("a", "b"):
        (folder / part).mkdir()
    first, second, hidden = folder / "a/first", folder / "b/second", folder / "b/hidden"
    first.write_bytes(os.urandom(300 * K))
    os.link(first, second)
    (folder / "c").write_bytes(os.urandom(300 * K))
    os.link(folder / "c", hidden)
    engine.set(name, {"recordsize": "8K"})
    command("mount", "-t", "tmpfs", "none", str(folder / "b"))
    try:
        done = run(name)
    finally:
        command("umount", str(folder / "b"))
    assert done.done == 0
    assert {left.path for left in done.left} == {"a/first", "c"}
    assert "1 of its 2 names is out of reach" in done.left[0].reason
    assert run(name).done == 2
    assert first.stat().st_ino == second.stat().st_ino
    assert first.stat().st_nlink == 2
    assert block_bytes(second) == block_bytes(hidden) == NEW


def test_what_is_in_use_is_left(
    place: Place, engine: Engine, command: Command, run: Run
) -> None:
    """A file that is open, mapped, running, or immutable stays, and is named."""
    name, folder = place
    names = ("read", "written", "mapped", "runs", "fixed", "free")
    for each in names:
        (folder / each).write_bytes(Path("/bin/sleep").read_bytes() + os.urandom(300 * K))
    (folder / "runs").chmod(0o755)
    sleeper = subprocess.Popen([folder / "runs", "600"])
    command("chattr", "+i", str(folder / "fixed"))
    engine.set(name, {"recordsize": "8K"})
    with (folder / "read").open("rb"), (folder / "written").open("r+b"):
        with (folder / "mapped").open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        try:
            done = run(name)
        finally:
            mapped.close()
            sleeper.kill()
            sleeper.wait()
            command("chattr", "-i", str(folder / "fixed"))
    reasons = {left.path: left.reason for left in done.left}
    assert reasons.keys() == set(names) - {"free"}
    assert reasons.pop("fixed") == "it is immutable or append-only (chattr +i, +a)"
    assert set(reasons.values()) == {"a program has it open, has it mapped or runs it"}
    assert block_bytes(folder / "read") == OLD
    assert run(name).left == ()


# Where a run is killed: in a call of that function of a module of retuning.
MOMENTS = [
    ("copy", "copy_content", 1),
    ("copy", "write_attributes", 3),
    ("swap", "check_copy", 1),
    ("retune", "put_in_place", 2),
    ("spare", "exchange_names", 2),
    ("spare", "exchange_names", 3),
    ("spare", "exchange_names", 4),
    ("retune", "watch", 1),
    ("retune", "drop_originals", 1),
    ("retune", "drop_originals", 3),
]


def killed(name: str, idle: Idle, moment: tuple[str, str, int]) -> None:
    """Kill a run, in a process of its own."""
    where, function, after = moment
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, moment
        return
    try:
        module = importlib.import_module(f"zfstune.measurement.retuning.{where}")
        real, calls = getattr(module, function), []

        def trap(*args: object, **more: object) -> object:
            calls.append(args)
            if len(calls) == after:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **more)

        setattr(module, function, trap)
        zfstune.retune(name, choice=zfstune.Retuning(idle=bool(idle), keep_free="1M"))
    finally:
        os._exit(1)


def test_a_killed_run_is_completed(
    place: Place, engine: Engine, idle: Idle, run: Run
) -> None:
    """Killed at each of ten moments, a run loses nothing, and the next one completes it."""
    name, folder = place
    content = {}
    for number in range(3):
        first = folder / f"{number}"
        first.write_bytes(os.urandom(200 * K))
        for link in ("x", "y"):
            os.link(first, folder / f"{number}{link}")
        content[number] = first.read_bytes()
    for turn, moment in enumerate(MOMENTS):
        engine.set(name, {"recordsize": ("8K", "128K")[turn % 2]})
        killed(name, idle, moment)
        assert left_in(folder) != [], moment
        for number, data in content.items():
            for link in ("", "x", "y"):
                assert (folder / f"{number}{link}").read_bytes() == data, moment
        done = run(name)
        assert (done.left, left_in(folder)) == ((), []), moment
        for number, data in content.items():
            paths = [folder / f"{number}{link}" for link in ("", "x", "y")]
            assert {block_bytes(path) for path in paths} == {(NEW, OLD)[turn % 2]}
            assert len({path.stat().st_ino for path in paths}) == 1
            assert paths[0].stat().st_nlink == 3
            assert paths[0].read_bytes() == data


WRITER = """\
import os, random, sys, time
folder, seconds = sys.argv[1], float(sys.argv[2])
until, last = time.monotonic() + seconds, {}
while time.monotonic() < until:
    name = f"{random.randrange(6)}"
    text = os.urandom(150 << 10)
    how = random.randrange(3)
    if how == 0:
        with open(f"{folder}/{name}", "r+b") as file:
            file.write(text); file.truncate()
    elif how == 1:
        with open(f"{folder}/{name}.new", "wb") as file:
            file.write(text)
        os.rename(f"{folder}/{name}.new", f"{folder}/{name}")
    else:
        try: os.unlink(f"{folder}/{name}")
        except FileNotFoundError: pass
        with open(f"{folder}/{name}", "xb") as file:
            file.write(text)
    last[name] = text
    time.sleep(random.random() / 20)
for name, text in last.items():
    assert open(f"{folder}/{name}", "rb").read() == text, name
print("all there")
"""


def test_a_busy_writer_loses_nothing(
    place: Place, engine: Engine, idle: Idle, run: Run
) -> None:
    """While a program writes, replaces and removes files, each has what it wrote last."""
    if idle:
        pytest.skip("this release cannot exchange two names")
    name, folder = place
    for number in range(6):
        (folder / f"{number}").write_bytes(os.urandom(150 * K))
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, folder, "4"], stdout=subprocess.PIPE, text=True
    )
    sizes, done, left = ["8K", "16K", "32K", "128K"], 0, 0
    turn = 0
    while writer.poll() is None:
        engine.set(name, {"recordsize": sizes[turn % 4]})
        result = run(name)
        done, left, turn = done + result.done, left + len(result.left), turn + 1
    assert writer.communicate()[0] == "all there\n"
    assert done > 0
    assert left > 0
    assert left_in(folder) == []


def test_who_asks_for_the_old_file_gets_it(
    place: Place, engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that looked up the file before the exchange and opens it after it."""
    name, folder = place
    old = folder / "old"
    old.write_bytes(os.urandom(300 * K))
    engine.set(name, {"recordsize": "8K"})
    looked_up = os.open(old, os.O_PATH)
    opener: list[subprocess.Popen[bytes]] = []

    def put_and_ask(spare: Any, copied: Any, placed: Any) -> None:
        put_in_place(spare, copied, placed)
        script = f"f = open('/proc/{os.getpid()}/fd/{looked_up}', 'r+b'); f.write(b'mine')"
        opener.append(subprocess.Popen([sys.executable, "-c", script]))
        time.sleep(2)  # it waits in open() by now

    monkeypatch.setattr(retuning, "put_in_place", put_and_ask)
    done = run(name)
    assert opener[0].wait() == 0
    os.close(looked_up)
    assert [left.reason for left in done.left] == [
        "a program opened it at the moment of the exchange"
    ]
    assert old.read_bytes()[:4] == b"mine"
    assert left_in(folder) == []


def test_space_quota_and_floor(
    place: Place, engine: Engine, command: Command, idle: Idle, run: Run
) -> None:
    """A quota leaves the file, a floor stops the run, and both say so."""
    name, folder = place
    pool = name.partition("/")[0]
    big = folder / "big"
    big.write_bytes(os.urandom(4 << 20))
    os.chown(big, 1234, 1234)
    engine.sync(pool)
    command("zfs", "set", "userquota@1234=5M", name)
    engine.set(name, {"recordsize": "8K"})
    engine.sync(pool)
    reasons = {left.reason for left in run(name).left}
    assert reasons <= {"its copy would exceed a quota"}
    command("zfs", "set", "userquota@1234=none", name)
    engine.set(name, {"quota": str(6 << 20)})
    big.touch()
    done = run(name, everything=True)
    assert {left.reason for left in done.left} == {"its copy would exceed a quota"}
    assert left_in(folder) == []
    engine.set(name, {"quota": "none"})
    choice = zfstune.Retuning(idle=bool(idle), keep_free="99%", everything=True)
    done = zfstune.retune(name, choice=choice, engine=engine)
    assert (done.done, done.pending) == (0, 1)
    assert "are to stay" in done.stopped


def test_the_command(
    place: Place, engine: Engine, idle: Idle, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """-n changes nothing, a run says what it did, and the exit status what is left."""
    name, folder = place
    for each in ("a", "b"):
        (folder / each).write_bytes(os.urandom(300 * K))
    engine.set(name, {"recordsize": "8K"})
    options = ["--keep-free", "1M", *idle]
    assert main(["retune", name, "-n", *options]) == 0
    text = capsys.readouterr().out
    assert "2 of 2 files to write anew: 600K" in text
    assert "no snapshot keeps the old blocks" in text
    assert "a random write of 8K: 128K written after 128K were read now, 8K" in text
    assert block_bytes(folder / "a") == OLD
    with (folder / "a").open("rb"):
        assert main(["retune", name, "--json", "--rate", "100M", *options]) == 3
    result = json.loads(capsys.readouterr().out)
    assert (result["done"], result["left"][0]["path"]) == (1, "a")
    assert main(["retune", name, *options]) == 0
    assert "1 files written anew" in capsys.readouterr().out
    assert main(["retune", f"{name}/missing", *options]) == 1


def test_an_application_that_runs_there(
    place: Place, engine: Engine, run: Run, tmp_path: Path
) -> None:
    """A database keeps its files, whether it has them open at the moment or not."""
    name, folder = place
    (folder / "old").write_bytes(os.urandom(300 * K))
    engine.set(name, {"recordsize": "8K"})
    program = tmp_path / "postgres"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    database = subprocess.Popen([program, "600"], cwd=folder)
    try:
        with pytest.raises(zfstune.PlanError, match="postgres uses it") as error:
            run(name)
    finally:
        database.kill()
        database.wait()
    assert error.value.hint == "`systemctl stop postgresql`, and try again"
    assert run(name).done == 1


def test_refusals(
    place: Place, engine: Engine, command: Command, idle: Idle, run: Run
) -> None:
    """A run beside it, a release without an exchange, a share, and no mount are refused."""
    name, folder = place
    (folder / "old").write_bytes(os.urandom(300 * K))
    engine.set(name, {"recordsize": "8K"})
    folder_of_another = folder / ".zfstune-retune.0123456789abcdef"
    folder_of_another.mkdir(0o700)
    lock = os.open(folder_of_another, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(zfstune.PlanError, match="another run is under way"):
        run(name)
    os.close(lock)
    if idle:
        with pytest.raises(zfstune.PlanError, match="cannot exchange two names"):
            zfstune.retune(name, engine=engine)
    else:
        command("zfs", "set", "sharenfs=on", name)
        with pytest.raises(zfstune.PlanError, match="it is shared by NFS"):
            run(name)
        command("zfs", "set", "sharenfs=off", name)
    command("zfs", "unmount", name)
    with pytest.raises(zfstune.PlanError, match="it is not mounted"):
        run(name)
    engine.mount(name)
    assert run(name).done == 1

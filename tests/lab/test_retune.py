"""Files brought to the recordsize of today, on the kernel: what changes, and what stays."""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import re
import struct
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from retuned_dataset import (
    NEW,
    OLD,
    K,
    all_of,
    block_bytes,
    left_in,
)
from zfstune.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from retuned_dataset import Idle, Place, Run
    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytest_plugins = ["retuned_fixtures"]


PAGE = Path(__file__).parents[2] / "docs" / "howto" / "retune.md"


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
    time.sleep(1.1)  # the time of a snapshot is in whole seconds
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
    assert "1 file written anew" in capsys.readouterr().out
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


def masked(line: str) -> str:
    """Give a line without its figures, which depend on the pool."""
    return re.sub(r"\d[\d.]*[KMG]?", "N", line)


def test_the_page(
    place: Place, engine: Engine, idle: Idle, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands of docs/howto/retune.md print what the page shows."""
    name, folder = place
    engine.set(name, {"compression": "lz4"})
    for file, size in (("a", K * K), ("b", K * K), ("small", 600)):
        (folder / file).write_bytes(os.urandom(size))
    time.sleep(1.1)
    engine.take_snapshots([f"{name}@before"])
    engine.set(name, {"recordsize": "8K"})
    [block] = re.findall(r"^```text\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    steps = re.findall(r"^# zfstune (.*)\n((?:[^#].*\n)*)", block, re.MULTILINE)
    assert len(steps) == 2
    for words, shown in steps:
        assert main([*words.replace("tank/db", name).split(), *idle]) == 0
        printed = capsys.readouterr().out.replace(name, "tank/db").splitlines()
        lines = [masked(line) for line in shown.splitlines()]
        if lines[0] == "...":
            lines, printed = lines[1:], printed[1 - len(lines) :]
        assert [masked(line) for line in printed] == lines

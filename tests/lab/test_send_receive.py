"""Packages between zfstune and the zfs command, in both directions, by the same kernel."""

from __future__ import annotations

import io
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

MIB = 1 << 20


@pytest.fixture(scope="module")
def back(make_pool: Callable[..., str]) -> str:
    """Make a second pool."""
    return make_pool()


@pytest.fixture(scope="module")
def tree(pool: str, engine: Engine, command: Command) -> str:
    """Make a tree with files, properties, a volume, a clone and three snapshots."""
    root = f"{pool}/tree"
    command("zfs", "create", "-o", "compression=gzip", "-o", "own:mark=a value", root)
    Path(f"/{root}/one").write_bytes(os.urandom(MIB))
    engine.take_snapshots([f"{root}@1"])
    command("zfs", "create", "-o", "recordsize=8K", f"{root}/child")
    Path(f"/{root}/child/two").write_bytes(os.urandom(MIB))
    command("zfs", "create", "-s", "-V", "8M", f"{root}/volume")
    command("zfs", "snapshot", "-r", f"{root}@2")
    command("zfs", "set", "own:of=snapshot", f"{root}@2")
    command("zfs", "clone", f"{root}/child@2", f"{root}/a clone")
    Path(f"/{root}/a clone/three").write_bytes(b"three")
    Path(f"/{root}/one").write_bytes(b"shorter")
    command("zfs", "snapshot", "-r", f"{root}@3")
    return root


def shell(line: str) -> str:
    """Run a pipeline, of which each command succeeds."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def check_equal(engine: Engine, tree: str, copy: str, *, raw: bool = False) -> None:
    """See that each snapshot has arrived with its guid and its content."""
    for dataset in engine.datasets(tree):
        name = copy + dataset.name[len(tree) :]
        arrived = {s.short_name: s.guid for s in engine.snapshots(name)}
        assert arrived == {s.short_name: s.guid for s in engine.snapshots(dataset.name)}
        newest = engine.snapshots(dataset.name)[-1]
        other = f"{name}@{newest.short_name}"
        assert zfstune.compare(newest.name, other, engine=engine, raw=raw).equal
        origin = (dataset.value("origin") or "").replace(tree, copy)
        assert (engine.dataset(name).value("origin") or "") == origin


def test_what_zfs_sends(tree: str, back: str, engine: Engine, command: Command) -> None:
    """A tree with -R, inert here; then its changes, through a pipe and by the command."""
    copy = f"{back}/{secrets.token_hex(4)}"
    shell(f"zfs send -R '{tree}@2' | zfstune receive --properties '{copy}'")
    shell(f"zfs send -R -I @2 '{tree}@3' | zfstune receive --properties '{copy}'")
    check_equal(engine, tree, copy)
    got = command("zfs", "get", "-H", "-o", "property,value,source", "all", copy)
    found = {line.split("\t")[0]: line.split("\t")[1:] for line in got.splitlines()}
    assert found["compression"] == ["gzip", "received"]
    assert found["own:mark"] == ["a value", "received"]
    assert found["readonly"] == ["on", "local"]
    assert found["mounted"][0] == "no"
    assert engine.dataset(f"{copy}/volume").local("volmode") == "none"
    again = shell(f"zfs send -R '{tree}@3' | zfstune receive '{copy}'")
    assert again == ""


@pytest.mark.parametrize(
    "options", ["-p", "-I @1", "-p -I @1", "-i @1", "-Lc -p", "-h", "-e", "-Lec -i @1"]
)
def test_other_packages_of_zfs(tree: str, back: str, engine: Engine, options: str) -> None:
    """With properties, with the snapshots between, with holds, with data in pointers."""
    copy = f"{back}/{secrets.token_hex(4)}"
    if "@1" in options:
        shell(f"zfs send '{tree}@1' | zfstune receive '{copy}'")
    shell(f"zfs send {options} '{tree}@3' | zfstune receive '{copy}'")
    other = engine.snapshot(f"{copy}@3")
    assert other.guid == engine.snapshot(f"{tree}@3").guid
    assert zfstune.compare(f"{tree}@3", other.name, engine=engine).equal


def test_what_zfs_receives(tree: str, back: str, engine: Engine, command: Command) -> None:
    """Our trees, full and incremental, with the options of zfs receive."""
    copy = f"{back}/{secrets.token_hex(4)}"
    shell(
        f"zfstune send -r --every --properties '{tree}@2' | "
        f"zfs receive -u -x mountpoint '{copy}'"
    )
    shell(
        f"zfstune send -r --every --properties --base @2 '{tree}@3' | "
        f"zfs receive -u '{copy}'"
    )
    check_equal(engine, tree, copy)
    got = command("zfs", "get", "-H", "-o", "value,source", "compression,own:mark", copy)
    assert got.splitlines() == ["gzip\treceived", "a value\treceived"]
    assert command("zfs", "get", "-H", "-o", "value", "own:of", f"{copy}@2") == "snapshot\n"
    holder = f"{back}/{secrets.token_hex(4)}"
    command("zfs", "create", "-o", "mountpoint=none", holder)
    shell(f"zfstune send -r '{tree}@3' | zfs receive -u -d '{holder}'")
    child = f"{holder}/{tree.partition('/')[2]}/child@3"
    assert engine.snapshot(child).guid == engine.snapshot(f"{tree}/child@3").guid
    command("zfs", "destroy", "-r", holder)


@pytest.mark.parametrize(
    "options", ["", "--properties", "--every --base @1", "--every --properties", "--every"]
)
def test_other_packages_of_ours(tree: str, back: str, engine: Engine, options: str) -> None:
    """Each takes its place beside the options of zfs send."""
    copy = f"{back}/{secrets.token_hex(4)}"
    if "@1" in options:
        shell(f"zfstune send '{tree}@1' | zfs receive -u '{copy}'")
    shell(f"zfstune send {options} '{tree}@3' | zfs receive -u -x mountpoint '{copy}'")
    other = engine.snapshot(f"{copy}@3")
    assert other.guid == engine.snapshot(f"{tree}@3").guid
    assert zfstune.compare(f"{tree}@3", other.name, engine=engine).equal


def test_encrypted_trees(pool: str, back: str, engine: Engine, command: Command) -> None:
    """Raw in both directions: the keys open the copies."""
    root = f"{pool}/secret"
    key = Path(f"/run/{pool}.key")
    key.write_text("12345678")
    words = ["-o", "encryption=on", "-o", "keyformat=passphrase"]
    command("zfs", "create", *words, "-o", f"keylocation=file://{key}", root)
    command("zfs", "create", f"{root}/below")
    Path(f"/{root}/below/file").write_bytes(os.urandom(MIB))
    command("zfs", "snapshot", "-r", f"{root}@1")
    ours, theirs = (f"{back}/{secrets.token_hex(4)}" for _ in range(2))
    shell(f"zfstune send -r {root}@1 | zfs receive -u {theirs}")
    shell(f"zfs send -Rw {root}@1 | zfstune receive {ours}")
    for copy in (theirs, ours):
        check_equal(engine, root, copy, raw=True)
        for name in dict.fromkeys(
            engine.dataset(n).value("encryptionroot") or "" for n in (copy, f"{copy}/below")
        ):
            command("zfs", "load-key", "-L", f"file://{key}", name)
        check_equal(engine, root, copy)
    assert engine.dataset(f"{theirs}/below").value("encryptionroot") == theirs


def test_saved_parts(tree: str, back: str, engine: Engine) -> None:
    """What either side kept, the other one sends on and completes."""
    part, other = (f"{back}/{secrets.token_hex(4)}" for _ in range(2))
    sink = io.BytesIO()
    zfstune.send(f"{tree}@1", sink, engine=engine)
    cut = sink.getvalue()[: MIB // 2]
    with pytest.raises(zfstune.EngineError, match="ended early"):
        zfstune.receive(part, io.BytesIO(cut), engine=engine)
    subprocess.run(
        ["bash", "-c", f"zfs send -S {part} | zfstune receive {other}"],
        capture_output=True,
        check=False,
    )
    for name in (part, other):
        token = engine.dataset(name).value("receive_resume_token")
        assert token
        shell(f"zfstune send --resume {token} | zfs receive -s {name}")
        assert zfstune.compare(f"{tree}@1", f"{name}@1", engine=engine).equal
    third = f"{back}/{secrets.token_hex(4)}"
    with pytest.raises(zfstune.EngineError, match="ended early"):
        zfstune.receive(part + "x", io.BytesIO(cut), engine=engine)
    subprocess.run(
        ["bash", "-c", f"zfstune send --saved {part}x | zfs receive -s {third}"],
        capture_output=True,
        check=False,
    )
    token = engine.dataset(third).value("receive_resume_token")
    shell(f"zfs send -t {token} | zfstune receive {third}")
    assert zfstune.compare(f"{tree}@1", f"{third}@1", engine=engine).equal
    engine.abort_receive(part + "x")


def test_interrupted(tree: str, back: str, engine: Engine) -> None:
    """Ctrl-C ends both commands soon, and the receive says how to go on."""
    sink = io.BytesIO()
    zfstune.send(f"{tree}@1", sink, engine=engine)
    copy = f"{back}/{secrets.token_hex(4)}"
    receiving = subprocess.Popen(
        ["zfstune", "receive", copy],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert receiving.stdin is not None
    receiving.stdin.write(sink.getvalue()[: MIB // 2])
    receiving.stdin.flush()
    sending = subprocess.Popen(
        ["zfstune", "send", f"{tree}@3", "--every"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    time.sleep(5)
    for process in (receiving, sending):
        os.killpg(process.pid, signal.SIGINT)
        began = time.monotonic()
        process.wait(timeout=30)
        assert time.monotonic() - began < 10  # a second on a machine that is no emulator
        assert process.returncode == 128 + signal.SIGINT
    assert receiving.stderr is not None
    assert sending.stdout is not None
    with receiving.stdin, receiving.stderr, sending.stdout:
        assert "zfstune send --resume 1-" in receiving.stderr.read().decode()
    assert engine.holds(f"{tree}@3") == {}
    engine.abort_receive(copy)

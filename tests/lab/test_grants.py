"""The sets of docs/ssh.md for `zfs allow`: enough without root, and not a word too many."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from other_user import alice
from ssh_host import documented_grants
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

END_BYTES = 312  # the record that ends a stream
SENDS, RECEIVES = documented_grants()


@pytest.fixture(scope="module")
def back(make_pool: Callable[..., str], command: Command) -> str:
    """Make a dataset of another pool to receive into."""
    name = f"{make_pool()}/web"
    command("zfs", "create", name)
    return name


@pytest.fixture(params=["filesystem", "volume"])
def source(
    pool: str, engine: Engine, command: Command, request: pytest.FixtureRequest
) -> str:
    """Make a dataset of each kind, with a snapshot."""
    name = f"{pool}/{secrets.token_hex(4)}"
    if request.param == "volume":
        engine.create(name, volume=True, properties={"volsize": "16M"})
    else:
        engine.create(name)
    engine.take_snapshots([f"{name}@1"])
    command("zfs", "allow", "-u", "alice", SENDS, name)
    return name


def work(engine: Engine, source: str, target: str) -> None:
    """Do all that replication does, as that user: begin, go on, resume, give a part up."""
    with alice():
        zfstune.replicate(source, target, engine=engine)
    for short in "23":
        engine.take_snapshots([f"{source}@{short}"])
    break_off(engine, f"{source}@2", f"{source}@1", target)
    engine.destroy_snapshots([f"{source}@2"])  # so that the part is of no use
    with alice():
        plan = zfstune.replicate(source, target, engine=engine)
    steps = [step.to_dict()["step"] for step in plan.datasets[0].transfer.steps]
    assert steps == ["abort", "incremental"]
    assert len(engine.bookmarks(source)) == 1
    assert engine.snapshots(source)[-1].guid == engine.snapshots(target)[-1].guid


def break_off(engine: Engine, snapshot: str, base: str, target: str) -> None:
    """Leave a part of a stream in a target: it lacks its last record."""
    stream = Path("/dev/shm") / secrets.token_hex(8)  # noqa: S108 (the guest is ours)
    with stream.open("wb") as file:
        engine.send(snapshot, file.fileno(), base=base)
    os.truncate(stream, stream.stat().st_size - END_BYTES)
    name = f"{target}@{snapshot.partition('@')[2]}"
    with stream.open("rb") as file, pytest.raises(ZfstuneError, match="ended early"):
        engine.receive(name, file.fileno(), resumable=True)
    stream.unlink()
    assert engine.dataset(target).value("receive_resume_token")


def test_they_are_enough(source: str, back: str, engine: Engine, command: Command) -> None:
    """A user with these words, and no root, does all of it."""
    command("zfs", "allow", "-u", "alice", RECEIVES, back)
    work(engine, source, f"{back}/{secrets.token_hex(4)}")


def test_each_word_is_needed(
    source: str, back: str, engine: Engine, command: Command
) -> None:
    """Without it some part of the work is refused, for one kind of dataset at least."""
    kind = engine.dataset(source).kind
    needless = set()
    for word in RECEIVES.split(","):
        command("zfs", "allow", "-u", "alice", RECEIVES, back)
        command("zfs", "unallow", "-u", "alice", word, back)
        if not refused(engine, source, back):
            needless.add(word)
    command("zfs", "allow", "-u", "alice", RECEIVES, back)
    for word in SENDS.split(","):
        command("zfs", "allow", "-u", "alice", SENDS, source)
        command("zfs", "unallow", "-u", "alice", word, source)
        if not refused(engine, source, back):
            needless.add(word)
    other = {
        "filesystem": {"volmode", "snapdev"},
        "volume": {"canmount", "exec", "setuid", "devices", "sharenfs", "sharesmb"},
    }
    assert needless == other[kind]


def refused(engine: Engine, source: str, back: str) -> bool:
    """Tell whether a user without root is refused a part of the work."""
    engine.destroy_snapshots([s.name for s in engine.snapshots(source)[1:]])
    engine.destroy_bookmarks(engine.bookmarks(source))
    try:
        work(engine, source, f"{back}/{secrets.token_hex(4)}")
    except ZfstuneError as error:
        if "permission denied" not in str(error):
            raise
        return True
    return False

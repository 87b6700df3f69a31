"""A side on another host: whole replications through a server, over pipes."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import closing
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import pytest

from served_pool import HOST, ServedPool
from stream_engine import StreamEngine
from zfstune.streams.local_side import LocalSide
from zfstune.streams.pace import Pace
from zfstune.streams.remote import requests, sides
from zfstune.streams.remote.grant import Grant
from zfstune.streams.replicate import replicate
from zfstune.values.errors import (
    BatchError,
    EngineError,
    InvalidValue,
    NotFound,
    NotPermitted,
)
from zfstune.values.marks import REPLICA_PROPERTY, TAKEN_PROPERTY
from zfstune.values.replication_marks import Replica

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[..., ServedPool]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Give a function that puts a pool on another host."""
    # The tokens of this engine are JSON.
    monkeypatch.setattr(requests, "check_token", str)
    monkeypatch.setattr("zfstune.streams.remote.answers.check_token", str)
    pools: list[ServedPool] = []

    def put(engine: StreamEngine, grant: Grant | None = None) -> ServedPool:
        pool = ServedPool(engine, grant)
        pools.append(pool)
        monkeypatch.setattr(sides, "connect", pool.side)
        return pool

    yield put
    for pool in pools:
        pool.join()


def two_pools() -> tuple[StreamEngine, StreamEngine]:
    """Make a pool with a dataset of three snapshots, and an empty one."""
    tank, back = StreamEngine("tank"), StreamEngine("back")
    tank.add("tank/a", "1", "2", "3")
    return tank, back


def guids(engine: StreamEngine, name: str) -> list[int]:
    """Give the guids of a dataset's snapshots."""
    return [snapshot.guid for snapshot in engine.taken[name]]


def test_push(serve: Serve) -> None:
    """All arrives, once; a base is kept; nothing is held."""
    tank, back = two_pools()
    pool = serve(back)
    replicate("tank/a", "far:back/a", engine=tank.zfs)
    tank.take("tank/a@4")
    replicate("tank/a", "far:back/a", engine=tank.zfs)
    assert guids(back, "back/a") == guids(tank, "tank/a")
    assert len(tank.marks["tank/a"]) == 1
    assert not tank.held
    assert pool.opened == 2  # one a run


def test_properties_travel(serve: Serve) -> None:
    """A key that receives sets what says how blocks are stored, on copies alone."""
    tank, back = two_pools()
    back.add("back/own")
    serve(back, Grant("back", receives=True))
    tank.local["tank/a"]["atime"] = "off"
    for value in ("off", "on"):
        tank.local["tank/a"]["atime"] = value
        replicate("tank/a", "far:back/a", engine=tank.zfs, take_properties=True)
        assert back.local["back/a"]["atime"] == value
    del tank.local["tank/a"]["atime"]
    replicate("tank/a", "far:back/a", engine=tank.zfs, take_properties=True)
    assert {"atime", TAKEN_PROPERTY}.isdisjoint(back.local["back/a"])
    tank.local["tank/a"]["com.example:x"] = "y"
    with pytest.raises(NotPermitted, match="serve --properties"):
        replicate("tank/a", "far:back/a", engine=tank.zfs, take_properties=True)
    with closing(serve(back, Grant("back", receives=True)).side()) as far:
        for name in ("back/own", "back/none"):
            with pytest.raises(NotPermitted, match="it is no copy"):
                far.change_properties(name, {"atime": "off"}, ())


def test_a_copy_that_took_over_is_let_be(serve: Serve) -> None:
    """A client with a key neither moves such a copy aside nor sends to it."""
    _, back = two_pools()
    back.add("back/a")
    back.local["back/a"][REPLICA_PROPERTY] = Replica(5, raw=False, live=True).text
    with closing(serve(back, Grant("back", receives=True)).side()) as far:
        with pytest.raises(NotPermitted, match="it has taken over"):
            far.put_aside("back/a", "back/a-aside-20300101T000000Z")
        with TemporaryFile() as stream, pytest.raises(NotPermitted, match="has taken over"):
            far.receive("back/a@1", stream.fileno())


def test_a_mark_is_given_to_what_was_put_aside(serve: Serve) -> None:
    """A key makes no copy of a dataset that is none."""
    _, back = two_pools()
    back.add("back/own")
    back.add("back/a-aside-20300101T000000Z")
    back.local["back/a-aside-20300101T000000Z"][REPLICA_PROPERTY] = "aside"
    mark = "plain:0000000000000005"
    with closing(serve(back, Grant("back", receives=True)).side()) as far:
        for name in ("back/own", "back/none"):
            with pytest.raises(NotPermitted, match="it was not put aside"):
                far.rename(name, "back/other", mark)
        far.rename("back/a-aside-20300101T000000Z", "back/a", mark)
        far.rename("back/own", "back/renamed")
    assert back.local["back/a"][REPLICA_PROPERTY] == mark


def test_pull(serve: Serve) -> None:
    """Bookmarks are made there."""
    tank, back = two_pools()
    serve(tank)
    replicate("far:tank/a", "back/a", engine=back.zfs)
    assert guids(back, "back/a") == guids(tank, "tank/a")
    assert len(tank.marks["tank/a"]) == 1
    assert not tank.held


def test_resumed(serve: Serve) -> None:
    """A part that is there is completed by its token."""
    tank, back = two_pools()
    serve(back)
    replicate("tank/a", "far:back/a", engine=tank.zfs)
    tank.take("tank/a@4")
    new = tank.taken["tank/a"][-1]
    old = back.taken["back/a"][-1].guid
    token = {"toname": new.name, "toguid": new.guid, "fromguid": old, "raw": False}
    back.local["back/a"]["receive_resume_token"] = json.dumps(token)
    plan = replicate("tank/a", "far:back/a", engine=tank.zfs)
    assert [step.to_dict()["step"] for step in plan.datasets[0].transfer.steps] == [
        "resume"
    ]
    assert guids(back, "back/a") == guids(tank, "tank/a")


def test_a_failure_there(serve: Serve) -> None:
    """A call that fails leaves the session as it was; the error names the host."""
    tank, _ = two_pools()
    pool = serve(tank)
    side = pool.side()
    with pytest.raises(NotFound, match="'far:tank/a@9'"):
        side.guid("tank/a@9")
    read, write = os.pipe()
    with pytest.raises(BatchError, match="'far:tank/a@9'"):
        side.send("tank/a@9", write, held=["tank/a@9"])
    os.close(write)
    with pytest.raises(EngineError):
        side.receive("tank/b@1", read)
    os.close(read)
    assert side.guid("tank/a@1") == guids(tank, "tank/a")[0]
    assert pool.opened == 1
    side.close()


def test_nobody_reads_the_stream(serve: Serve) -> None:
    """The session ends with the call; the next one has another."""
    tank, _ = two_pools()
    pool = serve(tank)
    side = pool.side()
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(BrokenPipeError):
        side.send("tank/a@1", write, held=["tank/a@1"])
    os.close(write)
    assert side.guid("tank/a@1")
    assert pool.opened == 2
    side.close()


def test_rights(serve: Serve) -> None:
    """A client with a key for one dataset replicates into it, and has no other."""
    tank, back = two_pools()
    back.add("back/web")
    serve(back, Grant("back/web", receives=True))
    replicate("tank/a", "far:back/web/a", engine=tank.zfs)
    assert back.local["back/web/a"].keys() >= {"readonly", "exec", REPLICA_PROPERTY}
    with pytest.raises(NotPermitted, match="not within 'back/web'"):
        replicate("tank/a", "far:back/a", engine=tank.zfs)
    with pytest.raises(NotPermitted, match="may not send"):
        replicate("far:back/web/a", "tank/b", engine=tank.zfs)


def test_a_clone_from_elsewhere_is_not_promoted(serve: Serve) -> None:
    """It would take the snapshots of a dataset that the key is not for."""
    _, back = two_pools()
    back.add("back/secret", "1")
    back.add("back/web")
    back.origins["back/web"] = "back/secret@1"
    side = serve(back, Grant("back/web", receives=True)).side()
    with pytest.raises(NotPermitted, match="clone of a snapshot elsewhere"):
        side.take_over("back/web")
    assert side.ends("back/web")[0].origin is None
    assert side.copies("back", [back.taken["back/secret"][0].guid]) == {}
    side.close()


def test_a_token_for_something_else(serve: Serve) -> None:
    """The source sends the stream that it chose, or none."""
    tank, _ = two_pools()
    tank.add("tank/secret", "1")
    side = serve(tank, Grant("tank/a", sends=True)).side()
    secret = tank.taken["tank/secret"][0]
    token = json.dumps({"toname": secret.name, "toguid": secret.guid})
    read, write = os.pipe()
    with pytest.raises(InvalidValue, match="of another stream"):
        side.send_resumed(token, write, snapshot="tank/a@1", held=["tank/a@1"])
    os.close(write)
    assert os.read(read, 10) == b""
    os.close(read)
    side.close()


def test_a_tree(serve: Serve) -> None:
    """Push and pull: several streams at once, and a parent without data."""
    tank, back = two_pools()
    tank.add("tank/a/m")
    for name in "xyz":
        tank.add(f"tank/a/m/{name}", "1", "2")
    pool = serve(back)
    # Each snapshot that is taken for it is named.
    run: dict[str, Any] = {"recursive": True, "snapshot": "now", "pace": Pace(jobs=3)}
    replicate("tank/a", "far:back/a", engine=tank.zfs, exclude=["tank/a/m/z"], **run)
    assert guids(back, "back/a/m/x") == guids(tank, "tank/a/m/x")
    assert tank.local["tank/a"].popitem()[1] == "far:back/a"
    assert pool.opened <= 3
    serve(tank)
    replicate("far:tank/a", "back/b", engine=back.zfs, **{**run, "snapshot": ""})
    assert guids(back, "back/b/m/z") == guids(tank, "tank/a/m/z")
    assert not tank.held


def test_a_digest_that_nobody_waits_for(serve: Serve) -> None:
    """The session ends, and the work there with it; the side goes on."""
    tank, _ = two_pools()
    pool = serve(tank)
    side = pool.side()
    begun, ended = threading.Event(), threading.Event()

    def digest(
        self: LocalSide, snapshot: str, *, stopped: Callable[[], bool], **_: Any
    ) -> str:
        begun.set()
        while not stopped():
            time.sleep(0.01)
        ended.set()
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalSide, "digest", digest)
        patch.setattr("zfstune.streams.remote.serve.PING_S", 0.01)
        assert side.digest("tank/a@1", stopped=begun.is_set) == ""
        assert ended.wait(10)
    assert side.guid("tank/a@1")
    assert pool.opened == 2
    side.close()


def test_its_host() -> None:
    """A side has the name of its host."""
    pool = ServedPool(StreamEngine("tank"))
    side = pool.side()
    assert side.host == HOST
    assert side.limits == StreamEngine.limits
    side.close()
    pool.join()

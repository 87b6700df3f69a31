"""Properties that are set as a stream arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine_contract.streams import received, sent
from zfstune.values.errors import EngineError, InvalidProperty, NoSpace, NotPermitted
from zfstune.values.key import Key
from zfstune.values.state import INHERITED, LOCAL, RECEIVED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zfstune.engine.protocol import Engine

INERT = {"readonly": "on", "canmount": "noauto", "mountpoint": "none", "org.x:own": "1"}
# Of every kind: a word, a number, text, one that the kernel sets after the data, one that
# is not inherited, and a user's.
STREAM = {
    "atime": "off",
    "canmount": "off",
    "compression": "zle",
    "exec": "off",
    "mountpoint": "/elsewhere",
    "quota": str(300 << 20),
    "recordsize": "8192",
    "refquota": str(200 << 20),
    "setuid": "off",
    "org.x:own": "theirs",
    "org.x:theirs": "1",
}


def values(engine: Engine, name: str, props: Mapping[str, object]) -> dict[str, str | None]:
    """Give the values of these properties; None where there is no such property."""
    dataset = engine.dataset(name)
    return {prop: dataset.value(prop) for prop in props}


def sources(engine: Engine, name: str, props: Mapping[str, object]) -> dict[str, str]:
    """Give where the values of these properties come from."""
    found = engine.dataset(name).properties
    return {prop: found[prop].source for prop in props if prop in found}


@pytest.fixture
def streams(engine: Engine, tree: str, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Give the streams of three snapshots, the first in full."""
    source = f"{tree}/source"
    engine.create(source)
    for short in "123":
        engine.take_snapshots([f"{source}@{short}"])
    return (
        sent(engine, tmp_path / "1", f"{source}@1"),
        sent(engine, tmp_path / "2", f"{source}@2", base=f"{source}@1"),
        sent(engine, tmp_path / "3", f"{source}@3", base=f"{source}@2"),
    )


def test_what_arrives_is_set_at_once(
    engine: Engine, tree: str, streams: tuple[Path, Path, Path]
) -> None:
    """A new dataset has the values as its own, and an incremental may set them again."""
    copy = f"{tree}/copy"
    received(engine, streams[0], f"{copy}@1", properties=INERT)
    assert values(engine, copy, INERT) == INERT
    assert set(sources(engine, copy, INERT).values()) == {LOCAL}
    received(engine, streams[1], f"{copy}@2", properties={**INERT, "org.x:own": "2"})
    assert values(engine, copy, INERT) == {**INERT, "org.x:own": "2"}
    received(engine, streams[2], f"{copy}@3")
    assert values(engine, copy, INERT) == {**INERT, "org.x:own": "2"}
    assert "org.x:own" not in engine.dataset(f"{tree}/source").properties


def test_a_volume_arrives_with_its_values(
    engine: Engine, tree: str, tmp_path: Path
) -> None:
    """A volume takes those of volumes, and none of filesystems or of its own data."""
    inert = {"readonly": "on", "volmode": "none", "snapdev": "hidden"}
    source, copy = f"{tree}/v", f"{tree}/copy"
    engine.create(source, volume=True, properties={"volsize": "8M"})
    engine.take_snapshots([f"{source}@1"])
    file = sent(engine, tmp_path / "stream", f"{source}@1")
    for wrong in (
        {"recordsize": "8K"},
        {"volsize": "16M"},
        {"volblocksize": "8K"},
        {"refreservation": "auto"},
    ):
        with pytest.raises(InvalidProperty, match=next(iter(wrong))):
            received(engine, file, f"{copy}@1", properties=wrong)
        assert not engine.exists(copy)
    received(engine, file, f"{copy}@1", properties=inert, excluded=["recordsize"])
    assert values(engine, copy, inert) == inert
    assert set(sources(engine, copy, inert).values()) == {LOCAL}
    assert engine.dataset(copy).value("volsize") == str(8 << 20)
    assert engine.dataset(copy).value("refreservation") == "0"


def test_what_the_stream_brought_is_received(
    engine: Engine, tree: str, streams: tuple[Path, Path, Path]
) -> None:
    """Its values have that source, lie below those set here, and are replaced as one."""
    copy = f"{tree}/copy"
    received(engine, streams[0], f"{copy}@1", properties=INERT, received=STREAM)
    assert values(engine, copy, STREAM | INERT) == STREAM | INERT
    found = sources(engine, copy, STREAM | INERT)
    assert {prop for prop, source in found.items() if source == LOCAL} == INERT.keys()
    assert {p for p, s in found.items() if s == RECEIVED} == STREAM.keys() - INERT.keys()
    engine.inherit(copy, "mountpoint", received=True)
    assert engine.dataset(copy).value("mountpoint") == "/elsewhere"
    received(engine, streams[1], f"{copy}@2")
    assert engine.dataset(copy).value("recordsize") == "8192"
    received(engine, streams[2], f"{copy}@3", received={"atime": "off", "sync": "always"})
    now = {p for p, v in engine.dataset(copy).properties.items() if v.source == RECEIVED}
    assert now == {"atime", "sync"}
    assert engine.dataset(copy).local("readonly") == "on"
    assert engine.dataset(copy).value("quota") == "0"
    assert "org.x:theirs" not in engine.dataset(copy).properties


def test_what_is_excluded(
    engine: Engine, tree: str, streams: tuple[Path, Path, Path]
) -> None:
    """None of it counts, first or second; the parent's value does, or the default."""
    parent = f"{tree}/parent"
    copy = f"{parent}/copy"
    engine.create(parent, properties={"compression": "gzip-3", "org.x:theirs": "parent's"})
    received(engine, streams[0], f"{copy}@1", received=STREAM, excluded=STREAM)
    dataset = engine.dataset(copy)
    assert {p for p, v in dataset.properties.items() if v.source == RECEIVED} == set()
    assert dataset.properties["compression"].source == INHERITED
    assert dataset.value("compression") == "gzip-3"
    assert dataset.value("org.x:theirs") == "parent's"
    assert (dataset.value("canmount"), dataset.value("quota")) == ("on", "0")
    # a value that was set here is not the stream's, and stays
    engine.set(copy, {"atime": "off", "org.x:theirs": "mine"})
    received(
        engine,
        streams[1],
        f"{copy}@2",
        received={"primarycache": "metadata", "exec": "off"},
        excluded=["atime", "exec", "org.x:theirs", "org.x:never"],
    )
    assert values(engine, copy, {"atime": "", "exec": "", "org.x:theirs": ""}) == {
        "atime": "off",
        "exec": "on",
        "org.x:theirs": "mine",
    }
    assert engine.dataset(copy).properties["primarycache"].source == RECEIVED


def test_local_values_outlive_the_first_received_ones(
    engine: Engine, tree: str, streams: tuple[Path, Path, Path]
) -> None:
    """The kernel would take all of them away: zfs_ioc_recv_impl() in zfs_ioctl.c."""
    copy = f"{tree}/copy"
    own = INERT | {
        "quota": str(300 << 20),
        "refquota": str(200 << 20),
        "snapshot_limit": "77",
        "recordsize": "4096",
        "sync": "always",
        "sharesmb": "off",
    }
    received(engine, streams[0], f"{copy}@1")
    engine.set(copy, own)
    received(engine, streams[1], f"{copy}@2", received={"exec": "off", "sync": "disabled"})
    assert values(engine, copy, own) == own
    assert set(sources(engine, copy, own).values()) == {LOCAL}
    assert sources(engine, copy, {"exec": ""}) == {"exec": RECEIVED}
    received(engine, streams[2], f"{copy}@3", received={})
    assert values(engine, copy, own) == own
    assert engine.dataset(copy).value("exec") == "on"


def test_a_stream_that_breaks_off_leaves_the_properties(
    engine: Engine, tree: str, streams: tuple[Path, Path, Path]
) -> None:
    """Those of a dataset that was there are as they were; part of a new one has its own."""
    copy = f"{tree}/copy"
    received(engine, streams[0], f"{copy}@1", properties=INERT, received={"exec": "off"})
    whole = streams[1].read_bytes()
    streams[1].write_bytes(whole[:-400])
    with pytest.raises(EngineError):
        received(
            engine,
            streams[1],
            f"{copy}@2",
            properties={"readonly": "off", "sync": "always"},
            received={"atime": "off"},
            excluded=["setuid"],
        )
    expected = INERT | {"exec": "off", "sync": "standard", "atime": "on", "setuid": "on"}
    assert values(engine, copy, expected) == expected
    assert sources(engine, copy, {"readonly": "", "exec": ""}) == {
        "readonly": LOCAL,
        "exec": RECEIVED,
    }
    whole = streams[0].read_bytes()
    streams[0].write_bytes(whole[:-400])
    with pytest.raises(EngineError):
        received(engine, streams[0], f"{tree}/new@1", properties=INERT, resumable=True)
    assert values(engine, f"{tree}/new", INERT) == INERT
    token = engine.dataset(f"{tree}/new").value("receive_resume_token")
    with streams[0].open("wb") as rest:
        engine.send_resumed(token or "", rest.fileno())
    received(engine, streams[0], f"{tree}/new@1", properties=INERT, resumable=True)
    assert values(engine, f"{tree}/new", INERT) == INERT
    with pytest.raises(EngineError):
        received(engine, streams[1], f"{tree}/none@2", properties=INERT)
    assert not engine.exists(f"{tree}/none")


def test_properties_are_checked_before_the_stream(
    engine: Engine, tree: str, streams: tuple[Path, Path, Path]
) -> None:
    """One that cannot be set stops the call, which has changed nothing."""
    copy = f"{tree}/copy"
    for how in (
        {"properties": {"nonsense": "on"}},
        {"properties": {"recordsize": "5000"}},
        {"properties": {"volsize": "8M"}},
        {"properties": {"casesensitivity": "mixed"}},
        {"properties": {"mountpoint": "elsewhere"}},
        {"received": {"nonsense": "on"}},
        {"received": {"version": "5"}},
        {"received": {"atime": "perhaps"}},
        {"excluded": ["nonsense"]},
        {"excluded": ["atime"], "properties": {"atime": "off"}},
    ):
        with pytest.raises(InvalidProperty):
            received(engine, streams[0], f"{copy}@1", **how)
        assert not engine.exists(copy)


def test_a_property_that_zfs_refuses_is_named(
    engine: Engine, tree: str, streams: tuple[Path, Path, Path]
) -> None:
    """The snapshot has arrived, and the error says so; the others are set."""
    copy = f"{tree}/copy"
    wanted = {"reservation": "1T", **INERT}
    with pytest.raises(NoSpace, match=r"reservation=1T; .*@1' has arrived") as caught:
        received(engine, streams[0], f"{copy}@1", properties=wanted)
    assert (caught.value.operation, caught.value.target) == ("set", copy)
    assert engine.exists(f"{copy}@1")
    assert values(engine, copy, INERT) == INERT


def test_a_dataset_without_its_parents_encryption(
    engine: Engine, tree: str, streams: tuple[Path, Path, Path]
) -> None:
    """It takes encryption=off at its arrival, and then no key; with a key it needs that."""
    parent = f"{tree}/encrypted"
    sealed = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
    engine.create(parent, properties=sealed, key=Key("correct horse"))
    received(engine, streams[0], f"{parent}/closed@1", properties=INERT)
    engine.unload_key(parent)
    for name in ("closed2@1", "closed@2"):
        with pytest.raises(NotPermitted, match="the encryption key is not loaded"):
            received(engine, streams[int(name[-1]) - 1], f"{parent}/{name}")
    opened = {**INERT, "encryption": "off"}
    received(engine, streams[0], f"{parent}/opened@1", properties=opened)
    received(engine, streams[1], f"{parent}/opened@2")
    assert engine.dataset(f"{parent}/opened").value("encryption") == "off"
    assert values(engine, f"{parent}/opened", INERT) == INERT
    assert engine.dataset(f"{parent}/closed").value("encryptionroot") == parent

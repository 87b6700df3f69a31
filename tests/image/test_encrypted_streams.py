"""Streams of encrypted datasets, and into them: keys, and what may follow on what."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from made_files import received, sent, with_files
from zfstune.engine.image import create_image
from zfstune.values.errors import EngineError, NotPermitted, PlanError, RefusedValue
from zfstune.values.key import Key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

PASSPHRASE = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
OURS, THEIRS = Key("correct horse"), Key("another horse")
_numbers = itertools.count(1)
Pools = tuple["ImageEngine", "ImageEngine"]


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pools]:
    """Make two pools, each with an encrypted dataset."""
    folder = tmp_path_factory.mktemp("pools")
    size = 512 << 20
    with (
        create_image(folder / "tank", size_bytes=size) as tank,
        create_image(folder / "back", size_bytes=size, pool="back") as back,
    ):
        tank.create("tank/secret", properties=PASSPHRASE, key=OURS)
        back.create("back/secret", properties=PASSPHRASE, key=THEIRS)
        tank.create("tank/empty")
        tank.take_snapshots(["tank/empty@0"])
        yield tank, back


@pytest.fixture
def source(pools: Pools, tmp_path: Path) -> str:
    """Make a dataset with a key of its parent, a file and a snapshot."""
    tank, _ = pools
    number = next(_numbers)
    name = f"tank/secret/{number}"
    empty = sent(tank, tmp_path, "tank/empty@0", compressed=False)
    files = {"file": [(0, b"words " * 9000)]}
    received(tank, tmp_path, f"{name}@1", with_files(empty, files, guid=number << 8))
    return name


def written(engine: ImageEngine, snapshot: str, **how: object) -> io.BytesIO:
    """Give a stream as a file."""
    sink = io.BytesIO()
    zfstune.send(snapshot, sink, engine=engine, **how)  # type: ignore[arg-type]
    sink.seek(0)
    return sink


def pass_on(pools: Pools, snapshot: str, target: str, **how: object) -> None:
    """Send a snapshot from the first pool to the second."""
    zfstune.receive(target, written(pools[0], snapshot, **how), engine=pools[1])


def test_a_tree_of_both_kinds(pools: Pools) -> None:
    """Encrypted datasets below plain ones below encrypted ones arrive as they are."""
    tank, back = pools
    root = "tank/secret/mix"
    names = ["", "/plain", "/plain/secret", "/plain/secret/plain"]
    tank.create(root)
    tank.create(f"{root}/plain", properties={"encryption": "off"})
    tank.create(f"{root}/plain/secret", properties=PASSPHRASE, key=THEIRS)
    tank.create(f"{root}/plain/secret/plain", properties={"encryption": "off"})
    tank.take_snapshots([f"{root}{name}@1" for name in names])
    pass_on(pools, f"{root}@1", "back/mix", recursive=True)
    how = {"engine": tank, "target_engine": back, "recursive": True}
    zfstune.replicate(root, "back/mix2", **how)  # type: ignore[arg-type]
    for copy in ("back/mix", "back/mix2"):
        kinds = [back.dataset(f"{copy}{name}").value("encryption") for name in names]
        assert kinds == ["aes-256-gcm", "off", "aes-256-gcm", "off"]
        back.load_key(copy, OURS)
        back.load_key(f"{copy}/plain/secret", THEIRS)
        for name in names:
            assert zfstune.compare(
                f"{root}{name}@1", f"{copy}{name}@1", engine=tank, other_engine=back
            ).equal


def test_a_tree_whose_keys_and_clones_change(pools: Pools) -> None:
    """A child that got a key of its own, and a clone that was promoted, go on raw."""
    tank, back = pools
    root = "tank/secret/tree"
    for name in (root, f"{root}/child"):
        tank.create(name)
    tank.take_snapshots([f"{root}@1", f"{root}/child@1"])
    tank.clone(f"{root}/child@1", f"{root}/clone")
    tank.take_snapshots([f"{root}{name}@2" for name in ("", "/child", "/clone")])
    how = {"engine": tank, "target_engine": back, "recursive": True}
    zfstune.replicate(root, "back/tree", **how)  # type: ignore[arg-type]
    own = {"keyformat": "passphrase", "pbkdf2iters": "100000"}
    tank.change_key(f"{root}/child", THEIRS, properties=own)
    tank.promote(f"{root}/clone")
    tank.take_snapshots([f"{root}{name}@3" for name in ("", "/child", "/clone")])
    plan = zfstune.replicate(root, "back/tree", **how)  # type: ignore[arg-type]
    steps = [step.describe() for p in plan.datasets for step in p.transfer.steps]
    assert all(step.startswith("raw incremental") for step in steps)
    back.load_key("back/tree", OURS)
    for name in ("", "/child", "/clone"):
        copy = back.dataset(f"back/tree{name}")
        if copy.value("keystatus") != "available":
            back.load_key(copy.name, THEIRS if name == "/child" else OURS)
        assert zfstune.compare(
            f"{root}{name}@3", f"back/tree{name}@3", engine=tank, other_engine=back
        ).equal


def test_decrypted_into_either_kind(pools: Pools, source: str) -> None:
    """A decrypted copy is plain, or has its new parent's key; both take increments."""
    tank, back = pools
    tank.take_snapshots([f"{source}@2"])
    copies = {"back/opened": "off", "back/secret/closed": "aes-256-gcm"}
    for copy, encryption in copies.items():
        pass_on(pools, f"{source}@1", copy, raw=False)
        assert back.dataset(copy).value("encryption") == encryption
        pass_on(pools, f"{source}@2", copy, raw=False, base="@1")
        assert zfstune.compare(
            f"{source}@2", f"{copy}@2", engine=tank, other_engine=back
        ).equal
    assert back.dataset("back/secret/closed").value("encryptionroot") == "back/secret"
    tank.take_snapshots([f"{source}@3"])
    stream = written(tank, f"{source}@3", raw=False, base="@2")
    back.unload_key("back/secret")  # no stream has kept it in use
    try:
        with pytest.raises(NotPermitted, match="key is not loaded"):
            zfstune.receive("back/secret/closed", stream, engine=back)
    finally:
        back.load_key("back/secret", THEIRS)
    zfstune.receive("back/secret/closed", io.BytesIO(stream.getvalue()), engine=back)


def test_without_its_key(pools: Pools, source: str) -> None:
    """It is sent raw alone; the error of anything else names the key."""
    tank, _ = pools
    tank.take_snapshots([f"{source}@2"])
    for base in ("", "@1"):
        written(tank, f"{source}@2", raw=False, base=base)
    tank.unload_key("tank/secret")  # no stream has kept it in use
    try:
        with pytest.raises(NotPermitted, match="key is not loaded"):
            written(tank, f"{source}@2", raw=False)
        pass_on(pools, f"{source}@1", "back/raw")
        pass_on(pools, f"{source}@2", "back/raw", base="@1")
    finally:
        tank.load_key("tank/secret", OURS)


def test_a_key_that_changed_meanwhile(pools: Pools, tmp_path: Path) -> None:
    """The copy has the new one once the stream has arrived, and the old one until then."""
    tank, back = pools
    name, copy = "tank/changing", "back/changing"
    tank.create(name, properties=PASSPHRASE, key=OURS)
    tank.take_snapshots([f"{name}@1"])
    pass_on(pools, f"{name}@1", copy)
    tank.change_key(name, THEIRS)
    tank.take_snapshots([f"{name}@2"])
    whole = written(tank, f"{name}@2", base="@1").getvalue()
    with pytest.raises(EngineError, match="ended early"):
        zfstune.receive(copy, io.BytesIO(whole[:-400]), engine=back)
    back.load_key(copy, OURS)
    back.unload_key(copy)
    zfstune.receive(copy, io.BytesIO(whole), engine=back)
    with pytest.raises(RefusedValue, match="not the right key"):
        back.load_key(copy, OURS)
    back.load_key(copy, THEIRS)


def test_a_copy_that_uses_the_key_of_its_parent(pools: Pools) -> None:
    """OpenZFS would store the sender's wrapped key there, and nothing could unwrap it.

    With a key of its own the copy takes the stream, and has the sender's key then.
    """
    tank, back = pools
    name, copy = "tank/wrapped", "back/secret/wrapped"
    how: dict[str, Any] = {"engine": tank, "target_engine": back}
    tank.create(name, properties=PASSPHRASE, key=OURS)
    tank.take_snapshots([f"{name}@1"])
    zfstune.replicate(name, copy, **how)
    back.load_key(copy, OURS)
    back.inherit_key(copy)
    tank.take_snapshots([f"{name}@2"])
    with pytest.raises(PlanError, match="nothing could open the copy") as refused:
        zfstune.replicate(name, copy, **how)
    assert f"zfs change-key -o keyformat=passphrase {copy}" in refused.value.hint
    with pytest.raises(PlanError, match="wrapped by that of 'back/secret'"):
        pass_on(pools, f"{name}@2", copy, base="@1")
    back.unload_key("back/secret")
    back.load_key("back/secret", THEIRS)
    assert zfstune.compare(f"{name}@1", f"{copy}@1", engine=tank, other_engine=back).equal
    back.change_key(copy, Key("for a moment"), properties={"keyformat": "passphrase"})
    zfstune.replicate(name, copy, **how)
    back.unload_key(copy)
    back.load_key(copy, OURS)
    assert zfstune.compare(f"{name}@2", f"{copy}@2", engine=tank, other_engine=back).equal


def test_a_copy_that_was_closed_by_another_tool(pools: Pools, tmp_path: Path) -> None:
    """OpenZFS does take the stream; the copy can be opened again as a root of its own."""
    tank, back = pools
    name, copy, file = "tank/shut", "back/secret/shut", tmp_path / "stream"
    tank.create(name, properties=PASSPHRASE, key=OURS)
    tank.take_snapshots([f"{name}@1"])
    zfstune.replicate(name, copy, engine=tank, target_engine=back)
    back.load_key(copy, OURS)
    back.inherit_key(copy)
    tank.take_snapshots([f"{name}@2"])
    with file.open("w+b") as stream:
        tank.send(f"{name}@2", stream.fileno(), base=f"{name}@1", raw=True)
        stream.seek(0)
        back.receive(f"{copy}@2", stream.fileno(), raw=True)
    back.unload_key("back/secret")
    back.load_key("back/secret", THEIRS)
    with pytest.raises(EngineError):
        zfstune.compare(f"{name}@1", f"{copy}@1", engine=tank, other_engine=back)
    back.separate_key(copy)
    back.load_key(copy, OURS)
    assert zfstune.compare(f"{name}@2", f"{copy}@2", engine=tank, other_engine=back).equal


def test_a_tree_whose_copies_use_one_key(pools: Pools) -> None:
    """Where the parent of a copy came raw from that of its source, the key is the same."""
    tank, back = pools
    name, copy = "tank/family", "back/family"
    how: dict[str, Any] = {"engine": tank, "target_engine": back}
    tank.create(name, properties=PASSPHRASE, key=OURS)
    tank.create(f"{name}/child")
    for number in "123":
        if number == "2":
            for each in (copy, f"{copy}/child"):
                back.load_key(each, OURS)
            back.inherit_key(f"{copy}/child")
        tank.take_snapshots([f"{each}@{number}" for each in (name, f"{name}/child")])
        if number == "3":
            zfstune.replicate(f"{name}/child", f"{copy}/child", **how)
        zfstune.replicate(name, copy, recursive=True, **how)
    tank.take_snapshots([f"{each}@4" for each in (name, f"{name}/child")])
    pass_on(pools, f"{name}@4", copy, base="@3", recursive=True)
    back.unload_key(copy)
    back.load_key(copy, OURS)
    child = f"{copy}/child"
    assert back.dataset(child).value("encryptionroot") == copy
    assert zfstune.compare(
        f"{name}/child@4", f"{child}@4", engine=tank, other_engine=back
    ).equal
    tank.take_snapshots([f"{name}/child@5"])
    with pytest.raises(PlanError, match="nothing could open the copy") as refused:
        pass_on(pools, f"{name}/child@5", child, base="@4")
    assert "zfstune replicate" in refused.value.hint


@pytest.mark.parametrize("mark", ["@", "#"])
def test_a_chain_that_was_plain_in_between(pools: Pools, source: str, mark: str) -> None:
    """A raw stream does not follow on a snapshot that did not come raw from there."""
    tank, back = pools
    first, second = f"back/b{source[-1]}{mark == '#'}", f"back/c{source[-1]}{mark == '#'}"
    for short in "23":
        tank.take_snapshots([f"{source}@{short}"])
    for copy in (first, second):
        pass_on(pools, f"{source}@1", copy)
    back.load_key(first, OURS)
    if mark == "#":
        for short in "12":
            tank.bookmark(f"{source}@{short}", f"{source}#{short}")
    pass_on(pools, f"{source}@2", first, raw=False, base=f"{mark}1")
    between = written(back, f"{first}@2", base="@1")
    zfstune.receive(second, between, engine=back)
    assert [s.guid for s in back.snapshots(second)] == [
        s.guid for s in tank.snapshots(source)[:2]
    ]
    for copy in (first, second):
        with pytest.raises(RefusedValue, match="not received raw"):
            pass_on(pools, f"{source}@3", copy, base=f"{mark}2")
        assert [s.short_name for s in back.snapshots(copy)] == ["1", "2"]


def test_in_the_place_of_an_encrypted_dataset(pools: Pools, source: str) -> None:
    """The plan refuses what ZFS would; decrypted it takes the place of a plain one."""
    tank, back = pools
    closed, plain = f"back/closed{source[-1]}", f"back/plain{source[-1]}"
    back.create(closed, properties=PASSPHRASE, key=THEIRS)
    back.create(plain)
    back.take_snapshots([f"{closed}@x", f"{plain}@x"])
    how = {"engine": tank, "target_engine": back}
    for target, raw in ((closed, None), (closed, False), (plain, None)):
        with pytest.raises(PlanError, match="ZFS does not let a"):
            zfstune.replicate(source, target, raw=raw, lose=[f"{target}@x"], **how)  # type: ignore[arg-type]
    zfstune.replicate(source, plain, raw=False, lose=[f"{plain}@x"], **how)  # type: ignore[arg-type]
    assert [s.short_name for s in back.snapshots(plain)] == ["1"]
    assert back.dataset(plain).value("encryption") == "off"
    zfstune.replicate(source, closed, keep_aside=True, **how)  # type: ignore[arg-type]
    assert back.snapshot(f"{closed}@1").guid == tank.snapshot(f"{source}@1").guid


def test_the_size_of_a_raw_stream(pools: Pools, source: str) -> None:
    """It takes no key, from a bookmark either."""
    tank, _ = pools
    tank.bookmark(f"{source}@1", f"{source}#1")
    tank.take_snapshots([f"{source}@2"])
    tank.unload_key("tank/secret")
    try:
        for base in ("", f"{source}@1", f"{source}#1"):
            assert tank.send_size(f"{source}@2", base=base, raw=True) > 0
        with pytest.raises(NotPermitted, match="key is not loaded"):
            tank.send_size(f"{source}@2", base=f"{source}#1")
    finally:
        tank.load_key("tank/secret", OURS)

"""Encrypted datasets and their keys."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    InvalidProperty,
    InvalidValue,
    NotFound,
    NotPermitted,
    RefusedValue,
)
from zfstune.values.key import Key

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.protocol import Engine

PASSPHRASE = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}


def status(engine: Engine, name: str) -> str | None:
    """Return whether a dataset's key is loaded."""
    return engine.dataset(name).value("keystatus")


def root_of(engine: Engine, name: str) -> str | None:
    """Return the dataset that has the key."""
    return engine.dataset(name).value("encryptionroot")


def unload(engine: Engine, name: str) -> None:
    """Unload a key; udev opens a new volume for a moment, and the key is in use then."""
    for _ in range(100):
        with suppress(Busy):
            engine.unload_key(name)
            return
        time.sleep(0.1)
    engine.unload_key(name)


def test_a_passphrase(engine: Engine, tree: str) -> None:
    """It is taken away and given back, and no other is; children have their root's."""
    root = f"{tree}/p"
    engine.create(root, properties=PASSPHRASE, key=Key("correct horse"))
    engine.create(f"{root}/child")
    made = engine.dataset(root)
    assert made.value("encryption") == "aes-256-gcm"
    assert made.value("keylocation") == "prompt"
    assert (status(engine, root), root_of(engine, f"{root}/child")) == ("available", root)
    with pytest.raises(AlreadyExists, match="loaded already"):
        engine.load_key(root, Key("correct horse"))
    engine.unload_key(root)
    assert status(engine, f"{root}/child") == "unavailable"
    with pytest.raises(NotFound, match="not loaded"):
        engine.unload_key(root)
    for check_only in (True, False):
        with pytest.raises(RefusedValue, match="not the right key"):
            engine.load_key(root, Key("correct horsf"), check_only=check_only)
    engine.load_key(root, Key("correct horse"), check_only=True)
    assert status(engine, root) == "unavailable"
    with pytest.raises(NotPermitted, match="key is not loaded"):
        engine.create(f"{root}/other")
    engine.load_key(root, Key("correct horse\n"))
    engine.create(f"{root}/other")
    assert status(engine, f"{root}/other") == "available"


def test_keys_in_files(engine: Engine, tree: str, tmp_path: Path) -> None:
    """Raw and hexadecimal keys are read where keylocation says, for volumes too."""
    (tmp_path / "raw").write_bytes(bytes(range(32)))
    (tmp_path / "hex").write_text("ab" * 32 + "\n")
    for keyformat in ("raw", "hex"):
        name = f"{tree}/{keyformat}"
        located = {"keyformat": keyformat, "keylocation": f"file://{tmp_path}/{keyformat}"}
        size = {"volsize": "8M"} if keyformat == "hex" else {}
        volume = bool(size)
        engine.create(
            name, properties={"encryption": "on", **located, **size}, volume=volume
        )
        unload(engine, name)
        engine.load_key(name)
        assert status(engine, name) == "available"
    (tmp_path / "raw").write_bytes(bytes(32))
    engine.unload_key(f"{tree}/raw")
    with pytest.raises(RefusedValue, match="not the right key"):
        engine.load_key(f"{tree}/raw")


def test_a_changed_key(engine: Engine, tree: str, tmp_path: Path) -> None:
    """The old one no longer fits; a child may get its own, and go back to its parent's."""
    root, child = f"{tree}/r", f"{tree}/r/c"
    engine.create(root, properties=PASSPHRASE, key=Key("correct horse"))
    engine.create(child)
    (tmp_path / "key").write_bytes(b"\n" * 32)
    raw = {"keyformat": "raw", "keylocation": f"file://{tmp_path}/key"}
    engine.change_key(root, properties=raw)
    engine.unload_key(root)
    with pytest.raises(InvalidValue, match="has 32 bytes"):
        engine.load_key(root, Key("correct horse"))
    engine.load_key(root)
    with pytest.raises(InvalidProperty, match="needs a keyformat"):
        engine.change_key(child, Key("another horse"))
    engine.change_key(child, Key("another horse"), properties={"keyformat": "passphrase"})
    assert root_of(engine, child) == child
    engine.inherit_key(child)
    assert root_of(engine, child) == root
    engine.separate_key(child)
    assert root_of(engine, child) == child
    engine.inherit_key(child, force=True)
    assert root_of(engine, child) == root
    for call, reason in (
        (engine.inherit_key, "its parent is not encrypted"),
        (engine.separate_key, "key of its own"),
    ):
        with pytest.raises(RefusedValue, match=reason):
            call(root)
    with pytest.raises(RefusedValue, match=f"it has the key of '{root}'"):
        engine.load_key(child, Key("another horse"))


def test_a_key_that_is_missing(engine: Engine, tree: str) -> None:
    """A dataset that needs a key of its own is made with one or not at all."""
    for wanted, error in (
        ({"encryption": "on"}, "so it needs a keyformat"),
        ({"encryption": "aes-128-ccm"}, "so it needs a keyformat"),
        ({"keyformat": "raw", "keylocation": "prompt"}, "so it needs encryption=on"),
        ({"encryption": "on", "keyformat": "raw"}, "names no file"),
    ):
        with pytest.raises(InvalidValue, match=error):
            engine.create(f"{tree}/a", properties=wanted)
    with pytest.raises(InvalidValue, match="8 to 512 bytes"):
        engine.create(f"{tree}/a", properties=PASSPHRASE, key=Key("short"))
    with pytest.raises(InvalidProperty, match="needs a keyformat"):
        engine.create(f"{tree}/a", key=Key("correct horse"))
    assert not engine.exists(f"{tree}/a")
    engine.create(f"{tree}/plain", properties={"encryption": "off"})


def test_a_bookmark_keeps_the_set_of_ivs(engine: Engine, tree: str) -> None:
    """A bookmark tells the set of IVs of its snapshot when that is gone."""
    name = f"{tree}/e"
    engine.create(name, properties=PASSPHRASE, key=Key("correct horse"))
    for dataset in (name, tree):
        engine.take_snapshots([f"{dataset}@a"])
        engine.bookmark(f"{dataset}@a", f"{dataset}#a")
    kept = engine.bookmarks(name)[f"{name}#a"].ivsetguid
    assert kept == int(engine.snapshot(f"{name}@a").value("ivsetguid") or 0) != 0
    assert engine.bookmarks(tree)[f"{tree}#a"].ivsetguid == 0


def test_only_a_snapshot_is_sent_raw(engine: Engine, tree: str) -> None:
    """A raw stream of a dataset as it is now would be damaged, so there is none."""
    name = f"{tree}/e"
    engine.create(name, properties=PASSPHRASE, key=Key("correct horse"))
    with open(os.devnull, "wb") as sink:  # noqa: PTH123 (a device)
        with pytest.raises(InvalidValue, match="it is no snapshot"):
            engine.send(name, sink.fileno(), raw=True)
        engine.send(name, sink.fileno())
        engine.take_snapshots([f"{name}@1"])
        engine.send(f"{name}@1", sink.fileno(), raw=True)

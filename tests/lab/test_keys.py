"""Keys of encrypted datasets, beside the zfs command and OpenZFS's own binding."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import libzfs_core as lzc
import pytest

from zfstune.values.errors import Busy
from zfstune.values.key import Key

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

WORDS = "correct horse battery"
PASSPHRASE = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}


def status(engine: Engine, name: str) -> str | None:
    """Return whether a dataset's key is loaded."""
    return engine.dataset(name).value("keystatus")


def typed(secret: str, *words: str) -> int:
    """Run the zfs command with a passphrase on its input; return its status."""
    done = subprocess.run(
        ["zfs", *words], input=f"{secret}\n{secret}\n", text=True, check=False
    )
    return done.returncode


def test_either_takes_the_passphrase_of_the_other(engine: Engine, pool: str) -> None:
    """The key is stretched alike, so what one of the two made the other opens."""
    ours, theirs = f"{pool}/keys_ours", f"{pool}/keys_theirs"
    engine.create(ours, properties=PASSPHRASE, key=Key(WORDS))
    options = [word for pair in PASSPHRASE.items() for word in ("-o", "=".join(pair))]
    assert typed(WORDS, "create", "-u", *options, theirs) == 0
    for name in (ours, theirs):
        engine.unload_key(name)
        assert typed("another horse", "load-key", name) != 0
        assert typed(WORDS, "load-key", name) == 0
        engine.unload_key(name)
        engine.load_key(name, Key(WORDS))
        assert status(engine, name) == "available"
        assert typed("battery horse", "change-key", name) == 0
        engine.unload_key(name)
        engine.load_key(name, Key("battery horse"))


def test_pyzfs_takes_the_same_key(engine: Engine, pool: str) -> None:
    """A raw key is passed on as it is."""
    name = f"{pool}/keys_raw"
    raw = bytes(range(32))
    engine.create(name, properties={"encryption": "on", "keyformat": "raw"}, key=Key(raw))
    engine.unload_key(name)
    lzc.lzc_load_key(name.encode(), noop=False, key=raw)
    assert status(engine, name) == "available"
    lzc.lzc_unload_key(name.encode())
    assert status(engine, name) == "unavailable"


def test_a_key_in_use_stays(engine: Engine, pool: str) -> None:
    """The key of a mounted filesystem cannot be taken away."""
    name = f"{pool}/keys_used"
    engine.create(name, properties=PASSPHRASE, key=Key(WORDS))
    engine.mount(name)
    Path(f"/{name}/file").write_text("text")
    with pytest.raises(Busy, match="the key is in use"):
        engine.unload_key(name)
    engine.unmount(name)
    engine.unload_key(name)
    engine.load_key(name, Key(WORDS))
    engine.mount(name)
    assert Path(f"/{name}/file").read_text() == "text"
    engine.unmount(name)


def test_no_key_is_in_the_history(engine: Engine, pool: str) -> None:
    """The pool's history tells that there was a key, and not which."""
    name = f"{pool}/keys_history"
    engine.create(name, properties=PASSPHRASE, key=Key(WORDS))
    engine.unload_key(name)
    engine.load_key(name, Key(WORDS))
    engine.change_key(name, Key("ab" * 32), properties={"keyformat": "hex"})
    # zpool 2.4 prints stray bytes for a call that has no arguments but hidden ones.
    argv = ["zpool", "history", "-il", pool]
    history = subprocess.run(argv, capture_output=True, check=True).stdout
    assert f"zfstune load-key {name}".encode() in history
    for secret in (b"ab" * 32, bytes.fromhex("ab" * 32), WORDS.encode()):
        assert secret not in history

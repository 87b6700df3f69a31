"""The permissions of docs/howto/ssh.md: each set is enough, and each word is needed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from granted import (
    RECEIVES,
    SENDS,
    Granted,
    by_alice,
    each_word_of_a_receiver,
    each_word_of_a_sender,
)
from zfstune.values.errors import NotPermitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]


@pytest.fixture(scope="module")
def back(make_pool: Callable[..., str], command: Command) -> str:
    """Make a second pool, with a dataset on which the user may receive."""
    pool = make_pool()
    command("zfs", "create", f"{pool}/web")
    Granted(f"{pool}/web").only(RECEIVES)
    return pool


@pytest.fixture
def source(dataset: str, engine: Engine) -> str:
    """Give a dataset with a snapshot."""
    engine.take_snapshots([f"{dataset}@1"])
    return dataset


def test_a_sender(engine: Engine, source: str, back: str) -> None:
    """Its own rights are enough to send, to keep bookmarks and notes, and no more."""

    def work(name: str, **options: object) -> None:
        by_alice(engine, source, f"{back}/web/{name}", **options)

    each_word_of_a_sender(engine, source, work)


def test_a_receiver(engine: Engine, source: str, back: str, command: Command) -> None:
    """Its own rights are enough to receive, and to give a part up."""
    Granted(source).only(SENDS)
    command("zfs", "create", "-s", "-V", "1M", f"{source}/volume")
    command("zfs", "snapshot", f"{source}/volume@1")
    parent = f"{back}/received"
    command("zfs", "create", parent)
    each_word_of_a_receiver(
        engine,
        source,
        parent,
        lambda below: by_alice(engine, f"{source}{below}", f"{parent}/copy{below}"),
    )


def test_narrower_words(engine: Engine, source: str, back: str, command: Command) -> None:
    """Since OpenZFS 2.4 there are words that allow less; before, zfs does not know them."""
    secret, target = f"{source}/secret", f"{back}/web/narrow"
    key = Path("/") / source / "key"
    key.write_bytes(bytes(32))
    options = (
        "-o",
        "encryption=on",
        "-o",
        "keyformat=raw",
        "-o",
        f"keylocation=file://{key}",
    )
    command("zfs", "create", *options, secret)
    command("zfs", "snapshot", f"{secret}@1")
    sends, receives = Granted(source), Granted(f"{back}/web")
    narrow = {
        sends: SENDS - {"send"} | {"send:raw"},
        receives: RECEIVES - {"receive"} | {"receive:append"},
    }
    if engine.limits.release < (2, 4):
        for granted, words in narrow.items():
            with pytest.raises(subprocess.CalledProcessError):
                granted.only(words)
        return
    for granted, words in narrow.items():
        granted.only(words)
    by_alice(engine, secret, target)
    command("zfs", "snapshot", f"{secret}@2")
    by_alice(engine, secret, target)
    assert [s.short_name for s in engine.snapshots(target)] == ["1", "2"]
    # Content is not to be read, nor anything to be lost.
    with pytest.raises(NotPermitted, match="send"):
        by_alice(engine, source, f"{back}/web/plain")
    command("zfs", "snapshot", f"{target}@own")
    command("zfs", "snapshot", f"{secret}@3")
    with pytest.raises(NotPermitted, match="receive"):
        by_alice(engine, secret, target, lose=["own"])

"""The same sets where the zfs command alone is on the other host."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from fake_ssh import fake_host
from granted import (
    RECEIVES,
    SENDS,
    each_word_of_a_receiver,
    each_word_of_a_sender,
)
from ssh_host import USER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

# Each run of zfstune runs a dozen commands there, which take minutes in a guest.
WHOLE = "ZFSTUNE_LAB_WHOLE" in os.environ


@pytest.fixture
def back(
    make_pool: Callable[..., str],
    command: Command,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Make a second pool, and have a user without root run what is asked of `far`."""
    folder = tmp_path_factory.mktemp("far")
    program = fake_host(folder / "host", zfstune=False)
    command("chown", "-R", USER, str(folder))
    for above in (folder, *folder.parents[:3]):
        open_to_all(above)
    monkeypatch.setenv("ZFSTUNE_SSH", f"sudo -u {USER} {program}")
    return make_pool()


def open_to_all(folder: Path) -> None:
    """Let everybody through a folder."""
    if folder.owner() == "root" and folder.name != "tmp":
        folder.chmod(0o755)


@pytest.fixture
def source(dataset: str, engine: Engine) -> str:
    """Give a dataset with a snapshot."""
    engine.take_snapshots([f"{dataset}@1"])
    return dataset


def test_a_sender(engine: Engine, source: str, back: str) -> None:
    """No hold is set, so that word alone is not needed."""

    def work(name: str, **options: Any) -> None:
        zfstune.replicate(f"far:{source}", f"{back}/{name}", engine=engine, **options)

    dropped = SENDS if WHOLE else frozenset({"send", "userprop"})
    each_word_of_a_sender(engine, source, work, words=SENDS - {"hold"}, dropped=dropped)


def test_a_receiver(engine: Engine, source: str, back: str, command: Command) -> None:
    """What is missing is named, also properties, though zfs ends with status 0 then."""
    command("zfs", "create", "-s", "-V", "1M", f"{source}/volume")
    command("zfs", "snapshot", f"{source}/volume@1")
    parent = f"{back}/received"
    command("zfs", "create", parent)

    def work(below: str) -> None:
        target = f"far:{parent}/copy{below}"
        zfstune.replicate(f"{source}{below}", target, engine=engine)

    dropped = RECEIVES if WHOLE else frozenset({"receive"})
    each_word_of_a_receiver(engine, source, parent, work, dropped=dropped)

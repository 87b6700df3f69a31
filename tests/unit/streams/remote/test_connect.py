"""Connecting: which zfs another host has, and all that it may say instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_ssh import fake_host
from zfstune.streams.remote.connect import connect
from zfstune.streams.remote.greeting import PROTOCOL
from zfstune.streams.remote.served_side import ServedSide
from zfstune.streams.remote.zfs_side import ZfsSide
from zfstune.values.errors import EngineError
from zfstune.values.state import Partial

if TYPE_CHECKING:
    from pathlib import Path


def reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> object:
    """Connect to a host whose key has a forced command."""
    ssh = fake_host(tmp_path / "host", zfstune=False, SSH_FORCED=script)
    monkeypatch.setenv("ZFSTUNE_SSH", str(ssh))
    side = connect("far", (), lambda _: Partial("tank/a@1", 1))
    side.close()
    return side


def test_two_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first line: a zfstune that serves, or the zfs command alone."""
    greeting = f"echo zfstune-serve {PROTOCOL} 1.0; cat >/dev/null"
    served = reach(tmp_path / "1", monkeypatch, greeting)
    assert isinstance(served, ServedSide)
    alone = reach(tmp_path / "2", monkeypatch, "echo zfs-alone; cat >/dev/null")
    assert isinstance(alone, ZfsSide)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo Welcome; echo zfstune-serve 1 1.0", "first words are 'Welcome"),
        (
            "echo zfstune-serve 999 9.0",
            "9.0 there speaks protocol 999, and this one speaks ",
        ),
        ("printf '\\033[2J\\n'", r"\\x1b\[2J"),
        ("echo no-zfs", "neither zfstune nor the zfs command"),
        ("exit 1", "exit status 1"),
        ("echo 'zfstune: error: argument VERB' >&2; exit 2", "argument VERB"),
        ("head -c 100000 /dev/zero", "no line end"),
        ("echo 'Host key verification failed.' >&2; exit 255", "host key is not known"),
        ("echo 'a@b: Permission denied (publickey).' >&2; exit 255", "refused the login"),
        ("kill -9 $$", "signal 9"),
    ],
)
def test_other_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    """They make an error with a reason that can be printed, and with a hint."""
    with pytest.raises(EngineError, match=reason) as error:
        reach(tmp_path / "1", monkeypatch, script)
    assert str(error.value).isprintable()
    assert error.value.hint.isprintable()

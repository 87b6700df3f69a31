"""Two names exchanged in one step, on the filesystem of this host."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from zfstune.engine import exchange
from zfstune.engine.exchange import exchange_names

if TYPE_CHECKING:
    from pathlib import Path


def test_files_change_places(tmp_path: Path) -> None:
    """Each name has the other file afterwards; names are bytes."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one\udcff").write_text("1")
    (tmp_path / "two\n").write_text("2")
    folders = [os.open(path, os.O_RDONLY) for path in (tmp_path / "a", tmp_path)]
    assert exchange_names(folders[0], "one\udcff", folders[1], "two\n")
    assert (tmp_path / "a" / "one\udcff").read_text() == "2"
    assert (tmp_path / "two\n").read_text() == "1"
    with pytest.raises(FileNotFoundError):
        exchange_names(folders[1], "two\n", folders[1], "three")
    for folder in folders:
        os.close(folder)


def test_a_release_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal of the very kind of call is an answer, not an error."""

    class Refusing:
        zt_exchange_names = staticmethod(lambda *_: errno.EINVAL)

    monkeypatch.setattr(exchange, "lib", Refusing)
    assert not exchange_names(1, "a", 1, "b")

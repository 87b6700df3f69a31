"""A command line that runs in this process, on an engine that is made of dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checked_documents import check_documents
from heirs import Heirs
from zfstune.cli.main import main
from zfstune.engine import open as opening
from zfstune.values.errors import ZfsUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def _documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold each JSON document against its schema."""
    check_documents(monkeypatch)


@pytest.fixture(autouse=True)
def _no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the image that the shell of a developer may name."""
    monkeypatch.delenv("ZFSTUNE_IMAGE", raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs words and returns status, stdout and stderr."""

    def run_words(*words: str) -> tuple[int, str, str]:
        try:
            status = main(list(words))
        except SystemExit as end:
            status = int(end.code or 0)
        return (status, *capsys.readouterr())

    return run_words


@pytest.fixture
def tank(monkeypatch: pytest.MonkeyPatch) -> Heirs:
    """Return the engine that a command opens, with two datasets below a pool."""
    engine = Heirs("tank", "tank/a", "tank/a/b")
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


@pytest.fixture
def _no_zfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no ZFS be opened."""

    def refuse(*_: object, **__: object) -> None:
        raise ZfsUnavailable("cannot use ZFS: there is none", hint="load it")

    monkeypatch.setattr(opening, "open_engine", refuse)

"""Device nodes of volumes: waited for with a limit, and with a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.host import device_nodes
from zfstune.host.device_nodes import device_node, wait_for_node
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let nodes be files in a folder."""
    monkeypatch.setattr(device_nodes, "device_node", lambda name: str(tmp_path / name))
    return tmp_path


class Clock:
    """A clock that goes on by being waited for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.then: Callable[[], object] = lambda: None
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("time.sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        """Go on."""
        self.now += seconds
        self.then()


def test_a_node_that_is_there(place: Path) -> None:
    """Nobody waits, and nothing is said."""
    (place / "v").touch()
    said: list[str] = []
    assert wait_for_node("v", 0, said.append) == str(place / "v")
    assert said == []
    assert device_node("tank/v") == "/dev/zvol/tank/v"


def test_a_node_that_comes_late(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a second it is said once what is waited for."""
    clock = Clock(monkeypatch)
    clock.then = lambda: (place / "v").touch() if clock.now > 3 else None
    said: list[str] = []
    wait_for_node("v", 30, said.append)
    assert said == [f"waiting for {place}/v, 30 s at the most"]
    assert 3 < clock.now < 4


def test_a_node_that_does_not_come(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds, and the error says what did not appear."""
    clock = Clock(monkeypatch)
    with pytest.raises(EngineError, match=f"{place}/v did not appear within 5 s"):
        wait_for_node("v", 5)
    assert 5 <= clock.now < 6

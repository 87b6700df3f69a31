"""The lab boots a guest again that died before it took its command."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

LAB = Path(__file__).resolve().parents[1] / "lab"
sys.path.insert(0, str(LAB))

from zfslab import cli  # noqa: E402 (the path above comes first)
from zfslab.errors import BootError, LabError  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _own_signal_handlers() -> Iterator[None]:
    """Give the signals back to pytest: the lab's command sets handlers for good."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def boots(monkeypatch: pytest.MonkeyPatch, *ends: Exception | int) -> Iterator[object]:
    """Let boots end so, one after the other; give what is left of them."""
    left = iter(ends)

    def boot_once(_options: object) -> int:
        end = next(left)
        if isinstance(end, Exception):
            raise end
        return end

    monkeypatch.setattr(cli, "_boot_once", boot_once)
    return left


def test_second_boot(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The status is that of the command, and the first boot's console is shown."""
    boots(monkeypatch, BootError("console.log: Kernel panic"), 3)
    assert cli.main(["--", "true"]) == 3
    assert "Kernel panic\nbooting once more" in capfd.readouterr().err


def test_no_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third failure is the lab's own."""
    left = boots(monkeypatch, *[BootError("panic")] * 3, 0)
    assert cli.main(["--", "true"]) == cli.EXIT_LAB
    assert list(left) == [0]


def test_command_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest that dies under its command stays dead."""
    left = boots(monkeypatch, LabError("the guest died"), 0)
    assert cli.main(["--", "true"]) == cli.EXIT_LAB
    assert list(left) == [0]

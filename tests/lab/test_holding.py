"""Temporary holds of a process that dies: the kernel ends them."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.one_release

HOLDER = """
import sys
from zfstune.engine.open import open_engine
with open_engine() as engine, engine.holding(sys.argv[1:], "block"):
    print(*engine.holds(sys.argv[1]), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "end"])
def test_a_process_that_ends_holds_nothing(
    engine: Engine, dataset: str, command: Callable[..., str], end: str
) -> None:
    """Killed or not, its holds are gone with it, though a snapshot was renamed."""
    names = [f"{dataset}@1", f"{dataset}@2"]
    for name in names:
        engine.take_snapshots([name])
    engine.hold(names[:1], "stays")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert set(holder.stdout.readline().split()) == {"block", "stays"}
        assert "block" in command("zfs", "holds", "-H", *names)
        engine.rename(names[1], f"{dataset}@renamed")
        assert engine.holds(f"{dataset}@renamed").keys() == {"block"}
        if end == "end":
            holder.stdin.close()
        else:
            holder.send_signal(signal.Signals[end])
        holder.wait(60)
    assert engine.holds(names[0]).keys() == {"stays"}
    assert engine.holds(f"{dataset}@renamed") == {}
    engine.destroy_snapshots([f"{dataset}@renamed"])
    engine.release(names[:1], "stays")

"""The kernel's engine: its binding, and the calls that mount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripted_binding import ScriptedBinding
from zfstune.engine import _mount_table, kernel
from zfstune.engine.kernel import KernelEngine
from zfstune.values.errors import InvalidName, NotFound
from zfstune.values.state import Mount

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def binding(monkeypatch: pytest.MonkeyPatch) -> ScriptedBinding:
    """Let the engine open this binding in place of the kernel's."""
    opened = ScriptedBinding()
    monkeypatch.setattr(kernel, "Binding", lambda: opened)
    return opened


def test_it_opens_the_kernel_and_closes_it(binding: ScriptedBinding) -> None:
    """The engine has the limits of the running module, and closes its binding."""
    with KernelEngine() as engine:
        assert engine.limits.max_recordsize_bytes >= 1 << 20
    assert binding.asked == [("close", ())]


def test_a_date_takes_the_properties(binding: ScriptedBinding) -> None:
    """The kernel's listing has no times of creation: all properties are read."""
    binding.answers["zt_list_snapshots"] = (0, [["a", 2, 1, 1, 0, 0, {}]])
    KernelEngine().snapshots("tank/a", dated=True)
    assert binding.asked == [("zt_list_snapshots", ("tank/a", 1))]


@pytest.mark.usefixtures("binding")
def test_mounts_come_from_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mounts, and the numbers below .zfs of filesystems with a proper name."""
    table = {"tank": Mount("tank", "/tank", 0, 0, 0o755)}
    monkeypatch.setattr(_mount_table, "mount_table", lambda: table)
    monkeypatch.setattr(_mount_table, "snapshot_numbers", lambda n: {x: {} for x in n})
    engine = KernelEngine()
    assert engine.mounts() == table
    assert engine.snapshot_numbers(["tank"]) == {"tank": {}}
    with pytest.raises(InvalidName):
        engine.snapshot_numbers(["tank@1"])


@pytest.mark.usefixtures("binding")
def test_places_are_looked_at(tmp_path: Path) -> None:
    """Each path gets an answer, whether it exists or not."""
    there, missing = str(tmp_path), str(tmp_path / "missing")
    places = KernelEngine().places([there, missing])
    assert list(places) == [there, missing]
    assert places[there].real == there


@pytest.mark.usefixtures("binding")
@pytest.mark.parametrize("call", ["unmount", "remount"])
def test_what_is_not_mounted(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """A filesystem that is not mounted can be neither unmounted nor remounted."""
    monkeypatch.setattr(_mount_table, "mount_paths", dict)
    with pytest.raises(NotFound, match=f"cannot {call} 'tank/a': it is not mounted"):
        getattr(KernelEngine(), call)("tank/a")


def test_a_dataset_is_unmounted_for_its_end(
    binding: ScriptedBinding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dataset that cannot be unmounted is not destroyed."""
    monkeypatch.setattr(_mount_table, "mount_paths", lambda: {"tank/a": "/nowhere/a"})
    with pytest.raises(NotFound, match="cannot unmount 'tank/a'"):
        KernelEngine().destroy("tank/a")
    assert binding.asked == []

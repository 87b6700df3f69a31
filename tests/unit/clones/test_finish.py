"""Finishing one clone: out of reach, and for a volume with its device node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zfstune.clones import finish
from zfstune.clones.stamp import stamp
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    import pytest

    from clone_engine import CloneEngine

NAME, DISK = "tank/nodes/a", "tank/nodes/disk"


def test_others_cannot_enter_the_folder(sealed: CloneEngine) -> None:
    """A clone with somebody else's keys is mounted below it."""
    stamp("tank/node", NAME, engine=sealed.zfs)
    folder = Path(finish._PRIVATE)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == []


def test_an_open_folder_is_refused(sealed: CloneEngine) -> None:
    """Somebody made it first."""
    Path(finish._PRIVATE).mkdir(parents=True, mode=0o755)
    done = stamp("tank/node", NAME, engine=sealed.zfs)
    assert "is not private: Operation not permitted" in done.left[NAME].message
    assert sealed.mounted == {}


def test_a_clone_that_somebody_mounted_is_not_touched(sealed: CloneEngine) -> None:
    """It may be in use, as the double that it still is."""
    sealed.mountable = False
    stamp("tank/node", NAME, engine=sealed.zfs)
    sealed.mountable = True
    sealed.mount(NAME)
    done = stamp("tank/node", NAME, engine=sealed.zfs)
    assert "it is mounted at" in done.left[NAME].message
    assert Path(sealed.mounted[NAME], "etc/machine-id").read_text() != ""


def test_a_volume_waits_for_its_node(
    sealed: CloneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it has none, or nobody wants to wait; a new UUID goes onto the node."""
    waited: list[str] = []
    renewed: list[tuple[str, str]] = []

    def wait(name: str, limit_s: float, say: object) -> str:
        del limit_s, say
        waited.append(name)
        return f"/dev/{name}"

    monkeypatch.setattr(finish, "wait_for_node", wait)
    monkeypatch.setattr(finish, "give_new_uuid", lambda *args: renewed.append(args))
    stamp("tank/disk", DISK, engine=sealed.zfs)
    stamp("tank/disk", f"{DISK}2", properties={"volmode": "none"}, engine=sealed.zfs)
    stamp("tank/disk", f"{DISK}3", wait_s=0, engine=sealed.zfs)
    assert waited == [DISK]
    assert renewed == []
    stamp("tank/disk", f"{DISK}4", wait_s=0, new_uuid=True, engine=sealed.zfs)
    assert renewed == [(f"/dev/{DISK}4", f"{DISK}4")]


def test_a_node_that_does_not_come_leaves_the_volume_unfinished(
    sealed: CloneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run waits again."""

    def wait(name: str, limit_s: float, say: object) -> str:
        del limit_s, say
        raise EngineError(operation="find the device node of", target=name, reason="no")

    monkeypatch.setattr(finish, "wait_for_node", wait)
    done = stamp("tank/disk", DISK, engine=sealed.zfs)
    assert list(done.left) == [DISK]
    assert stamp("tank/disk", DISK, wait_s=0, engine=sealed.zfs).done == (DISK,)


def test_a_new_uuid_takes_a_kernel(sealed: CloneEngine) -> None:
    """An image has no device nodes; without a new UUID nothing is missing."""
    sealed.mountable = False
    done = stamp("tank/disk", DISK, new_uuid=True, engine=sealed.zfs)
    assert "it lies in an image" in done.left[DISK].message
    assert stamp("tank/disk", DISK, engine=sealed.zfs).done == (DISK,)

"""Holds that end with a block: what is asked of C, and what is let go."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from scripted_binding import ScriptedBinding
from zfstune.engine._temporary_holds import until_closed, until_released
from zfstune.values.errors import BatchError, NotPermitted

if TYPE_CHECKING:
    from typing import Any

TARGETS = {"tank/a@1": "tag", "tank/a@2": "tag"}


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Open another file in place of /dev/zfs; give the descriptors."""
    opened: list[int] = []
    real = os.open

    def open_(path: str, flags: int) -> int:
        assert (path, flags) == ("/dev/zfs", os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
        opened.append(real(os.devnull, os.O_RDWR | os.O_CLOEXEC))
        return opened[-1]

    monkeypatch.setattr(os, "open", open_)
    return opened


def is_open(descriptor: int) -> bool:
    """Tell whether a descriptor is open."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_the_descriptor_lives_as_long_as_the_block(device: list[int]) -> None:
    """The kernel gets it with the holds, and it is closed at the end."""
    binding: Any = ScriptedBinding()
    with until_closed(binding, TARGETS):
        assert binding.asked == [("zt_hold", (TARGETS, device[0]))]
        assert is_open(device[0])
    assert not is_open(device[0])
    assert len(binding.asked) == 1


@pytest.mark.parametrize("code", [0, errno.EEXIST])
def test_a_hold_that_fails_closes_the_descriptor(device: list[int], code: int) -> None:
    """Missing though the call succeeded, or refused: the block is not entered."""
    binding: Any = ScriptedBinding(zt_hold=(code, {"tank/a@2": code or errno.ENOENT}))
    with pytest.raises(BatchError, match="tank/a@2"), until_closed(binding, TARGETS):
        pytest.fail("the block was entered")
    assert not is_open(device[0])


def test_a_device_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is about the snapshot, and nothing was asked of C."""

    def refuse(path: str, flags: int) -> int:
        raise PermissionError(errno.EACCES, path, flags)

    monkeypatch.setattr(os, "open", refuse)
    binding: Any = ScriptedBinding()
    with pytest.raises(NotPermitted, match="tank/a@1"), until_closed(binding, TARGETS):
        pytest.fail("the block was entered")
    assert binding.asked == []


def test_an_image_releases_what_it_held() -> None:
    """The holds of the block go at its end, by name and tag."""
    binding: Any = ScriptedBinding()
    with until_released(binding, TARGETS):
        assert binding.asked == [("zt_hold", (TARGETS, 0))]
    held = {name: {"tag": None} for name in TARGETS}
    assert binding.asked[1:] == [("zt_release", (held,))]


def test_an_image_releases_no_hold_of_others() -> None:
    """Where the call failed, the tag on a snapshot is somebody else's."""
    binding: Any = ScriptedBinding(zt_hold=(errno.EEXIST, {"tank/a@1": errno.EEXIST}))
    with pytest.raises(BatchError, match="tank/a@1"), until_released(binding, TARGETS):
        pytest.fail("the block was entered")
    assert [name for name, _ in binding.asked] == ["zt_hold"]


def test_an_image_releases_those_beside_one_that_is_missing() -> None:
    """The call held the others, and they go."""
    binding: Any = ScriptedBinding(zt_hold=(0, {"tank/a@1": errno.ENOENT}))
    with pytest.raises(BatchError, match="tank/a@1"), until_released(binding, TARGETS):
        pytest.fail("the block was entered")
    assert binding.asked[1:] == [("zt_release", ({"tank/a@2": {"tag": None}},))]

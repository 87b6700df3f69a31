"""Attributes of real files: what one has, another gets, and nothing beside it."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from zfstune.host.attributes import (
    gives_access_lists,
    is_unchangeable,
    read_attributes,
    write_attributes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Give two open files."""
    flags = os.O_RDWR | os.O_CREAT
    both = [os.open(tmp_path / name, flags) for name in ("a", "b")]
    yield both[0], both[1]
    for file in both:
        os.close(file)


def test_all_of_them(files: tuple[int, int]) -> None:
    """Owner, mode with setuid, and extended attributes go over; others are taken away."""
    one, other = files
    os.fchown(one, 1234, 4321)
    os.fchmod(one, 0o6751)
    os.setxattr(one, "user.a", b"\0x")
    os.setxattr(one, "user.empty", b"")
    os.setxattr(other, "user.other", b"goes")
    wanted = read_attributes(one)
    assert (wanted.mode, wanted.uid, wanted.gid) == (0o6751, 1234, 4321)
    assert dict(wanted.extended) == {"user.a": b"\0x", "user.empty": b""}
    write_attributes(other, wanted)
    assert read_attributes(other) == wanted


def test_flags_and_dos_attributes(
    files: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flags, the project and the DOS attributes are set where they differ."""
    one, other = files
    xattr = {one: b"\x40\0\0\0" + b"\1" * 8 + b"\7\0\0\0" + bytes(12), other: bytes(28)}
    dos = {one: b"\x20" + bytes(7), other: bytes(8)}

    def ioctl(file: int, request: int, given: bytes) -> bytes:
        table = {0x801C581F: xattr, 0x80088301: dos, 0x401C5820: xattr, 0x40088302: dos}
        if request < 0x80000000:
            table[request][file] = given
        return table[request][file]

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    wanted = read_attributes(one)
    assert wanted.flags == b"\x40\0\0\0" + bytes(8) + b"\7\0\0\0" + bytes(12)
    write_attributes(other, wanted)
    assert read_attributes(other) == wanted
    assert (xattr[other], dos[other]) == (wanted.flags, wanted.dos)


@pytest.mark.parametrize(("flags", "fixed"), [(0x10, True), (0x20, True), (0x40, False)])
def test_unchangeable(
    files: tuple[int, int], monkeypatch: pytest.MonkeyPatch, flags: int, *, fixed: bool
) -> None:
    """Immutable and append-only files are told from others."""
    answer = flags.to_bytes(8, "little")
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: answer)
    assert is_unchangeable(files[0]) is fixed


@pytest.mark.parametrize(
    ("code", "gives"), [(errno.EOPNOTSUPP, False), (errno.ENODATA, True), (0, True)]
)
def test_access_lists(
    files: tuple[int, int], monkeypatch: pytest.MonkeyPatch, code: int, *, gives: bool
) -> None:
    """A kernel that has no such access lists is told from a file that has none."""

    def getxattr(*_: object) -> bytes:
        if code:
            raise OSError(code, "")
        return b""

    monkeypatch.setattr(os, "getxattr", getxattr)
    assert gives_access_lists(files[0]) is gives


def test_an_error_is_no_answer(
    files: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a filesystem that lacks a thing is taken to have none of it."""

    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, "")

    for owner, call in ((fcntl, "ioctl"), (os, "listxattr")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, call, fail)
            with pytest.raises(OSError, match="5"):
                read_attributes(files[0])
    assert read_attributes(files[0]).dos == b""

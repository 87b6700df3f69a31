"""The extension opened: errors of opening, and text on its way to C."""

from __future__ import annotations

import errno
from types import SimpleNamespace
from typing import Any

import pytest

from zfstune.engine import _binding
from zfstune.engine._binding import Binding
from zfstune.values.errors import InvalidValue, ZfsUnavailable


def opener(code: int, why: bytes = b"") -> Any:
    """Return a function that fails to open, as those of the extension do."""

    def fail(*args: Any) -> int:
        _binding.ffi.buffer(args[-2])[: len(why)] = why
        return code

    return fail


def extension(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> None:
    """Put these functions in place of the extension's."""
    monkeypatch.setattr(
        _binding, "lib", SimpleNamespace(**functions, zt_close=lambda _: None)
    )


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.ENOENT, "modprobe zfs"),
        (errno.ELIBACC, "zfsutils-linux"),
        (errno.EACCES, "let this user open /dev/zfs"),
        (errno.EPROTO, ""),
    ],
)
def test_no_zfs_in_the_kernel(
    monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    """The reason comes from C, and the hint names a remedy."""
    extension(monkeypatch, zt_open=opener(code, b"no such thing"))
    with pytest.raises(ZfsUnavailable) as caught:
        Binding()
    assert str(caught.value) == "cannot use ZFS: no such thing"
    assert hint in caught.value.hint
    assert bool(caught.value.hint) == bool(hint)


def test_an_image_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that cannot be opened raises the errno, for the caller knows the file."""
    extension(monkeypatch, zt_open_image=opener(errno.ENXIO))
    with pytest.raises(OSError, match="No such device") as caught:
        Binding.of_image("/a.zpool", create=None)
    assert caught.value.errno == errno.ENXIO


def opened(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> Binding:
    """Return a binding on these functions."""
    extension(monkeypatch, zt_open=lambda *_: 0, zt_buf_free=lambda _: None, **functions)
    return Binding()


def test_text_and_numbers_reach_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text reaches C as bytes, and bytes that are no UTF-8 stay as they were."""
    seen: list[Any] = []

    def note(_: object, *args: Any) -> int:
        seen.extend(args)
        return 7

    assert opened(monkeypatch).call(note, "tank/\udcff", 5) == 7
    assert seen == [b"tank/\xff", 5]


def test_a_nul_would_cut_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a NUL is refused: C would act on another dataset."""
    with pytest.raises(InvalidValue, match="contains a NUL"):
        opened(monkeypatch).call(lambda *_: 0, "tank/a\0/b")


@pytest.mark.parametrize(
    ("code", "text", "read"),
    [
        (0, b"", None),
        (0, b'{"a": [1]}', {"a": [1]}),
        (errno.EEXIST, b'{"tank/a": 17}', {"tank/a": 17}),
        (errno.EIO, b'[["tank"', None),
    ],
)
def test_what_c_wrote(
    monkeypatch: pytest.MonkeyPatch, code: int, text: bytes, read: object
) -> None:
    """Errors by name are read; the incomplete text of a listing that failed is not."""
    written = _binding.ffi.new("char[]", text)

    def fill(_: object, buffer: Any) -> int:
        if text:
            buffer.data, buffer.len = written, len(text)
        return code

    assert opened(monkeypatch).read(fill) == (code, read)


def test_a_closed_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed binding says so at a call, and may be closed once more."""
    binding = opened(monkeypatch)
    binding.close()
    binding.close()
    with pytest.raises(ZfsUnavailable, match="was closed"):
        binding.call(lambda *_: 0)

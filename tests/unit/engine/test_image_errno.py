"""The meaning of an errno for the file of an image."""

from __future__ import annotations

import errno as e
from typing import TYPE_CHECKING

import pytest

from zfstune.engine._image_errno import image_error, unwritable
from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    Damaged,
    NoSpace,
    NotFound,
    RefusedValue,
    ZfsUnavailable,
)

if TYPE_CHECKING:
    from zfstune.values.errors import ZfstuneError


@pytest.mark.parametrize(
    ("verb", "code", "kind", "words"),
    [
        ("open", e.ENOENT, NotFound, "there is no such file"),
        ("create", e.ENOENT, NotFound, "its directory does not exist"),
        ("create", e.EEXIST, AlreadyExists, "it exists already"),
        ("open", e.ENXIO, RefusedValue, "it holds no pool"),
        ("open", e.EBUSY, Busy, "another process has it open"),
        ("open", e.EALREADY, Busy, "the kernel has its pool imported"),
        ("open", e.EBADE, Damaged, "its labels are damaged"),
        ("create", e.EDQUOT, NoSpace, "a quota leaves no space"),
    ],
)
def test_each_reason(verb: str, code: int, kind: type[ZfstuneError], words: str) -> None:
    """An errno has another meaning for the file of an image than for a dataset."""
    error = image_error(verb, "/srv/a.zpool", code)
    assert type(error) is kind
    assert str(error).startswith(f"cannot {verb} image '/srv/a.zpool': ")
    assert words in str(error)


def test_the_host_that_had_it_open_is_quoted_for_the_shell() -> None:
    """The name of a host, which comes from the file, is quoted for a shell."""
    error = image_error("open", "a.zpool", e.EREMOTEIO, "a host; true")
    assert "host 'a host; true' has its pool open" in str(error)
    assert error.hint.endswith("--take-over-from 'a host; true'")


@pytest.mark.parametrize("code", [e.ELIBACC, e.ELIBBAD])
def test_a_library_that_is_missing_is_no_fault_of_the_file(code: int) -> None:
    """Without libzpool there is no ZFS here, and the hint names its package."""
    error = image_error("open", "a.zpool", code, "libzpool.so.5 is missing")
    assert type(error) is ZfsUnavailable
    assert str(error) == "cannot use ZFS: libzpool.so.5 is missing"
    assert "libzpool" in error.hint


@pytest.mark.parametrize(
    ("verb", "code", "words"),
    [
        ("open", e.EROFS, "the file system of 'a.zpool' is read-only"),
        ("open", e.ENXIO, "it holds no pool"),
        ("create", e.ENXIO, "no pool can be made in it"),
    ],
)
def test_the_reason_is_that_of_the_file(verb: str, code: int, words: str) -> None:
    """A general one would speak of a pool."""
    assert words in str(image_error(verb, "a.zpool", code))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (e.ENOSPC, "no space on the file system of '/a{b}'"),
        (e.EFBIG, "`ulimit -f`"),
        (e.EROFS, "has become read-only"),
        (e.ENODEV, "'/a{b}' failed: No such device"),
    ],
)
def test_a_file_that_cannot_be_written_to(code: int, words: str) -> None:
    """The error has the errno, and the hint says what is lost."""
    error = unwritable("go on with", "/a{b}", code)
    assert words in str(error)
    assert error.errno == code
    assert "only changes that were not yet on disk are lost" in error.hint

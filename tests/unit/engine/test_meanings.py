"""The meanings of errno values: their classes and their words."""

from __future__ import annotations

import errno as e
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.engine import _meanings
from zfstune.engine._errno import engine_error
from zfstune.values import errors
from zfstune.values.errors import AlreadyExists, Busy, RefusedValue

if TYPE_CHECKING:
    from zfstune.values.errors import EngineError


@given(st.sampled_from(["create", "destroy", "mount", "read"]), st.integers(1, 2000))
def test_every_errno_reads_like_a_sentence(operation: str, code: int) -> None:
    """No errno is left without words, and none ends in a period or a bare number."""
    error = engine_error(operation, "tank/a", code)
    assert error.reason
    assert not error.reason.isdigit()
    assert not str(error).endswith(".")
    assert not error.hint.endswith(".")
    if code >= 1024 and code not in _meanings.GENERAL:
        assert error.reason == f"unknown to zfstune (error {code})"


# include/sys/fs/zfs.h, zfs_errno_t, from ZFS_ERR_CHECKPOINT_EXISTS to
# ZFS_ERR_TOO_MANY_SITOUTS of 2.4.4: a receive is where most of them are met.
OWN = range(1024, 1053)


@pytest.mark.parametrize("code", OWN)
def test_each_of_zfs_own_has_words(code: int) -> None:
    """Each number that OpenZFS 2.1 to 2.4 returns is known here."""
    error = engine_error("receive", "tank/a@1", code)
    assert "unknown" not in error.reason
    assert str(code) not in error.reason


def test_what_a_later_release_adds() -> None:
    """A number that the table lacks is shown as it is."""
    assert engine_error("send", "tank/a@1", OWN.stop).reason == (
        f"unknown to zfstune (error {OWN.stop})"
    )


def test_no_two_of_zfs_own_read_alike() -> None:
    """No two of OpenZFS's own errors have the same words."""
    reasons = [_meanings.GENERAL[code].reason for code in OWN if code in _meanings.GENERAL]
    assert len(set(reasons)) == len(reasons) >= len(OWN) - 2


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (1034, RefusedValue, "IV set"),
        (1035, RefusedValue, "not received raw"),
        (1036, RefusedValue, "too old"),
        (1037, errors.NotSupported, "does not know"),
        (1041, RefusedValue, "128K"),
        (1047, AlreadyExists, "rest of a full stream"),
        (e.ETXTBSY, Busy, "newer snapshot, even an empty one"),
    ],
)
def test_what_a_receive_meets(code: int, kind: type[EngineError], words: str) -> None:
    """The obstacle to a stream is named, with a hint about it."""
    error = engine_error("receive", "tank/a@1", code)
    assert type(error) is kind
    assert words in error.reason
    assert error.hint

"""What an errno means: the exception, its words, and what it tells the reader to do."""

from __future__ import annotations

import errno as e
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.engine import _meanings
from zfstune.engine._errno import batch_error, by_target, engine_error
from zfstune.values import errors
from zfstune.values.errors import (
    AlreadyExists,
    BatchError,
    Busy,
    NotFound,
    NotPermitted,
    RefusedValue,
)

if TYPE_CHECKING:
    from zfstune.values.errors import EngineError

SPECIAL = [
    (operation, code) for operation, found in _meanings.SPECIAL.items() for code in found
]


@pytest.mark.parametrize(("operation", "code"), SPECIAL)
def test_an_operation_overrides(operation: str, code: int) -> None:
    """What an operation says of an errno wins over what it means in general."""
    error = engine_error(operation, "tank/a", code)
    meaning = _meanings.SPECIAL[operation][code]
    assert type(error) is meaning.kind
    assert str(error) == f"cannot {operation} 'tank/a': {meaning.reason}"
    assert (error.operation, error.target, error.errno) == (operation, "tank/a", code)


@pytest.mark.parametrize("code", _meanings.GENERAL)
def test_the_general_meaning(code: int) -> None:
    """An operation with nothing to say of an errno leaves its general meaning."""
    error = engine_error("read", "tank/a", code)
    assert type(error) is _meanings.GENERAL[code].kind
    assert str(error).startswith("cannot read 'tank/a': ")


@pytest.mark.parametrize(
    ("operation", "code", "kind", "word"),
    [
        # One number, many meanings.
        ("clone", e.EXDEV, RefusedValue, "another pool"),
        ("roll back", e.EEXIST, RefusedValue, "newer snapshots"),
        ("bookmark", e.EXDEV, RefusedValue, "stays in its snapshot's dataset"),
        ("destroy", e.EEXIST, Busy, "children"),
        ("destroy snapshot", e.EEXIST, Busy, "clones"),
        ("hold", e.EEXIST, AlreadyExists, "this tag"),
        ("create", e.ENOENT, NotFound, "parent"),
        ("unmount", e.EINVAL, NotFound, "not mounted"),
        ("destroy", e.EAGAIN, errors.PoolSuspended, "suspended"),
        ("set", e.EROFS, errors.ReadOnly, "read-only"),
        ("set", e.EDQUOT, errors.NoSpace, "quota"),
        ("snapshot", 1030, errors.NotSupported, "lacks the option"),
        ("set", 1044, RefusedValue, "property"),
    ],
)
def test_meanings(operation: str, code: int, kind: type[EngineError], word: str) -> None:
    """The meanings that people meet most are the ones they should read."""
    error = engine_error(operation, "tank/a", code)
    assert type(error) is kind
    assert word in error.reason


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
    """None of what OpenZFS 2.1 to 2.4 gives back is unknown here."""
    error = engine_error("receive", "tank/a@1", code)
    assert "unknown" not in error.reason
    assert str(code) not in error.reason


def test_what_a_later_release_adds() -> None:
    """A number that this table does not have is told as it is."""
    assert engine_error("send", "tank/a@1", OWN.stop).reason == (
        f"unknown to zfstune (error {OWN.stop})"
    )


def test_no_two_of_zfs_own_read_alike() -> None:
    """Each says something of its own."""
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
        (e.ETXTBSY, Busy, "newer snapshot, be it an empty one"),
    ],
)
def test_what_a_receive_meets(code: int, kind: type[EngineError], words: str) -> None:
    """What stands in the way of a stream is said, and what helps."""
    error = engine_error("receive", "tank/a@1", code)
    assert type(error) is kind
    assert words in error.reason
    assert error.hint


def test_force_says_what_it_costs() -> None:
    """The hint that leads to force names both that are lost."""
    hint = engine_error("receive", "tank/a@1", e.ETXTBSY).hint
    assert "written since" in hint
    assert "destroys each snapshot that is newer than the base" in hint


def test_details_follow_the_reason() -> None:
    """A detail, as in the property at fault, stands behind the reason."""
    error = engine_error("set", "tank/a", e.EINVAL, detail="recordsize=3K")
    assert str(error) == "cannot set 'tank/a': the kernel refused a value: recordsize=3K"


@pytest.mark.parametrize(
    ("operation", "target", "permission", "granted"),
    [
        ("destroy", "tank/a", "", "destroy,mount tank/a"),
        ("create", "tank/a/b", "", "create,mount tank/a"),
        ("create", "tank", "", "create,mount tank"),
        ("create", "tank/a", "atime,org.x:y,org.x:z", "create,mount,atime,userprop tank"),
        ("rename", "tank/a@x", "", "create,rename,mount tank/a"),
        ("destroy bookmark", "tank/a#x", "", "destroy tank/a"),
        ("set", "tank/a", "quota", "quota tank/a"),
    ],
)
def test_hints_name_the_delegation(
    operation: str, target: str, permission: str, granted: str
) -> None:
    """Where permission is missing, the hint is the very command that grants it."""
    error = engine_error(operation, target, e.EPERM, permission=permission)
    assert type(error) is NotPermitted
    assert error.hint == f"run as root, or let root `zfs allow USER {granted}`"


@pytest.mark.parametrize(
    ("operation", "hint"), [("read", "run as root"), ("mount", "mounting takes root")]
)
def test_what_cannot_be_delegated(operation: str, hint: str) -> None:
    """Where no delegation helps, none is named."""
    assert engine_error(operation, "tank/a", e.EPERM).hint == hint


def test_a_batch_names_each_target() -> None:
    """What ZFS named is one error each, in its order; what it counted is a number."""
    found = batch_error(
        "destroy snapshot",
        e.EBUSY,
        {"tank/b@x": e.EEXIST, "tank/a@x": e.EBUSY, "N_MORE_ERRORS": 3},
        ["tank/a@x", "tank/b@x", "tank/c@x"],
    )
    assert isinstance(found, BatchError)
    assert [(f.target, f.errno) for f in found.failures] == [
        ("tank/b@x", e.EEXIST),
        ("tank/a@x", e.EBUSY),
    ]
    assert found.suppressed == 3


def test_a_batch_without_names_speaks_of_all() -> None:
    """A call that failed as a whole is one error: the first target, and how many more."""
    one = batch_error("snapshot", e.ENOSPC, {}, ["tank/a@x"])
    many = batch_error("snapshot", e.ENOSPC, {}, ["tank/a@x", "tank/b@x", "tank/c@x"])
    assert isinstance(one, errors.NoSpace)
    assert isinstance(many, errors.NoSpace)
    assert one.target == "tank/a@x"
    assert many.target == "tank/a@x and 2 more"


def test_missing_holds_are_keyed_by_snapshot() -> None:
    """Of a hold that is not there the kernel says "snapshot#tag": the snapshot is meant."""
    given_back = {"tank/a@x#tag": e.ENOENT, "tank/b@x": e.ENOENT}
    assert by_target("release", given_back) == {"tank/a@x": e.ESRCH, "tank/b@x": e.ENOENT}
    assert by_target("hold", given_back) == given_back

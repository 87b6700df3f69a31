"""The meaning of an errno: the exception, its reason and its hint."""

from __future__ import annotations

import errno as e

import pytest

from zfstune.engine import _meanings, _special_meanings
from zfstune.engine._errno import batch_error, by_target, engine_error
from zfstune.values import errors
from zfstune.values.errors import (
    BatchError,
    NotPermitted,
)

SPECIAL = [
    (operation, code)
    for operation, found in _special_meanings.SPECIAL.items()
    for code in found
]


@pytest.mark.parametrize(("operation", "code"), SPECIAL)
def test_an_operation_overrides(operation: str, code: int) -> None:
    """The meaning that an errno has for an operation wins over its general meaning."""
    error = engine_error(operation, "tank/a", code)
    meaning = _special_meanings.SPECIAL[operation][code]
    assert type(error) is meaning.kind
    assert str(error) == f"cannot {operation} 'tank/a': {meaning.reason}"
    assert (error.operation, error.target, error.errno) == (operation, "tank/a", code)


@pytest.mark.parametrize("code", _meanings.GENERAL)
def test_the_general_meaning(code: int) -> None:
    """An errno without a meaning for the operation has its general one."""
    error = engine_error("read", "tank/a", code)
    assert type(error) is _meanings.GENERAL[code].kind
    assert str(error).startswith("cannot read 'tank/a': ")


def test_details_follow_the_reason() -> None:
    """A detail, such as the property at fault, stands behind the reason."""
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
    assert error.hint == f"run as root, or let root run `zfs allow USER {granted}`"


@pytest.mark.parametrize(
    ("operation", "target", "code", "command"),
    [
        ("destroy snapshot", "tank/a b@x", e.EBUSY, "`zfs holds 'tank/a b@x'`"),
        ("receive", "tank/a@x", e.EBUSY, "`zfs receive -A tank/a`"),
        ("create", "tank/a/b", e.EACCES, "`zfs get encryptionroot tank/a`"),
        ("create", "tank", e.EACCES, "`zfs get encryptionroot tank`"),
        ("bookmark", "tank/a#x", e.EAGAIN, "`zpool clear tank`"),
    ],
)
def test_hints_name_what_their_commands_act_on(
    operation: str, target: str, code: int, command: str
) -> None:
    """A command in a hint has the name that it needs, quoted for a shell."""
    assert command in engine_error(operation, target, code).hint


def test_hints_name_an_example() -> None:
    """Where the target is no name that a command takes, the hint names another one."""
    error = engine_error("unmount", "tank/a", e.EBUSY, example="/srv/a b")
    assert error.hint == "`fuser -vm '/srv/a b'` lists the processes"
    many = batch_error("destroy snapshot", e.EEXIST, {}, ["tank/a@x", "tank/b@x"])
    assert isinstance(many, errors.Busy)
    assert many.hint.endswith("`zfs get clones tank/a@x`")


@pytest.mark.parametrize(
    ("operation", "hint"), [("read", "run as root"), ("mount", "mounting takes root")]
)
def test_what_cannot_be_delegated(operation: str, hint: str) -> None:
    """Where no delegation helps, none is named."""
    assert engine_error(operation, "tank/a", e.EPERM).hint == hint


def test_a_batch_names_each_target() -> None:
    """Each target that ZFS named has an error, in its order; other failures are counted."""
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
    """The kernel's "snapshot#tag" for a missing hold stands for the snapshot."""
    given_back = {"tank/a@x#tag": e.ENOENT, "tank/b@x": e.ENOENT}
    assert by_target("release", given_back) == {"tank/a@x": e.ESRCH, "tank/b@x": e.ENOENT}
    assert by_target("hold", given_back) == given_back


def test_the_list_in_which_a_name_is_missed() -> None:
    """`zfstune list` alone shows no snapshot."""
    assert engine_error("read", "tank/a", e.ENOENT).hint == "see `zfstune list`"
    hint = engine_error("read", "tank/a@1", e.ENOENT).hint
    assert hint == "see `zfstune list -t snapshots`"

"""Errors that cross from one host to another."""

from __future__ import annotations

import pytest

from zfstune.streams.remote.failures import lost_error, read_failure, write_failure
from zfstune.streams.remote.fields import BadMessageError
from zfstune.values.errors import (
    BatchError,
    EngineError,
    ImageDied,
    InvalidName,
    InvalidValue,
    NotFound,
    PlanError,
)

GONE = NotFound(operation="read", target="tank/a", reason="it is gone", hint="look")


def test_an_error_of_zfs_keeps_its_kind() -> None:
    """It names the host, and says whose the hint is."""
    error = read_failure(write_failure(GONE), "far")
    assert type(error) is NotFound
    assert str(error) == "cannot read 'far:tank/a': it is gone"
    assert error.hint == "far says: look"


def test_a_batch() -> None:
    """Each of its errors arrives, and nothing but errors of ZFS can be among them."""
    batch = BatchError(operation="read", failures=[GONE, GONE])
    found = read_failure(write_failure(batch), "far")
    assert isinstance(found, BatchError)
    assert [(type(e), e.target) for e in found.failures] == [(NotFound, "far:tank/a")] * 2
    plain = write_failure(PlanError("cannot do it"))
    wrong: tuple[object, ...] = ([], [plain], [write_failure(batch)], "x", [1])
    for failures in wrong:
        with pytest.raises(BadMessageError):
            read_failure({"operation": "read", "failures": failures}, "far")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PlanError("cannot do it"), PlanError),
        (InvalidName("cannot use it"), InvalidValue),
        (ImageDied("cannot go on"), InvalidValue),
        (BatchError(operation="read", failures=()), InvalidValue),
    ],
)
def test_other_errors(error: EngineError, kind: type[Exception]) -> None:
    """They keep their words."""
    found = read_failure(write_failure(error), "far")
    assert type(found) is kind
    assert str(found) == f"{error} (on far)"


def test_what_a_hostile_host_says() -> None:
    """No control character comes through, no text is endless, no class is chosen freely."""
    fields = dict.fromkeys(
        ("kind", "operation", "target", "reason", "hint"), "\x1b[2J" * 999
    )
    error = read_failure(fields, "far")
    assert type(error) is EngineError
    assert str(error).isprintable()
    assert len(str(error)) < 1000
    wrong: tuple[object, ...] = ({**fields, "more": ""}, {**fields, "kind": 1}, None, [])
    for value in wrong:
        with pytest.raises(BadMessageError):
            read_failure(value, "far")


def test_a_lost_connection() -> None:
    """It names the host."""
    assert str(lost_error("far", "it hung up")) == "cannot work with host 'far': it hung up"

"""Why a snapshot is busy: held, in use below .zfs, or being sent."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from zfstune.engine._busy import explain_batch
from zfstune.engine._errno import batch_error, engine_error
from zfstune.values.errors import BatchError, Busy

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine


class Holds:
    """An engine that knows the holds of some snapshots."""

    def __init__(self, holds: dict[str, list[str]]) -> None:
        self._holds = holds

    def holds(self, snapshot: str) -> dict[str, datetime]:
        """Return the holds of a snapshot."""
        if snapshot not in self._holds:
            raise engine_error("read", snapshot, errno.ENOENT)
        return dict.fromkeys(self._holds[snapshot], datetime.now(UTC))


def explained(
    errors: dict[str, int],
    holds: dict[str, list[str]],
    mounted: dict[str, str] | None = None,
) -> BatchError:
    """Return the error of a batch with its reasons explained."""
    error = batch_error("destroy snapshot", errno.EBUSY, errors, list(errors))
    assert isinstance(error, BatchError)
    engine = cast("Engine", Holds(holds))
    return explain_batch(engine, error, lambda: mounted or {})


def test_each_reason() -> None:
    """A hold and a mount are named; a snapshot with neither is being sent or received."""
    names = [f"tank/a@{n}" for n in ("held", "open", "sent", "gone")]
    error = explained(
        dict.fromkeys(names, errno.EBUSY),
        {names[0]: ["b", "a"], names[1]: [], names[2]: []},
        {names[1]: "/srv/a b/.zfs/snapshot/open"},
    )
    held, in_use, sent, gone = error.failures
    assert held.reason == "it is held by 'a', 'b'"
    assert in_use.reason == "its files are in use at /srv/a b/.zfs/snapshot/open"
    assert "`fuser -vm '/srv/a b/.zfs/snapshot/open'`" in in_use.hint
    assert sent.reason.startswith(
        "it is being sent or received, or its files are in use in"
    )
    assert "it is held, its files are in use" in gone.reason
    for failure, name in zip(error.failures, names, strict=True):
        assert isinstance(failure, Busy)
        assert (failure.target, failure.errno) == (name, errno.EBUSY)
        assert failure.operation == "destroy snapshot"


def test_a_hold_comes_first() -> None:
    """A snapshot that is both held and open is reported as held."""
    error = explained({"tank/a@1": errno.EBUSY}, {"tank/a@1": ["t"]}, {"tank/a@1": "/a"})
    assert error.failures[0].reason == "it is held by 't'"


def test_others_stay_as_they_are() -> None:
    """Errors about clones stay as they are, and so does the count of unnamed failures."""
    error = explained(
        {"tank/a@1": errno.EEXIST, "tank/a@2": errno.EBUSY, "N_MORE_ERRORS": 3},
        {"tank/a@2": []},
    )
    assert [f.errno for f in error.failures] == [errno.EEXIST, errno.EBUSY]
    assert "clones" in error.failures[0].reason
    assert error.suppressed == 3


def test_nothing_is_asked_where_none_is_busy() -> None:
    """The mount table is read only where a snapshot is busy."""
    error = batch_error("destroy snapshot", errno.EEXIST, {"tank/a@1": errno.EEXIST}, [])
    assert isinstance(error, BatchError)
    unused = cast("Engine", Holds({}))
    assert explain_batch(unused, error, lambda: pytest.fail("read")) is error

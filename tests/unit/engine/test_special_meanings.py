"""The meanings that errno values have for one operation."""

from __future__ import annotations

import errno as e
from typing import TYPE_CHECKING

import pytest

from zfstune.engine._errno import engine_error
from zfstune.values import errors
from zfstune.values.errors import AlreadyExists, Busy, NotFound, RefusedValue

if TYPE_CHECKING:
    from zfstune.values.errors import EngineError


@pytest.mark.parametrize(
    ("operation", "code", "kind", "word"),
    [
        # One number, many meanings.
        ("clone", e.EXDEV, RefusedValue, "another pool"),
        ("roll back", e.EEXIST, RefusedValue, "newer snapshots"),
        ("bookmark", e.EXDEV, RefusedValue, "must be in its snapshot's dataset"),
        ("destroy", e.EEXIST, Busy, "children"),
        ("destroy snapshot", e.EEXIST, Busy, "clones"),
        ("hold", e.EEXIST, AlreadyExists, "this tag"),
        ("create", e.ENOENT, NotFound, "parent"),
        ("unmount", e.EINVAL, NotFound, "not mounted"),
        ("destroy", e.EAGAIN, errors.PoolSuspended, "suspended"),
        ("set", e.EROFS, errors.ReadOnly, "read-only"),
        ("set", e.EDQUOT, errors.NoSpace, "quota"),
        ("send", e.ENOSPC, errors.NoSpace, "where the stream goes"),
        ("snapshot", 1030, errors.NotSupported, "lacks the option"),
        ("set", 1044, RefusedValue, "property"),
    ],
)
def test_meanings(operation: str, code: int, kind: type[EngineError], word: str) -> None:
    """The most frequent errors have the meaning that a reader needs."""
    error = engine_error(operation, "tank/a", code)
    assert type(error) is kind
    assert word in error.reason


def test_force_says_what_it_costs() -> None:
    """The hint about force names both losses: later writes and newer snapshots."""
    hint = engine_error("receive", "tank/a@1", e.ETXTBSY).hint
    assert "written since" in hint
    assert "destroys each snapshot that is newer than the base" in hint

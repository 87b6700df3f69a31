"""The snapshots that a forced receive would destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from zfstune.engine._errno import engine_error
from zfstune.engine._receive_losses import check_losses, foreign, lost_snapshots, misfit
from zfstune.values.errors import PlanError, RefusedValue
from zfstune.values.state import Snapshot
from zfstune.values.stream_record import StreamHeader

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

LISTED = [Snapshot(f"tank/a@{n}", guid=10 * n, createtxg=100 * n) for n in (3, 1, 2)]


@pytest.mark.parametrize(
    ("fromguid", "lost"),
    [
        (10, ["tank/a@2", "tank/a@3"]),
        (20, ["tank/a@3"]),
        (30, []),
        (99, []),
        (0, ["tank/a@1", "tank/a@2", "tank/a@3"]),
    ],
)
def test_what_is_lost(fromguid: int, lost: list[str]) -> None:
    """An incremental loses each snapshot newer than its base, a full stream loses all."""
    assert lost_snapshots(LISTED, StreamHeader(77, fromguid, "filesystem")) == lost


class Listing:
    """An engine that lists these snapshots of one dataset, and has no other."""

    def __init__(self, listed: list[Snapshot]) -> None:
        self._listed = listed

    def snapshots(self, dataset: str) -> list[Snapshot]:
        """Return the snapshots."""
        if dataset != "tank/a":
            raise engine_error("list", dataset, 2)
        return self._listed


def check(
    listed: list[Snapshot], fromguid: int, *accepted: str, to: str = "tank/a"
) -> None:
    """Check a forced receive of a stream with this base."""
    engine = cast("Engine", Listing(listed))
    check_losses(
        engine, f"{to}@new", StreamHeader(77, fromguid, "filesystem"), frozenset(accepted)
    )


def test_each_loss_must_be_named() -> None:
    """The message names the snapshots that `losing` does not name, and no others."""
    with pytest.raises(PlanError) as caught:
        check(LISTED, 10, "tank/a@3")
    assert str(caught.value) == (
        "cannot receive 'tank/a@new' by force: it would destroy tank/a@2"
    )
    assert "`losing`" in caught.value.hint
    check(LISTED, 10, "tank/a@2", "tank/a@3", "tank/a@1")
    check(LISTED, 30)
    check(LISTED, 0, to="tank/other")


def test_many_losses_are_counted() -> None:
    """The message names twenty, and how many more there are."""
    many = [Snapshot(f"tank/a@{n}", n, n) for n in range(1, 30)]
    with pytest.raises(PlanError, match=r"tank/a@21 and 8 more\n"):
        check(many, 1)


@pytest.mark.parametrize(
    ("header", "reason", "hint"),
    [
        (StreamHeader(1, 0, "volume"), "does not fit the dataset on this side", "redacted"),
        (StreamHeader(1, 0, "volume", raw=True), "the stream is raw", "raw=True"),
        (StreamHeader(1, 0, "volume", rest=True), "does not begin where", "send the rest"),
    ],
)
def test_a_misfit_names_the_snapshot(header: StreamHeader, reason: str, hint: str) -> None:
    """The error for a sound stream that does not fit names the snapshot and the case."""
    error = misfit("tank/a@new", header, raw=False)
    assert type(error) is RefusedValue
    assert str(error).startswith("cannot receive 'tank/a@new': ")
    assert reason in error.reason
    assert hint in error.hint


def test_a_command_line_is_told_of_no_argument() -> None:
    """It passes all of them by itself."""
    error = misfit("tank/a@new", StreamHeader(1, 0, "volume", raw=True), raw=True)
    assert "raw=True" not in error.hint
    assert "force" not in error.hint


def test_the_other_byte_order() -> None:
    """A kernel takes what an image does not."""
    assert "another byte order" in foreign("tank/a@new").reason
    assert "kernel" in foreign("tank/a@new").hint

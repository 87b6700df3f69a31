"""``zfstune rollback``: a checkpoint that does not exist, and losses by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.snapshots.rewind_plan import LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_no_such_checkpoint(run: Run, tank: Heirs) -> None:
    """The error names it, and nothing is changed."""
    status, out, err = run("rollback", "nosuch", "tank/a")
    assert (status, out) == (1, "")
    assert "nosuch" in err
    assert tank.calls == []


@pytest.mark.parametrize("word", ["all", "everything", ""])
def test_a_loss_has_a_name(run: Run, tank: Heirs, word: str) -> None:
    """Only a loss that exists can be consented to."""
    status, out, err = run("rollback", "one", "--lose", word)
    assert (status, out) == (2, "")
    assert all(loss in err for loss in LOSSES)
    assert tank.calls == []

"""``zfstune checkpoints``: one list, and options that belong together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_the_list(run: Run, tank: Heirs) -> None:
    """It is that of `checkpoint list`, also where there is nothing."""
    assert run("checkpoints") == run("checkpoint", "list")
    run("checkpoint", "one", "tank/a")
    tank.calls.clear()
    status, out, err = run("checkpoints")
    assert (status, err) == (0, "")
    assert out == run("checkpoint", "list")[1]
    assert out.splitlines()[1].split()[0] == "one"
    found = json.loads(run("checkpoints", "--json")[1])
    assert [each["name"] for each in found["checkpoints"]] == ["one"]
    assert found["copies"] == []
    assert tank.calls == []


def test_words_that_make_no_sense(run: Run, tank: Heirs) -> None:
    """A dry run needs something to do, and copies need a name that exists."""
    status, out, err = run("checkpoints", "-n")
    assert (status, out) == (2, "")
    assert "option of --drop-copies" in err
    status, _, err = run("checkpoints", "--drop-copies", "nosuch")
    assert status == 1
    assert "cannot find copies 'nosuch'" in err
    assert tank.calls == []


def test_a_slip_of_the_pen(run: Run, tank: Heirs) -> None:
    """The name of a checkpoint that was meant is proposed."""
    run("checkpoint", "before-upgrade", "tank/a")
    for name in ("before-upgarde", "checkpoint-before-upgrade"):
        status, _, err = run("rollback", name)
        assert status == 1
        assert "hint: did you mean 'before-upgrade'?" in err

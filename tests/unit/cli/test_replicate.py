"""``zfstune replicate``: the plan, the steps as they are done, and the status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stream_engine import StreamEngine
from zfstune.engine import open as opening

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tank(monkeypatch: pytest.MonkeyPatch) -> StreamEngine:
    """Let the command open a pool with a dataset of two snapshots."""
    engine = StreamEngine("tank")
    engine.add("tank/a", "1", "2")
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


def test_the_plan(run: Run, tank: StreamEngine) -> None:
    """It is shown with sizes; --check tells by its status that there is work."""
    status, out, err = run("replicate", "tank/a", "tank/b", "-n")
    assert (status, err) == (0, "")
    assert out.splitlines()[:3] == [
        "full tank/a@1 -> tank/b@1  (1000)",
        "incremental tank/a@2 from tank/a@1 -> tank/b@2  (10)",
        "    readonly      on        one write, and no further stream fits",
    ]
    assert run("replicate", "tank/a", "tank/b", "--check")[0] == 4
    assert "tank/b" not in tank.taken


def test_the_steps_are_printed_as_they_are_done(run: Run, tank: StreamEngine) -> None:
    """A line each; afterwards there is nothing to do."""
    status, out, err = run("replicate", "tank/a", "tank/b", "-o", "compression=zstd")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "full tank/a@1 -> tank/b@1",
        "incremental tank/a@2 from tank/a@1 -> tank/b@2",
    ]
    assert tank.local["tank/b"]["compression"] == "zstd"
    assert run("replicate", "tank/a", "tank/b", "--check") == (
        0,
        "nothing to do: tank/b has the newest snapshot of tank/a\n",
        "",
    )


def test_json(run: Run, tank: StreamEngine) -> None:
    """One document, with what was done."""
    status, out, _ = run("replicate", "tank/a", "tank/b", "--json", "--newest-only")
    found = json.loads(out)
    assert (status, [step["snapshot"] for step in found["steps"]]) == (0, ["tank/a@2"])
    assert tank.shorts("tank/b") == ["2"]


def test_ways_out(run: Run, tank: StreamEngine) -> None:
    """A refusal names them, and both work as they are named."""
    run("replicate", "tank/a", "tank/b")
    tank.take("tank/b@own")
    tank.take("tank/a@3")
    status, out, err = run("replicate", "tank/a", "tank/b")
    assert (status, out) == (1, "")
    assert "--keep-aside" in err
    assert "--lose tank/b@own" in err
    assert run("replicate", "tank/a", "tank/b", "--lose", "tank/b@own")[0] == 0
    assert tank.shorts("tank/b") == ["1", "2", "3"]
    tank.written["tank/b"] = 1
    tank.take("tank/a@4")
    assert run("replicate", "tank/a", "tank/b", "--keep-aside")[0] == 0
    assert len([name for name in tank.taken if name.startswith("tank/b-aside-")]) == 1
    both = ("--keep-aside", "--lose", "written")
    assert run("replicate", "tank/a", "tank/b", *both)[0] == 2

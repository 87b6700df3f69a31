"""``zfstune replicate``: the plan, the steps as they are done, and the status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stream_engine import StreamEngine
from zfstune.engine import open as opening
from zfstune.streams.local_side import LocalSide

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
    (dataset,) = found["datasets"]
    assert (status, [step["snapshot"] for step in dataset["steps"]]) == (0, ["tank/a@2"])
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


def test_a_tree(run: Run, tank: StreamEngine) -> None:
    """Each dataset that is refused is named, the others are sent, and the status is 3."""
    tank.add("tank/a/b", "1")
    tank.add("tank/a/empty")
    status, out, err = run("replicate", "-r", "tank/a", "tank/copy", "-n")
    assert status == 3
    assert "full tank/a/b@1 -> tank/copy/b@1  (1000)" in out.splitlines()
    assert err.startswith("zfstune: cannot send 'tank/a/empty' to 'tank/copy/empty': ")
    assert "tank/copy" not in tank.taken
    status, out, err = run("replicate", "-r", "tank/a", "tank/copy")
    assert status == 3
    assert out.splitlines()[-1] == "full tank/a/b@1 -> tank/copy/b@1"
    assert "the source has no snapshot" in err
    how = ("--exclude", "*/empty", "--snapshot", "monday", "--jobs", "1", "--verify")
    status, out, err = run("replicate", "-r", "tank/a", "tank/copy", *how[:-1])
    assert (status, err) == (0, "")
    assert tank.shorts("tank/copy/b") == ["1", "monday"]
    assert run("replicate", "-r", "tank/a", "tank/copy", *how[:4])[0] == 1
    assert tank.shorts("tank/copy/b") == ["1", "monday"]


def test_interrupted(run: Run, tank: StreamEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that nothing is lost, and how to go on."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tank, "receive", interrupted)
    status, _, err = run("replicate", "tank/a", "tank/b")
    assert status == 130
    assert "the next run goes on there" in err


@pytest.mark.parametrize(
    "option", ["--jobs=0", "--jobs=x", "--retries=-1", "--rate=0", "--rate=x"]
)
def test_limits_that_make_no_sense(run: Run, tank: StreamEngine, option: str) -> None:
    """They are refused as other words of a command that make no sense."""
    status, _, err = run("replicate", "tank/a", "tank/b", option)
    assert status == 2
    assert f"argument {option.partition('=')[0]}: " in err
    assert "tank/b" not in tank.taken


def test_what_was_compared(
    run: Run, tank: StreamEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--verify says it, and compares again where nothing is sent."""
    monkeypatch.setattr(LocalSide, "digest", lambda *_, **__: "the same")
    words = ("replicate", "tank/a", "tank/b", "--verify")
    said = "compared tank/b@2 by content: the copy is the same"
    assert run(*words)[1].splitlines()[-1] == said
    assert run(*words)[1].splitlines()[-1] == said
    tank.add("tank/a/x", "1")
    out = run("replicate", "-r", "tank/a", "tank/b", "--verify")[1]
    said = "compared the newest snapshots of 2 datasets by content: the copy is the same"
    assert out.splitlines()[-1] == said
    found = json.loads(run(*words, "--json")[1])
    assert found["compared"] == ["tank/b@2"]
    assert json.loads(run(*words, "--json", "-n")[1])["compared"] == []


def test_a_difference_stays_red(
    run: Run, tank: StreamEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run after one that found a difference has nothing to send, and finds it again."""
    monkeypatch.setattr(LocalSide, "digest", lambda _, name, **__: name)
    words = ("replicate", "tank/a", "tank/b", "--verify")
    assert run(*words)[0] == 1
    assert tank.shorts("tank/b") == ["1", "2"]
    for _ in range(2):
        status, _, err = run(*words)
        assert status == 1
        assert "cannot verify 'tank/b@2': its content is not that of 'tank/a@2'" in err


def test_what_is_left_out_is_said_once(run: Run, tank: StreamEngine) -> None:
    """By a run with something to send, by one without, and by a plan."""
    tank.add("tank/a/x", "1")
    tank.add("tank/a/gone", "1")
    words = ("replicate", "-r", "tank/a", "tank/b", "--exclude", "*/x")
    line = "leave out tank/a/x: '*/x' matches its name"
    assert run(*words)[1].splitlines().count(line) == 1
    tank.forget("tank/a/gone")
    stays = "tank/b/gone stays: its source is not below tank/a any more"
    for more in ((), ("-n",)):
        out = run(*words, *more)[1].splitlines()
        assert sorted(out) == sorted(
            [line, stays, "nothing to do: tank/b has the newest snapshot of tank/a"]
        )

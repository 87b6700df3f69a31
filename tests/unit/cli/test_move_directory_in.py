"""``zfstune apply --move-in``: what is printed, and what does not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from json_document import found_in
from sick_host import POOL
from zfstune.cli import move_directory_in as module
from zfstune.datasets.move_in import MovedIn
from zfstune.datasets.move_in_plan import MoveFacts, plan_move

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

FACTS = MoveFacts("/srv/app", False, (), 3, 1 << 30, 0, (), {}, frozenset(), "")
PLAN = plan_move(FACTS, "tank/app", POOL, 1 << 31)
WORDS = ("apply", "git", "--at", "tank/app", "--move-in", "/srv/app")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what was asked for, and let the plan be the answer."""
    calls: list[dict[str, Any]] = []

    def answer(profile: str, directory: str, **more: Any) -> MovedIn:
        calls.append({"profile": profile, "directory": directory, **more})
        more["show"](PLAN)
        more["passed"](5)
        return MovedIn(PLAN, not more["dry_run"])

    monkeypatch.setattr(module, "move_in", answer)
    return calls


@pytest.mark.usefixtures("tank")
def test_the_command(run: Run, asked: list[dict[str, Any]]) -> None:
    """The plan comes first; the end says where the old directory is."""
    status, out, err = run(*WORDS, "--no-owner", "-o", "atime=on")
    plan = "\n".join(PLAN.lines())
    assert (status, err) == (0, "")
    assert out == (
        f"{plan}\ndone: tank/app is mounted at /srv/app\n"
        "the old directory is kept at /srv/app.before-zfs: remove it once all is well\n"
    )
    [call] = asked
    assert (call["profile"], call["directory"], call["at"]) == (
        "git",
        "/srv/app",
        "tank/app",
    )
    assert (call["owner"], call["properties"]) == (False, {"atime": "on"})
    assert run(*WORDS, "-n") == (0, f"{plan}\n", "")


@pytest.mark.usefixtures("tank")
def test_the_document(run: Run, asked: list[dict[str, Any]]) -> None:
    """Stdout has one document."""
    status, out, _ = run(*WORDS, "--json")
    assert (status, found_in(out)) == (0, {**PLAN.to_dict(), "done": True})
    assert asked


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "git", "--move-in", "/srv/app"),
        ("apply", "git", "mail", "--at", "tank/app", "--move-in", "/srv/app"),
        (*WORDS, "--pool", "tank"),
        (*WORDS, "--root", "tank"),
    ],
)
@pytest.mark.usefixtures("tank", "asked")
def test_what_does_not_go_together(run: Run, words: tuple[str, ...]) -> None:
    """One profile, one place."""
    status, _, err = run(*words)
    assert status == 2
    assert "--move-in goes with one PROFILE and --at" in err

"""The dataset that was most likely meant, in the hint of an error."""

from __future__ import annotations

import pytest

from heirs import Heirs
from zfstune.engine._near_names import suggest_dataset
from zfstune.values.errors import Busy, NotFound

HINT = "see `zfstune list`"


def hint_for(engine: Heirs, target: str, hint: str = HINT) -> str:
    """Give the hint of an error about a name."""
    error = NotFound(operation="read", target=target, reason="it is not there", hint=hint)
    suggest_dataset(engine.seam, error)
    return error.hint


@pytest.mark.parametrize(
    ("target", "near"),
    [
        ("tank/hoem", "tank/home"),
        ("tank/data/postgre", "tank/data/postgres"),
        ("tnak/home", "tank/home"),
        ("tank/HOME", "tank/home"),
        ("tnak/data/postgre", "tank/data/postgres"),
    ],
)
def test_the_nearest(target: str, near: str) -> None:
    """One name is near; the way to all names stays."""
    engine = Heirs("tank", "tank/home", "tank/data", "tank/data/postgres")
    assert hint_for(engine, target) == f"did you mean '{near}'? {HINT}"


@pytest.mark.parametrize(
    "target", ["tank/x1y2z3", "zzzz/home", "tank/hoem@a", "", "tank/home/me"]
)
def test_nothing_is_near(target: str) -> None:
    """A name like none, a snapshot, whose errors have hints, and a name below another."""
    assert hint_for(Heirs("tank", "tank/home"), target) == HINT


def test_other_errors() -> None:
    """Errors of another kind, hints of their own, and pools that do not answer."""
    engine = Heirs("tank", "tank/home")
    assert hint_for(engine, "tank/hoem", "create it first") == "create it first"
    asked = f"did you mean 'x'? {HINT}"
    assert hint_for(engine, "tank/hoem", asked) == asked
    busy = Busy(operation="read", target="tank/hoem", reason="r", hint=HINT)
    suggest_dataset(engine.seam, busy)
    assert busy.hint == HINT
    suggest_dataset(engine.seam, None)
    engine.suspended = True
    assert hint_for(engine, "tank/hoem") == HINT


def test_a_listing_that_fails() -> None:
    """The first error is what is shown."""
    engine = Heirs("tank", "tank/home")

    def fail(call: str) -> None:
        raise Busy(operation=call, target="tank", reason="r")

    engine.before = fail
    assert hint_for(engine, "tank/hoem") == HINT

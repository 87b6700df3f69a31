"""The targets that a schedule replicates to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.schedules.replicate_to import (
    Sending,
    format_targets,
    stored_sending,
    stored_targets,
)
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.marks import REPLICATE_PROPERTY, REPLICATE_WITH_PROPERTY
from zfstune.values.state import INHERITED, LOCAL, RECEIVED, Dataset, PropertyValue


def stored(text: str, source: str = LOCAL) -> tuple[str, ...]:
    """Return the targets of a dataset that carries a text."""
    properties = {REPLICATE_PROPERTY: PropertyValue(text, source)}
    return stored_targets(Dataset("tank/a", "filesystem", 1, 1, properties))


def test_targets_go_round() -> None:
    """Each once, in the order in which they were given."""
    targets = ("user@host:tank/copy", "back/a b", "back/a b")
    text = format_targets(targets)
    assert text == "user@host:tank/copy,back/a b"
    assert stored(text) == ("user@host:tank/copy", "back/a b")
    assert format_targets(()) == ""
    assert stored("") == stored("none") == ()


@pytest.mark.parametrize("source", [RECEIVED, INHERITED])
def test_nobody_elses_targets_count(source: str) -> None:
    """A stream decides nothing here, and each schedule has targets of its own."""
    assert stored("host:tank/copy", source) == ()


@pytest.mark.parametrize("target", ["", " ", "a,b", "none"])
def test_a_target_that_cannot_be_stored(target: str) -> None:
    """The error says how a target is written."""
    with pytest.raises(InvalidValue, match="names no dataset") as refused:
        format_targets(["tank/b", target])
    assert "repeat --replicate" in refused.value.hint


def options(text: str, source: str = LOCAL) -> Sending:
    """Return the options of a dataset that carries a text."""
    properties = {REPLICATE_WITH_PROPERTY: PropertyValue(text, source)}
    return stored_sending(Dataset("tank/a b", "filesystem", 1, 1, properties))


# Quotes, blanks and words that look like options are but parts of a value.
PRINTABLE = st.text(min_size=1).filter(str.isprintable) | st.sampled_from(
    ["--properties", 'x:y=it\'s "this" $HOME \\', " ", "-"]
)


@given(takes=st.booleans(), excluded=st.lists(PRINTABLE, max_size=3))
def test_options_go_round(*, takes: bool, excluded: list[str]) -> None:
    """Whatever the values have in them; without an option nothing is stored."""
    sending = Sending(takes, tuple(excluded))
    assert options(sending.text) == sending
    assert bool(sending.text) == (takes or bool(excluded))


@pytest.mark.parametrize("source", [RECEIVED, INHERITED])
def test_nobody_elses_options_count(source: str) -> None:
    """They are of the targets beside them."""
    assert options("--properties", source) == Sending()


@pytest.mark.parametrize(
    "text",
    ["properties", "--exclude-property", "--exclude-property ''", "--lose x", "'", "--raw"],
)
def test_options_that_cannot_be_read(text: str) -> None:
    """Nothing is sent: what they were to leave out might be a secret."""
    with pytest.raises(PlanError, match="is not what zfstune writes there") as refused:
        options(text)
    assert "schedule install 'tank/a b' --replicate TARGET" in refused.value.hint


def test_options_that_no_line_can_hold() -> None:
    """A dataset would carry them, and a listing would be broken by them."""
    with pytest.raises(InvalidValue, match="cannot be printed"):
        _ = Sending(exclude_properties=("x:y=a\nb",)).text

"""The targets that a schedule replicates to."""

from __future__ import annotations

import pytest

from zfstune.schedules.replicate_to import format_targets, stored_targets
from zfstune.values.errors import InvalidValue
from zfstune.values.marks import REPLICATE_PROPERTY
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

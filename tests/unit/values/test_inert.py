"""A copy lacks what would make it inert and was set by nobody."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from zfstune.values.inert import INERT, is_opened_note, lacking, opened_note
from zfstune.values.marks import OPENED_PROPERTY
from zfstune.values.state import DEFAULT, INHERITED, LOCAL, RECEIVED, Dataset, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS = {
    "filesystem": {
        "readonly": "off",
        "canmount": "on",
        "exec": "on",
        "setuid": "on",
        "devices": "on",
        "sharenfs": "off",
        "sharesmb": "off",
    },
    "volume": {"readonly": "off", "volmode": "default", "snapdev": "hidden"},
}


def copy(
    changed: Mapping[str, PropertyValue] = MappingProxyType({}), kind: str = "filesystem"
) -> Dataset:
    """Make a dataset on which nobody has set anything but what is named."""
    properties = {n: PropertyValue(v, DEFAULT) for n, v in DEFAULTS[kind].items()}
    return Dataset("back/a", kind, 1, 1, {**properties, **changed})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("filesystem", ("readonly", "canmount", "exec", "setuid", "devices")),
        ("volume", ("readonly", "volmode")),
    ],
)
def test_nothing_was_set(kind: str, expected: tuple[str, ...]) -> None:
    """A default that is inert by itself is enough."""
    assert lacking(copy(kind=kind)) == expected


@pytest.mark.parametrize("kind", INERT)
def test_all_was_set(kind: str) -> None:
    """As a receive sets it."""
    own = {name: PropertyValue(value, LOCAL) for name, (value, _) in INERT[kind].items()}
    assert lacking(copy(own, kind)) == ()


def test_sources() -> None:
    """Values that somebody set stay, as do those of a parent; a stream decides nothing."""
    chosen = {n: PropertyValue(v, LOCAL) for n, v in DEFAULTS["filesystem"].items()}
    assert lacking(copy(chosen)) == ()
    inherited = PropertyValue("on", INHERITED, "back")
    assert "readonly" not in lacking(copy({"readonly": inherited}))
    assert "sharenfs" in lacking(copy({"sharenfs": inherited}))
    assert "exec" in lacking(copy({"exec": PropertyValue("on", RECEIVED)}))
    # No property that could be read at all is missed.
    assert lacking(Dataset("back/a", "filesystem", 1, 1, {})) == ()


def test_of_no_known_kind() -> None:
    """A receive that a kill ended early may leave one; it does not end the reading."""
    assert lacking(Dataset("back/a", "other", 1, 1, {})) == ()


def test_left_out_on_purpose() -> None:
    """A note that was set here says so; one that came in a stream does not count."""
    note = opened_note("filesystem", ("exec", "canmount", "atime"))
    assert note == "canmount,exec"
    assert is_opened_note(note)
    assert not is_opened_note("canmount,sync")
    assert not is_opened_note("")
    assert opened_note("volume", ("exec",)) == ""
    noted = copy({OPENED_PROPERTY: PropertyValue(note, LOCAL)})
    assert lacking(noted) == ("readonly", "setuid", "devices")
    received = copy({OPENED_PROPERTY: PropertyValue(note, RECEIVED)})
    assert "exec" in lacking(received)

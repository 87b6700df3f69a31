"""What a copy takes from its source: what may travel, and nothing that was set there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ends import source, target
from zfstune.streams.taken_properties import (
    counts,
    is_note,
    noted,
    own_values,
    taken_properties,
)
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.inert import INERT
from zfstune.values.marks import REPLICA_PROPERTY, TAKEN_PROPERTY
from zfstune.values.state import DEFAULT, INHERITED, LOCAL, RECEIVED, Limits, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.streams.steps import PropertyChanges

VALUES = {
    "atime": ["on", "off"],
    "recordsize": ["8192", "131072"],
    "compression": ["lz4", "zstd", "gzip"],
    "com.example:x": ["1", "2"],
    "com.sun:auto-snapshot": ["true"],
    "org.openzfs.systemd:wanted-by": ["local-fs.target"],
    "readonly": ["off"],
    "mountpoint": ["/etc"],
    "sharenfs": ["on"],
    "quota": ["1048576"],
    "checksum": ["off", "sha256"],
    "org.zfstune:policy": ["keep=1"],
    REPLICA_PROPERTY: ["plain:0000000000000005"],
}
SETTINGS = st.dictionaries(st.sampled_from(sorted(VALUES)), st.integers(0, 2)).map(
    lambda chosen: {n: VALUES[n][k % len(VALUES[n])] for n, k in chosen.items()}
)
STAYING = {"readonly", "mountpoint", "sharenfs", "quota", "org.zfstune:policy"}


def local(values: Mapping[str, str]) -> dict[str, PropertyValue]:
    """Give properties that were set on a dataset, as a side reads them."""
    return own_values({name: PropertyValue(text, LOCAL) for name, text in values.items()})


def decide(
    there: Mapping[str, str], here: Mapping[str, str], **how: object
) -> PropertyChanges:
    """Decide for a source and a target with these values."""
    sent, received = replace(source(1), own=local(there)), target(1)
    return taken_properties(sent, replace(received, own=local(here)), **how)  # type: ignore[arg-type]


def applied(here: Mapping[str, str], changes: PropertyChanges) -> dict[str, str]:
    """Give a target's values after changes."""
    left = {n: v for n, v in here.items() if n not in changes.inherited}
    return {**left, **changes.values}


@given(SETTINGS, SETTINGS, SETTINGS)
def test_it_follows_and_keeps(
    first: dict[str, str], later: dict[str, str], own: dict[str, str]
) -> None:
    """A second run has nothing to do; what was set on the target is never touched."""
    here = dict(own)
    for there in (first, later):
        changes = decide(there, here)
        assert not {*changes.values, *changes.inherited} & {*own, *STAYING}
        here = applied(here, changes)
        assert not decide(there, here).pending
        taken = {n for n in here if n not in {*own, TAKEN_PROPERTY}}
        assert taken <= there.keys()
        assert all(here[name] == there[name] for name in taken)
        assert set(noted(here.get(TAKEN_PROPERTY, ""))) == taken
    assert {name: here[name] for name in own} == own
    assert not INERT["filesystem"].keys() & noted(here.get(TAKEN_PROPERTY, "")).keys()


def test_a_change_of_the_target_stays() -> None:
    """A value that somebody has changed there since is theirs, and the plan names it."""
    here = applied({}, decide({"atime": "off", "copies": "2"}, {}))
    here["atime"] = "on"
    changes = decide({"atime": "off", "copies": "3"}, here)
    assert changes.kept == {"atime": "on"}
    assert changes.describe() == "set copies=3 on backup/a, as on tank/a"
    assert not decide({"copies": "2"}, here).inherited


def test_the_source_has_no_value_any_more() -> None:
    """The target inherits again what it had from there; with the last one the note goes."""
    here = applied({}, decide({"atime": "off", "copies": "2"}, {}))
    changes = decide({"atime": "off"}, here)
    assert changes.inherited == ("copies",)
    assert noted(changes.values[TAKEN_PROPERTY]).keys() == {"atime"}
    assert changes.describe() == "inherit copies on backup/a, as on tank/a"
    last = decide({}, applied(here, changes))
    assert (last.values, last.inherited) == ({}, ("atime", TAKEN_PROPERTY))


def test_the_callers_choices() -> None:
    """A value of the caller's is not touched; what is left out is given up again."""
    here = applied({}, decide({"atime": "off", "copies": "2"}, {}))
    assert not decide({"atime": "on", "copies": "2"}, here, chosen=["atime"]).pending
    changes = decide({"atime": "off", "copies": "3"}, here, chosen=["atime"])
    assert noted(changes.values[TAKEN_PROPERTY]).keys() == {"atime", "copies"}
    assert decide({"atime": "off", "copies": "2"}, here, dropped=["atime"]).inherited == (
        "atime",
    )


def test_what_counts() -> None:
    """A received value is the source's own; a received note is not the target's."""
    sent = {
        "atime": PropertyValue("off", RECEIVED),
        "copies": PropertyValue("2", INHERITED, "tank"),
        "recordsize": PropertyValue("131072", DEFAULT),
    }
    assert own_values(sent).keys() == {"atime"}
    note = decide({"atime": "off"}, {}).values[TAKEN_PROPERTY]
    forged = {
        "atime": PropertyValue("off", LOCAL),
        TAKEN_PROPERTY: PropertyValue(note, RECEIVED),
    }
    changes = taken_properties(source(1), replace(target(1), own=forged))
    assert not changes.pending
    assert counts(TAKEN_PROPERTY)
    assert not counts(REPLICA_PROPERTY)
    assert not counts("-u:x")


def test_another_release() -> None:
    """A value that the target's release does not have stays behind, and the rest goes."""
    old = Limits(release=(2, 1, 0))
    there = {"recordsize": str(16 << 20), "checksum": "blake3", "atime": "off"}
    assert decide(there, {}, limits=old).values.keys() == {"atime", TAKEN_PROPERTY}


def test_more_than_a_note_holds() -> None:
    """It is refused: what is not noted could never be told from the target's own."""
    with pytest.raises(PlanError, match="too many") as refused:
        decide({f"com.example:{n}{'x' * 200}": "1" for n in range(50)}, {})
    assert "-x NAME" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("atime=0123abcd", True),
        ("atime=0123abcd,com.example:x=00000000", True),
        ("", False),
        ("atime=0123abcd,", False),
        ("atime=0123ABCD", False),
        ("readonly=0123abcd", False),
        (f"{REPLICA_PROPERTY}=0123abcd", False),
    ],
)
def test_a_note(text: str, *, fine: bool) -> None:
    """It names properties that may travel, each with a digest, and nothing else."""
    assert is_note(text) == fine


@given(st.text())
def test_any_note(text: str) -> None:
    """It is read as far as it is one."""
    assert all(len(digest) == 8 for digest in noted(text).values())

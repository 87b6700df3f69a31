"""A raw stream is kept from a copy that nothing could open afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import TARGET, snap, source, target
from zfstune.streams.steps import Transfer
from zfstune.streams.transfer import decide_transfer
from zfstune.streams.wrapping_key import (
    brings_key,
    closed_for_good,
    has_same_key,
    is_opened_alike,
)
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.streams.ends import End


def sealed(end: End, key_root: str, *, ivs: int = 7) -> End:
    """Return an encrypted end, whose snapshots have a set of IVs."""
    snapshots = tuple(
        snap(s.guid, s.short_name, dataset=end.name, ivsetguid=ivs) for s in end.snapshots
    )
    return replace(end, encrypted=True, key_root=key_root, snapshots=snapshots)


SOURCE_ROOT = sealed(source(1, 2), "tank/a")
COPY = sealed(target(1), TARGET)


@pytest.mark.parametrize(
    ("key_root", "raw", "expected"),
    [
        (TARGET, True, False),  # a key of its own: the sender's takes its place
        ("backup", True, True),
        ("", True, False),
        ("backup", False, False),  # a plain stream brings no key
    ],
)
def test_a_stream_that_brings_a_key(*, key_root: str, raw: bool, expected: bool) -> None:
    """It matters where the copy uses another dataset's."""
    decided = decide_transfer(SOURCE_ROOT, COPY)
    assert isinstance(decided, Transfer)
    steps = tuple(replace(step, raw=raw) for step in decided.steps)
    sending = replace(decided, steps=steps)
    assert brings_key(sending, replace(COPY, key_root=key_root)) == expected
    assert not brings_key(replace(decided, steps=()), replace(COPY, key_root="backup"))
    assert not brings_key(sending, replace(target(), key_root="backup"))


def test_a_passphrase_that_opens_both() -> None:
    """Its salt comes with a raw stream, and is another with each change of the key."""
    salted = replace(SOURCE_ROOT, key_salt=5)
    assert is_opened_alike(salted, replace(COPY, key_salt=5))
    assert not is_opened_alike(salted, replace(COPY, key_salt=6))
    assert not is_opened_alike(SOURCE_ROOT, COPY)


def test_roots_with_one_key() -> None:
    """The copy's root came raw from the source's, and has not been given another key."""
    assert has_same_key(SOURCE_ROOT, SOURCE_ROOT, COPY)
    assert not has_same_key(SOURCE_ROOT, SOURCE_ROOT, sealed(target(1), TARGET, ivs=8))
    assert not has_same_key(SOURCE_ROOT, SOURCE_ROOT, sealed(target(9), TARGET))
    assert not has_same_key(SOURCE_ROOT, SOURCE_ROOT, replace(COPY, key_root="backup"))
    assert not has_same_key(SOURCE_ROOT, None, COPY)
    assert not has_same_key(SOURCE_ROOT, SOURCE_ROOT, None)


def test_roots_whose_key_was_changed() -> None:
    """A stream of the root itself brings the new one; without it the two differ."""
    changed = replace(SOURCE_ROOT, key_salt=6)
    old = replace(COPY, key_salt=5)
    assert not has_same_key(changed, changed, old)
    assert has_same_key(changed, changed, old, sent=True)
    assert not has_same_key(replace(changed, key_salt=7), changed, old, sent=True)


def test_the_way_on() -> None:
    """It is a command, and the reason names whose key the copy has."""
    error = closed_for_good(SOURCE_ROOT, replace(COPY, key_root="backup"))
    assert "its key is wrapped by that of 'backup'" in error.message
    assert f"`zfs change-key -o keyformat=passphrase {TARGET}`" in error.hint

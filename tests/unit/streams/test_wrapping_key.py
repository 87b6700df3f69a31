"""A raw stream is kept from a copy that nothing could open afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import TARGET, snap, source, target
from zfstune.streams.steps import Transfer
from zfstune.streams.transfer import decide_transfer
from zfstune.streams.wrapping_key import brings_key, closed_for_good, has_same_key
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


def test_roots_with_one_key() -> None:
    """The copy's root came raw from the source's, and has not been given another key."""
    assert has_same_key(SOURCE_ROOT, COPY)
    assert not has_same_key(SOURCE_ROOT, sealed(target(1), TARGET, ivs=8))
    assert not has_same_key(SOURCE_ROOT, sealed(target(9), TARGET))
    assert not has_same_key(SOURCE_ROOT, replace(COPY, key_root="backup"))
    assert not has_same_key(None, COPY)
    assert not has_same_key(SOURCE_ROOT, None)


def test_the_way_on() -> None:
    """It is a command, and the reason names whose key the copy has."""
    error = closed_for_good(SOURCE_ROOT, replace(COPY, key_root="backup"))
    assert "its key is wrapped by that of 'backup'" in error.message
    assert f"`zfs change-key -o keyformat=passphrase {TARGET}`" in error.hint

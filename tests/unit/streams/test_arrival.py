"""Arrivals: inert whatever a stream says, with the caller's choices on top."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.arrival import decide_arrival
from zfstune.streams.ends import Replica
from zfstune.values.errors import InvalidProperty
from zfstune.values.inert import INERT
from zfstune.values.marks import OWN_PREFIX
from zfstune.values.properties import TABLE, Limits, check

if TYPE_CHECKING:
    from collections.abc import Mapping

FILESYSTEM = {
    "readonly": "on",
    "canmount": "noauto",
    "exec": "off",
    "setuid": "off",
    "devices": "off",
    "sharenfs": "off",
    "sharesmb": "off",
}
VOLUME = {"readonly": "on", "volmode": "none", "snapdev": "hidden"}
BY_KIND = {"filesystem": FILESYSTEM, "volume": VOLUME}
HARMFUL = {
    "mountpoint": "/etc",
    "canmount": "on",
    "exec": "on",
    "setuid": "on",
    "devices": "on",
    "readonly": "off",
    "sharenfs": "rw",
    "sharesmb": "on",
    "volmode": "full",
    "snapdev": "visible",
    "quota": "1024",
    "refquota": "1024",
    "reservation": "1024",
    "refreservation": "1024",
    "filesystem_limit": "1",
    "snapshot_limit": "1",
    "sync": "disabled",
    "checksum": "off",
    "dedup": "on",
    "keylocation": "file:///tmp/key",
    "volsize": "1073741824",
    "version": "5",
    "context": "system_u",
    "overlay": "off",
    "userquota@1000": "1",
    "com.sun:auto-snapshot": "true",
    "com.sun:auto-snapshot:daily": "true",
    "org.openzfs.systemd:required-by": "local-fs.target",
    "org.openzfs.systemd:before": "multi-user.target",
    f"{OWN_PREFIX}policy": "keep=1",
    f"{OWN_PREFIX}replica": "raw:0000000000000001",
}


@pytest.mark.parametrize(("kind", "inert"), BY_KIND.items())
def test_a_new_dataset_is_inert(kind: str, inert: Mapping[str, str]) -> None:
    """It is neither mounted nor shared, run from, written to or scanned."""
    arrival = decide_arrival(kind, new=True)
    assert arrival.properties == inert
    assert (arrival.received, arrival.excluded) == ({}, ())
    assert arrival.reasons.keys() == inert.keys()
    assert all(arrival.reasons.values())
    check(inert, kind=kind, creating=False)


def test_a_dataset_that_exists_keeps_its_own() -> None:
    """After a failover somebody may have made it writable, and it stays so."""
    arrival = decide_arrival("filesystem", new=False, replica=Replica(1, raw=True))
    assert arrival.properties == {}
    assert arrival.reasons == {}
    arrival = decide_arrival("filesystem", new=False, chosen={"readonly": "on"})
    assert arrival.properties == {"readonly": "on"}


def test_a_new_dataset_gets_its_mark() -> None:
    """Bookmarks on the source name it by this number."""
    arrival = decide_arrival("volume", new=True, replica=Replica(255, raw=True))
    assert arrival.properties == VOLUME | {"org.zfstune:replica": "raw:00000000000000ff"}
    assert "org.zfstune:replica" not in arrival.reasons


@pytest.mark.parametrize("kind", ["filesystem", "volume"])
@pytest.mark.parametrize("new", [True, False])
def test_a_stream_decides_nothing_here(kind: str, new: bool) -> None:  # noqa: FBT001 (a parameter)
    """None of these values is taken from a stream, asked for or not."""
    arrival = decide_arrival(kind, new=new, sent=HARMFUL)
    assert arrival.received == {}
    assert arrival.properties == (BY_KIND[kind] if new else {})
    assert set(arrival.excluded) == HARMFUL.keys() - arrival.properties.keys()


def test_what_says_how_data_is_stored_travels() -> None:
    """Such values are taken where they fit this kind and release."""
    sent = {
        "recordsize": "1048576",
        "compression": "zstd",
        "checksum": "sha256",
        "atime": "off",
        "com.example:owner": "me",
    }
    assert decide_arrival("filesystem", new=True, sent=sent).received == sent
    arrival = decide_arrival("volume", new=False, sent=sent)
    assert arrival.excluded == ("atime", "recordsize")
    wrong = {"compression": "best", "recordsize": "7", "atime": "", "com.Example:x": "1"}
    arrival = decide_arrival("filesystem", new=True, sent=wrong)
    assert arrival.received == {}
    assert arrival.excluded == tuple(sorted(wrong))


def test_choices_come_first() -> None:
    """The caller's values replace those of a stream and those that make it inert."""
    chosen = {"readonly": "off", "compression": "lz4", "mountpoint": "none", "quota": "1G"}
    arrival = decide_arrival(
        "filesystem",
        new=True,
        sent={"compression": "zstd", "recordsize": "8192", "atime": "off"},
        chosen=chosen,
        dropped=["recordsize", "exec", "sharenfs", "com.example:x"],
    )
    expected = {n: v for n, v in FILESYSTEM.items() if n not in ("exec", "sharenfs")}
    assert arrival.properties == expected | chosen
    assert arrival.received == {"atime": "off"}
    assert arrival.excluded == ("com.example:x", "exec", "recordsize", "sharenfs")
    assert arrival.reasons.keys() == expected.keys() - {"readonly"}


KEY = {"encryption": "on", "keyformat": "passphrase", "keylocation": "prompt"}


@pytest.mark.parametrize("kind", ["filesystem", "volume"])
def test_a_key_is_chosen_where_the_dataset_is_made(kind: str) -> None:
    """A stream that is not raw can be encrypted on arrival, a volume as well."""
    properties = decide_arrival(kind, new=True, chosen=KEY).properties
    assert KEY.items() <= properties.items()
    for new, sealed in [(False, False), (True, True)]:
        with pytest.raises(InvalidProperty, match="'encryption': the dataset has its"):
            decide_arrival(kind, new=new, sealed=sealed, chosen=KEY)
    with pytest.raises(InvalidProperty, match="a key needs keyformat"):
        decide_arrival(kind, new=True, chosen={"keylocation": "prompt"})


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a mark": ({"chosen": {"org.zfstune:policy": "x"}}, "zfstune alone writes it"),
    "unknown": ({"chosen": {"recsize": "8K"}}, "there is no such property"),
    "unknown, dropped": ({"dropped": ["recsize"]}, "there is no such property"),
    "of ZFS": ({"chosen": {"used": "1"}}, "ZFS alone sets it"),
    "of ZFS, dropped": ({"dropped": ["used"]}, "ZFS alone sets it"),
    "hidden, dropped": ({"dropped": ["ivsetguid"]}, "ZFS alone sets it"),
    "a bad value": (
        {"chosen": {"atime": "maybe"}},
        "'atime=maybe': there is no such",
    ),
    "both": ({"chosen": {"atime": "on"}, "dropped": ["atime"]}, "leave it out as well"),
    **{
        f"{name}, {how}": ({how: given}, f"'{name}'.* comes with the data")
        for name in ("version", "volsize", "casesensitivity", "volblocksize")
        for how, given in (("chosen", {name: "1"}), ("dropped", [name]))
    },
}


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize(("given", "reason"), WRONG.values(), ids=WRONG)
def test_a_choice_that_cannot_be_made_is_refused(
    given: dict[str, Any],
    reason: str,
    new: bool,  # noqa: FBT001 (a parameter)
) -> None:
    """Each is refused before a stream is begun."""
    with pytest.raises(InvalidProperty, match=reason):
        decide_arrival("filesystem", new=new, **given)


def test_a_choice_for_another_kind_is_refused() -> None:
    """A volume cannot be mounted; to leave that out as well does no harm."""
    with pytest.raises(InvalidProperty, match="a volume has no such property"):
        decide_arrival("volume", new=True, chosen={"canmount": "off"})
    assert decide_arrival("volume", new=True, dropped=["canmount"]).properties == VOLUME


@pytest.mark.parametrize("new", [True, False])
def test_choices_go_by_what_the_receiving_release_can(*, new: bool) -> None:
    """A value that an older release lacks is neither chosen nor taken from a stream."""
    large, newer = {"recordsize": "4M"}, Limits(max_recordsize_bytes=16 << 20)
    decided = partial(decide_arrival, "filesystem", new=new)
    assert decided(chosen=large, limits=newer).properties["recordsize"] == "4M"
    assert decided(sent=large, limits=newer).received == large
    with pytest.raises(InvalidProperty, match="the largest value here is 1M"):
        decided(chosen=large)
    sent = decided(sent=large)
    assert (sent.received, sent.excluded) == ({}, ("recordsize",))


def test_the_document() -> None:
    """The plan shows values and reasons."""
    document = decide_arrival(
        "volume",
        new=True,
        sent={"compression": "lz4", "sync": "disabled"},
        dropped=["snapdev"],
    ).to_dict()
    assert document == {
        "properties": {"readonly": "on", "volmode": "none"},
        "received": {"compression": "lz4"},
        "excluded": ["snapdev", "sync"],
        "reasons": {name: INERT["volume"][name][1] for name in ("readonly", "volmode")},
    }


NAMES = st.sampled_from([*TABLE, *HARMFUL, "com.example:x", "nonsense", ""])


@given(
    st.sampled_from(["filesystem", "volume"]),
    st.booleans(),
    st.dictionaries(NAMES, st.sampled_from(["on", "off", "", "1", "8192", "/", "lz4"])),
    st.sets(st.sampled_from(["atime", "exec", "compression", "com.example:x"])),
)
def test_no_stream_gets_through(
    kind: str,
    new: bool,  # noqa: FBT001 (given)
    sent: dict[str, str],
    dropped: set[str],
) -> None:
    """Each property of a stream is set over, taken or left out; the harmful never taken."""
    arrival = decide_arrival(kind, new=new, sent=sent, dropped=dropped)
    named = {*arrival.properties, *arrival.received, *arrival.excluded}
    assert sent.keys() <= named
    assert not arrival.received.keys() & arrival.properties.keys()
    assert not set(arrival.excluded) & {*arrival.properties, *arrival.received}
    assert arrival.received.items() <= sent.items()
    assert not arrival.received.keys() & (HARMFUL.keys() - {"checksum"})
    assert not arrival.received.keys() & dropped
    check(arrival.received, kind=kind, creating=False)
    without = decide_arrival(kind, new=new, dropped=dropped)
    assert arrival.properties == without.properties


def test_what_is_not_encrypted_below_what_is() -> None:
    """A new dataset stays so, unless somebody chose otherwise or its stream is raw."""
    arrival = decide_arrival("volume", new=True, opened=True)
    assert arrival.properties["encryption"] == "off"
    assert "its source is not encrypted" in arrival.reasons["encryption"]
    for new, sealed in ((False, False), (True, True)):
        arrival = decide_arrival("volume", new=new, sealed=sealed, opened=True)
        assert "encryption" not in arrival.properties
    chosen = {"encryption": "on"}
    arrival = decide_arrival("volume", new=True, opened=True, chosen=chosen)
    assert arrival.properties["encryption"] == "on"

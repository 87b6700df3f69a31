"""Rules of properties: which may be set, on which dataset, to which value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.errors import InvalidProperty
from zfstune.values.properties import AUTO_RESERVATION, TABLE, Limits, check, default_of
from zfstune.values.size import MAX_SIZE

OLD = Limits(release=(2, 1, 11))
WIDE = Limits(max_recordsize_bytes=16 << 20, max_volblocksize_bytes=16 << 20)
VOLUME = {"volsize": "1G"}


def complaint(properties: dict[str, Any], **more: Any) -> InvalidProperty:
    """Return the error with which properties are refused."""
    with pytest.raises(InvalidProperty) as caught:
        check(properties, **{"kind": "filesystem", "creating": True, **more})
    assert str(caught.value).startswith("cannot set ")
    assert str(caught.value).isprintable()
    return caught.value


def checked(properties: dict[str, Any], **more: Any) -> dict[str, int | str]:
    """Return properties as the kernel takes them."""
    return check(properties, **{"kind": "filesystem", "creating": True, **more})


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("recordsize=8K", 8192),
        ("recordsize=512", 512),
        ("recordsize=1M", 1 << 20),
        ("compression=lz4", 15),
        ("compression=zstd", 16),
        ("compression=zstd-3", 16 | 3 << 7),
        ("compression=zstd-19", 16 | 19 << 7),
        ("compression=zstd-fast", 16 | 103 << 7),
        ("compression=zstd-fast-10", 16 | 112 << 7),
        ("compression=zstd-fast-1000", 16 | 123 << 7),
        ("compression=gzip", 10),
        ("checksum=blake3", 14),
        ("dedup=sha256,verify", 8 | 256),
        ("normalization=formKC", 0x60),
        ("dnodesize=16k", 16384),
        ("acltype=posixacl", 1),
        ("xattr=on", 2),
        ("atime=off", 0),
        ("quota=none", 0),
        ("quota=1.5G", 3 << 29),
        ("filesystem_limit=none", MAX_SIZE),
        ("filesystem_limit=10", 10),
        ("defaultuserquota=none", 0),
        ("special_small_blocks=100K", 102400),
        ("mountpoint=/data/\udcff", "/data/\udcff"),
        ("mountpoint=legacy", "legacy"),
        ("sharenfs=rw=@10.0.0.0/8,no_root_squash", "rw=@10.0.0.0/8,no_root_squash"),
        ("sharenfs=fsid=1,refer=/a@host", "fsid=1,refer=/a@host"),
        ("sharesmb=off", "off"),
        ("keylocation=none", "none"),
        ("org.zfstune:x=", ""),
        ("org.zfstune:x=\udcff", "\udcff"),
    ],
)
def test_value_is_as_the_kernel_wants_it(text: str, raw: int | str) -> None:
    """Numbers and indexes become int, and strings stay unchanged."""
    name, _, value = text.partition("=")
    assert checked({name: value})[name] == raw


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("recordsize=100K", "it must be a power of two, 512 or more"),
        ("recordsize=256", "it must be a power of two, 512 or more"),
        ("recordsize=0", "it must be a power of two, 512 or more"),
        ("recordsize=2M", "the largest value here is 1M"),
        ("recordsize=none", "it is no number"),
        ("recordsize=8: x", "': x' is no unit"),
        ("compression=lz5", "there is no such value"),
        ("compression=LZ4", "there is no such value"),
        ("copies=4", "there is no such value"),
        ("quota=-1", "it is negative"),
        ("quota=0", "zero is no limit"),
        ("quota=0B", "zero is no limit"),
        ("refquota=0", "zero is no limit"),
        ("quota=auto", "it is no number"),
        ("refreservation=auto", "auto is for volumes, and this is a filesystem"),
        ("special_small_blocks=32M", "the largest value is 16M"),
        ("mountpoint=data", "it is no absolute path"),
        ("mountpoint=", "it is no absolute path"),
        ("mountpoint=/a\0b", "it holds a NUL"),
        ("mountpoint=/\ud800", "it holds a lone surrogate"),
        ("sharenfs=", "it is empty or holds control characters"),
        ("sharenfs=rw\n/etc *(rw)", "it is empty or holds control characters"),
        ("sharenfs=rw,nosuch=1", "there is no option 'nosuch'"),
        (
            "sharenfs=rw=2001:db8::1",
            "a host of 'rw=2001:db8::1' is empty, which would serve everybody",
        ),
        (
            "sharenfs=rw=h,refer=/a *(rw",
            "it has a blank, parenthesis, quote, # or backslash in it",
        ),
        ("sharesmb=name=x", "there is no such value"),
        *(
            (f"keylocation={place}", "it is no location of a key")
            for place in ("/root/key", "file:///", "https://", "http://", "HTTPS://h/k")
        ),
        ("mlslabel=none", "Linux has no such labels"),
        ("org.zfstune:x=\0", "it holds a NUL"),
    ],
)
def test_senseless_value_is_refused(text: str, reason: str) -> None:
    """The message names the property, the value and the fault."""
    name, _, value = text.partition("=")
    message = str(complaint({name: value}))
    assert message.startswith(f"cannot set '{name}=")
    assert message.endswith(f"': {reason}")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("used", "ZFS alone sets it"),
        ("createtxg", "ZFS alone sets it"),
        ("pbkdf2salt", "ZFS alone sets it"),
        ("written@x", "ZFS alone sets it"),
        ("volsize", "a filesystem has no such property"),
        (
            "userquota@bob",
            "zfstune does not handle quotas of single users, groups and projects",
        ),
        (
            "projectobjused@1",
            "zfstune does not handle quotas of single users, groups and projects",
        ),
        ("Org.x:y", "'O' is not allowed in the name of a user property"),
        ("a:\n", "'\\n' is not allowed in the name of a user property"),
        ("nosuch", "there is no such property"),
        ("", "there is no such property"),
    ],
)
def test_property_that_cannot_be_set_is_refused(name: str, reason: str) -> None:
    """Read-only, foreign and unknown properties are told apart."""
    assert complaint({name: "1"}).message.endswith(f"': {reason}")


def test_unknown_property_is_guessed() -> None:
    """The hint offers the nearest property that can be set."""
    assert complaint({"recordsise": "8K"}).hint == "did you mean 'recordsize'?"
    assert complaint({"recsize": "8K"}).hint == "did you mean 'recordsize'?"
    assert complaint({"zzz": "8K"}).hint == "the name of a user property has a ':' in it"


def test_words_are_listed() -> None:
    """The hint lists a property's values, with the levels of compression abbreviated."""
    assert complaint({"sync": "never"}).hint == "use one of standard, always, disabled"
    assert "lz4, zstd, " in complaint({"compression": "lz5"}).hint
    assert complaint({"compression": "lz5"}).hint.count("zstd") < 10


def test_int_stands_for_its_digits_and_nothing_else_for_text() -> None:
    """An int is taken; bool, bytes, None and float are refused by their type."""
    assert checked({"recordsize": 8192}) == {"recordsize": 8192}
    assert complaint({"atime": True}).hint == "use 'on' or 'off'"
    for value in (True, b"8K", None, 8.0):
        assert f"of type {type(value).__name__} " in str(complaint({"recordsize": value}))
    assert "property names are text" in str(complaint({b"atime": "on"}))  # type: ignore[dict-item]


def test_order_is_kept() -> None:
    """Values come back in the order in which they were given."""
    given_ = {"sync": "standard", "atime": "off", "a:b": "x", "quota": "1G"}
    assert list(checked(given_)) == list(given_)


def test_kind_must_be_known() -> None:
    """A kind that does not exist is a mistake of the caller."""
    with pytest.raises(ValueError, match="there is no such kind"):
        check({}, kind="pool", creating=True)


def test_snapshot_takes_user_properties_only() -> None:
    """Native properties of a snapshot are fixed, at creation too."""
    for creating in (True, False):
        assert checked({"a:b": "c"}, kind="snapshot", creating=creating) == {"a:b": "c"}
        message = str(complaint({"atime": "on"}, kind="snapshot", creating=creating))
        assert message.endswith("a snapshot's native properties are fixed")


@pytest.mark.parametrize("name", sorted(p.name for p in TABLE.values() if p.create_only))
def test_create_only_is_refused_later(name: str) -> None:
    """A create-only property is refused on an existing dataset."""
    prop = TABLE[name]
    kind = "volume" if "filesystem" not in prop.kinds else "filesystem"
    value = default_of(name)
    message = str(complaint({name: value}, kind=kind, creating=False))
    expected = "ZFS alone sets it" if prop.hidden else "it can be set only at creation"
    assert message.endswith(expected)


@pytest.mark.parametrize("name", sorted(p.name for p in TABLE.values() if p.readonly))
def test_readonly_is_never_set(name: str) -> None:
    """A read-only property is refused for every kind of dataset, always."""
    for kind in ("filesystem", "volume"):
        for creating in (True, False):
            message = str(complaint({name: "1"}, kind=kind, creating=creating))
            assert message.endswith("ZFS alone sets it")


def test_volume_needs_a_size() -> None:
    """A new volume without volsize is refused; a filesystem's recordsize too."""
    assert "a volume needs a size" in str(complaint({}, kind="volume"))
    assert checked({}, kind="volume", creating=False) == {}
    message = str(complaint({**VOLUME, "recordsize": "8K"}, kind="volume"))
    assert message.endswith("a volume has no such property")


def test_volume_is_a_multiple_of_its_block() -> None:
    """A size that is set later has to be whole blocks; the engine rounds a new volume's."""
    volume = {"kind": "volume"}
    assert checked({"volsize": "35K"}, **volume) == {"volsize": 35 << 10}
    pair = {"volsize": "16K", "volblocksize": "32K"}
    assert checked(pair, **volume) == {"volsize": 16 << 10, "volblocksize": 32 << 10}
    assert "cannot have size zero" in str(complaint({"volsize": "0"}, **volume))
    existing = {"kind": "volume", "creating": False}
    assert checked({"volsize": "1"}, **existing) == {"volsize": 1}
    assert checked({"volsize": "8K"}, **existing, volblocksize=8192) == {"volsize": 8192}
    error = complaint({"volsize": "8K"}, **existing, volblocksize=16384)
    assert error.message.endswith("it is no multiple of the volume's block size, 16K")


def test_block_sizes_follow_the_limits() -> None:
    """The running release decides how large a block may be."""
    large = {**VOLUME, "volblocksize": "1M"}
    assert "the largest value here is 128K" in str(complaint(large, kind="volume"))
    assert checked(large, kind="volume", limits=WIDE)["volblocksize"] == 1 << 20
    assert checked({"recordsize": "16M"}, limits=WIDE) == {"recordsize": 16 << 20}
    beyond = Limits(max_recordsize_bytes=64 << 20)
    assert "the largest value here is 16M" in str(
        complaint({"recordsize": "32M"}, limits=beyond)
    )
    assert complaint({"recordsize": "2M"}).hint.endswith(
        "zfs_max_recordsize sets that limit"
    )


def test_refreservation_auto_is_for_volumes() -> None:
    """The caller gets a value that it has to replace by the real size."""
    assert (
        checked({**VOLUME, "refreservation": "auto"}, kind="volume")["refreservation"]
        == AUTO_RESERVATION
    )


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("direct=always", (2, 3)),
        ("longname=on", (2, 3)),
        ("prefetch=none", (2, 2, 4)),
        ("defaultuserquota=1G", (2, 4)),
        ("checksum=blake3", (2, 2)),
        ("dedup=blake3,verify", (2, 2)),
        ("snapdir=disabled", (2, 3)),
        ("redundant_metadata=some", (2, 1, 7)),
    ],
)
def test_what_came_later_waits_for_its_release(text: str, since: tuple[int, ...]) -> None:
    """A newer property or value is refused before its release, and taken from it on."""
    name, _, value = text.partition("=")
    before = Limits(release=(2, 1, 6))
    dotted = ".".join(map(str, since))
    assert str(complaint({name: value}, limits=before)).endswith(
        f"it needs OpenZFS {dotted} or later"
    )
    assert name in checked({name: value}, limits=Limits(release=since))


def test_old_releases_are_held_to_their_rules() -> None:
    """Small blocks, string lengths and xattr=on differ before 2.3 and 2.4."""
    assert "power of two" in str(complaint({"special_small_blocks": "100K"}, limits=OLD))
    assert checked({"special_small_blocks": "0"}, limits=OLD) == {"special_small_blocks": 0}
    small = {**VOLUME, "special_small_blocks": "0"}
    assert "no such property" in str(complaint(small, kind="volume", limits=OLD))
    assert checked(small, kind="volume")["special_small_blocks"] == 0
    assert checked({"xattr": "on"}, limits=OLD) == {"xattr": 1}
    long = "x" * 4096
    assert checked({"context": long}) == {"context": long}
    assert "4095 are allowed" in str(complaint({"context": long}, limits=OLD))
    assert checked({"context": "x" * 8191})
    assert "8191 are allowed" in str(complaint({"context": "x" * 8192}))


def test_lengths_are_counted_in_bytes() -> None:
    """Paths, path components, values and user property names have limits in bytes."""
    assert checked({"mountpoint": "/" + "\xe9" * 127 + "x"})
    assert "256 bytes" in str(complaint({"mountpoint": "/" + "\xe9" * 128}))
    assert checked({"mountpoint": "/x" * 2047 + "/"})
    assert "4095 are allowed" in str(complaint({"mountpoint": "/x" * 2048}))
    assert checked({"a:b": "x" * 8191})
    assert "8191 are allowed" in str(complaint({"a:b": "x" * 8192}))
    assert "8192 bytes" in str(complaint({"a:b": "\xe9" * 4096}))
    assert checked({"a:" + "b" * 253: ""})
    assert "255 are allowed" in str(complaint({"a:" + "b" * 254: ""}))


def test_normalization_and_utf8only_go_together() -> None:
    """As in libzfs, each of the two adds the other, and a contradiction is refused."""
    assert checked({"normalization": "formD"}) == {"normalization": 0x10, "utf8only": 1}
    assert checked({"normalization": "none"}) == {"normalization": 0}
    assert checked({"utf8only": "off"}) == {"utf8only": 0, "normalization": 0}
    assert checked({"utf8only": "on"}) == {"utf8only": 1}
    both = {"normalization": "formD", "utf8only": "off"}
    assert "needs utf8only=on" in str(complaint(both))


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"encryption": "off", "keyformat": "raw"}, "encryption is off"),
        ({"encryption": "off", "keylocation": "prompt"}, "encryption is off"),
        ({"encryption": "on", "keylocation": "prompt"}, "a key needs keyformat"),
        ({"keyformat": "raw", "keylocation": "none"}, "the key needs a location"),
        ({"keyformat": "raw", "pbkdf2iters": "350000"}, "for keyformat=passphrase only"),
        (
            {"keyformat": "passphrase", "pbkdf2iters": "1000"},
            "the smallest value is 100000",
        ),
        ({"encryption": "on", "copies": "3"}, "room for two"),
    ],
)
def test_contradictory_encryption_is_refused(
    properties: dict[str, str], reason: str
) -> None:
    """Values that zfs_crypto_create and the kernel refuse are refused here."""
    assert reason in str(complaint(properties))


def test_encryption_that_makes_sense_passes() -> None:
    """Sound encryption passes; an existing dataset keeps its key, and has no third copy."""
    new = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
    assert checked({**new, "keylocation": "file:///k", "copies": "2"})["encryption"] == 1
    for place in ("prompt", "file:///root/key", "https://host/key", "http://host/key"):
        changed = checked({"keylocation": place}, creating=False, encrypted=True)
        assert changed == {"keylocation": place}
    for encrypted, location in ((True, "none"), (False, "prompt")):
        message = str(
            complaint({"keylocation": location}, creating=False, encrypted=encrypted)
        )
        assert "the dataset is " in message
        other = {"none": "prompt", "prompt": "none"}[location]
        assert checked({"keylocation": other}, creating=False, encrypted=encrypted)
    assert checked({"encryption": "off"}) == {"encryption": 2}
    assert checked({"atime": "on"}, creating=False, encrypted=True) == {"atime": 1}
    assert "room for two" in str(complaint({"copies": "3"}, creating=False, encrypted=True))
    assert checked({"copies": "3"}, creating=False) == {"copies": 3}


@given(st.text(), st.text())
def test_any_setting_is_taken_or_refused(name: str, value: str) -> None:
    """No text makes a check fail in another way, and each message can be printed."""
    try:
        check({name: value}, kind="filesystem", creating=False)
    except InvalidProperty as error:
        assert str(error).isprintable()  # noqa: PT017 (both outcomes are fine)
        assert error.hint.isprintable()  # noqa: PT017

"""Properties: how values are read, and in which form they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.errors import InvalidProperty
from zfstune.values.properties import (
    TABLE,
    Limits,
    canonical,
    check,
    default_of,
    feature_for,
    find,
    fits,
    is_user,
    settable,
    to_text,
)
from zfstune.values.property_table import INDEX, NUMBER, STRING
from zfstune.values.size import MAX_SIZE, format_size

OLD = Limits(release=(2, 1, 11))
WIDE = Limits(max_recordsize_bytes=16 << 20, max_volblocksize_bytes=16 << 20)
VOLUME = {"volsize": "1G"}


def test_user_properties_are_told_by_their_name() -> None:
    """A colon and nothing but the permitted characters make a user property."""
    assert is_user("org.zfstune:profile_1-a")
    assert not any(map(is_user, ("", "atime", "A:b", "a:b@c", "a b:c", "a:\xe9", "a:b/c")))


def test_find() -> None:
    """A native property is found, and no other name is."""
    prop = find("recordsize")
    assert prop is not None
    assert (prop.name, prop.type) == ("recordsize", NUMBER)
    assert prop.kinds == {"filesystem"}
    assert prop.inheritable
    assert not prop.readonly
    assert not prop.create_only
    assert find("a:b") is None
    assert find("recsize") is None


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("compression=lz4", "lz4_compress"),
        ("compression=zstd-fast-5", "zstd_compress"),
        ("compression=gzip-9", None),
        ("recordsize=128K", None),
        ("recordsize=1M", "large_blocks"),
        ("volblocksize=256K", "large_blocks"),
        ("checksum=sha256", None),
        ("checksum=sha512", "sha512"),
        ("dedup=skein,verify", "skein"),
        ("checksum=edonr", "edonr"),
        ("checksum=blake3", "blake3"),
        ("dnodesize=legacy", None),
        ("dnodesize=auto", "large_dnode"),
        ("encryption=off", None),
        ("encryption=aes-256-gcm", "encryption"),
        ("filesystem_limit=none", None),
        ("snapshot_limit=5", "filesystem_limits"),
        ("longname=on", "longname"),
        ("a:b=c", None),
        ("atime=on", None),
    ],
)
def test_feature(text: str, feature: str | None) -> None:
    """Values that need a pool feature name it."""
    name, _, value = text.partition("=")
    assert feature_for(name, value) == feature


def test_defaults_follow_the_release() -> None:
    """Some defaults changed; each is itself a value that ZFS would print."""
    assert default_of("compression") == "on"
    assert default_of("compression", (2, 1, 11)) == "off"
    assert default_of("volblocksize", (2, 1)) == "8192"
    assert default_of("relatime", (2, 2)) == "on"
    assert default_of("xattr", (2, 2, 9)) == "dir"
    for prop in TABLE.values():
        if not prop.readonly:
            assert canonical(prop.name, prop.default) == prop.default


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("recordsize=8K", "8192"),
        ("quota=none", "0"),
        ("snapshot_limit=none", "none"),
        ("compression=gzip-6", "gzip"),
        ("compression=zstd-fast-1", "zstd-fast"),
        ("compression=zstd-3", "zstd-3"),
        ("acltype=posixacl", "posix"),
        ("aclinherit=secure", "restricted"),
        ("xattr=on", "sa"),
        ("volmode=geom", "full"),
        ("refreservation=auto", "auto"),
        ("mountpoint=/a/", "/a/"),
        ("used=whatever", "whatever"),
        ("a:b=8K", "8K"),
    ],
)
def test_canonical(text: str, spelled: str) -> None:
    """One spelling for each value, that of `zfs get -p`."""
    name, _, value = text.partition("=")
    assert canonical(name, value) == spelled


def test_canonical_refuses_nonsense() -> None:
    """Unknown properties and values are refused; xattr=on goes by the release."""
    for name, value in (("nosuch", "1"), ("atime", "maybe"), ("quota", "x")):
        with pytest.raises(InvalidProperty):
            canonical(name, value)
    assert canonical("xattr", "on", limits=OLD) == "dir"


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("recordsize", 8192, "8192"),
        ("compression", 15, "lz4"),
        ("compression", 99, "99"),
        ("compressratio", 150, "1.50"),
        ("refcompressratio", 1205, "12.05"),
        ("snapshot_count", MAX_SIZE, "none"),
        ("snapshot_limit", 0, "0"),
        ("guid", MAX_SIZE, "18446744073709551615"),
        ("mounted", 1, "yes"),
        ("defer_destroy", 1, "on"),
        ("mountpoint", "/a", "/a"),
        ("a:b", "\udcff", "\udcff"),
        ("came_with_a_later_release", 7, "7"),
        ("came_with_a_later_release", "x", "x"),
    ],
)
def test_to_text(name: str, raw: int | str, text: str) -> None:
    """The kernel's values are spelled as `zfs get -p` does, unknown ones in digits."""
    assert to_text(name, raw) == text


WORDS = [(p.name, word) for p in TABLE.values() if p.type == INDEX for word in p.words]
NUMBERS = sorted(p.name for p in TABLE.values() if p.type == NUMBER and not p.readonly)
STRINGS = sorted(p.name for p in TABLE.values() if p.type == STRING and not p.readonly)
SETTINGS = st.one_of(
    st.sampled_from(WORDS),
    st.tuples(
        st.sampled_from(NUMBERS),
        st.one_of(
            st.integers(0, MAX_SIZE).map(str),
            st.integers(0, 40).map(lambda n: format_size(1 << n)),
            st.sampled_from(["none", "auto"]),
        ),
    ),
    st.tuples(st.sampled_from(STRINGS), st.one_of(st.text(), st.text().map("/".__add__))),
    st.tuples(st.just("org.zfstune:x"), st.text()),
)


@given(SETTINGS, st.sampled_from(["filesystem", "volume"]), st.booleans())
def test_canonical_is_what_the_kernel_gives_back(
    setting: tuple[str, str],
    kind: str,
    creating: bool,  # noqa: FBT001 (given by Hypothesis)
) -> None:
    """The canonical form is the value as ZFS prints it once set, and it is its own form."""
    name, text = setting
    needed = VOLUME if kind == "volume" and creating and name != "volsize" else {}
    try:
        raw = check({name: text, **needed}, kind=kind, creating=creating, limits=WIDE)[name]
    except InvalidProperty as error:
        assert str(error).isprintable()  # noqa: PT017 (both outcomes are fine)
        return
    spelled = canonical(name, text)
    assert spelled == to_text(name, raw)
    assert canonical(name, spelled) == spelled
    again = check({name: spelled, **needed}, kind=kind, creating=creating, limits=WIDE)
    assert again[name] == raw


def test_what_may_be_set_is_not_what_is_printed() -> None:
    """No quota is printed as 0 and set as none; no other value has two forms."""
    printed = {"quota": "0", "refquota": "0", "reservation": "0", "quota_note": "0"}
    assert settable(printed) == {**printed, "quota": "none", "refquota": "none"}
    assert settable({"quota": "10", "refquota": "00"}) == {"quota": "10", "refquota": "00"}
    values = settable({"quota": canonical("quota", "none")})
    assert check(values, kind="filesystem", creating=False) == {"quota": 0}


def test_kinds_that_have_a_property() -> None:
    """A user property, and a name that nobody knows, fit all of them."""
    found = [
        fits(name, kind)
        for name in ("atime", "volsize")
        for kind in ("filesystem", "volume")
    ]
    assert found == [True, False, False, True]
    assert all(
        fits(name, kind)
        for name in ("a:b", "nosuch", "compression")
        for kind in ("filesystem", "volume")
    )

"""What zfs prints on another host: read, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.remote import zfs_output
from zfstune.streams.remote.fields import BadMessageError
from zfstune.values.errors import (
    AlreadyExists,
    EngineError,
    InvalidValue,
    NoSpace,
    NotFound,
    NotPermitted,
)
from zfstune.values.state import INHERITED, LOCAL, NONE, RECEIVED, PropertyValue

DATASET = (
    b"tank/a\ttype\tfilesystem\t-\n"
    b"tank/a\tguid\t17\t-\n"
    b"tank/a\tcreatetxg\t5\t-\n"
    b"tank/a\torigin\t-\t-\n"
    b"tank/a\torg.zfstune:replica\traw:1\tlocal\n"
    b"tank/a\tencryption\ton\tinherited from tank\n"
)


def test_datasets() -> None:
    """Values with their sources; a dash stands for none."""
    (dataset,) = zfs_output.read_datasets(DATASET)
    assert (dataset.name, dataset.kind, dataset.guid, dataset.createtxg) == (
        *("tank/a", "filesystem", 17, 5),
    )
    assert dataset.properties["guid"].source == NONE
    assert dataset.local("org.zfstune:replica") == "raw:1"
    assert dataset.properties["encryption"] == PropertyValue("on", INHERITED, "tank")
    assert dataset.value("origin") is None


def test_snapshots_and_bookmarks() -> None:
    """Both come in one list."""
    snapshots, bookmarks = zfs_output.read_listed(
        b"t/a@1\t7\t5\t90\t-\nt/a#1\t7\t5\t90\t8\n"
    )
    assert [(s.name, s.guid, s.createtxg, s.creation) for s in snapshots] == [
        ("t/a@1", 7, 5, 90)
    ]
    assert (bookmarks[0].name, bookmarks[0].ivsetguid) == ("t/a#1", 8)
    printed = DATASET.replace(b"tank/a\t", b"tank/a@1\t").replace(
        b"filesystem", b"snapshot"
    )
    (snapshot,) = zfs_output.read_snapshots(printed + b"tank/a@1\tivsetguid\t0\t-\n")
    assert snapshot.value("ivsetguid") is None
    assert (snapshot.name, snapshot.guid, snapshot.value("encryption")) == (
        *("tank/a@1", 17, "on"),
    )


def test_single_values() -> None:
    """One line has one value; a stream's size stands behind its word."""
    assert zfs_output.read_value(b"x y\n") == "x y"
    assert zfs_output.read_value(b"-\n") == ""
    assert zfs_output.read_number(b"18446744073709551615\n") == (1 << 64) - 1
    assert zfs_output.size_told(b"full\tt/a@1\t99\nsize\t12\n") == 12
    for version, release, most in (
        (b"zfs-2.1.11-1\nzfs-kmod-2.1.11-1\n", (2, 1, 11), 1 << 20),
        (b"zfs-2.4.1-1~bpo13+1\n", (2, 4, 1), 16 << 20),
        (b"zfs-2.2.0-FreeBSD_g95785196f\n", (2, 2, 0), 16 << 20),
        (b"zfs-2.4.99-1_gabc\n", (2, 4, 99), 16 << 20),
    ):
        limits = zfs_output.limits_told(version)
        assert (limits.release, limits.max_recordsize_bytes) == (release, most)


def test_own_properties() -> None:
    """A native value is never another user's line; a directory's attributes are "dir"."""
    native = b"t/a\tatime\toff\tlocal\nt/a\txattr\ton\treceived\n"
    user = (
        b"t/a\tcom.x:y\t1\treceived\nt/a\torg.zfstune:replica\traw:1\tlocal\n"
        b"t/b\tcom.x:z\tone\nt/b\tcompression\toff\tlocal\nt/b\tcom.x:w\t2\tinherited\n"
    )
    found = zfs_output.read_own(native, user, (2, 1, 11))
    assert found == {
        "t/a": {
            "atime": PropertyValue("off", LOCAL),
            "xattr": PropertyValue("dir", RECEIVED),
            "com.x:y": PropertyValue("1", RECEIVED),
        }
    }
    later = zfs_output.read_own(native, b"", (2, 3, 0))
    assert later["t/a"]["xattr"].value == "on"


@given(
    st.sampled_from(
        [
            lambda printed: zfs_output.read_own(printed, printed, (2, 2, 0)),
            zfs_output.read_datasets,
            zfs_output.read_snapshots,
            zfs_output.read_listed,
            zfs_output.read_value,
            zfs_output.read_number,
            zfs_output.size_told,
            zfs_output.limits_told,
        ]
    ),
    st.binary() | st.text(alphabet="tank/a@#1\t\n-size guidlocal").map(str.encode),
)
def test_any_output(read: object, printed: bytes) -> None:
    """It is refused in words that can be printed, or read; nothing else happens."""
    reason = ""
    try:
        read(printed)  # type: ignore[operator]
    except (BadMessageError, InvalidValue) as error:
        reason = str(error)
    assert reason.isprintable()


@pytest.mark.parametrize(
    "printed",
    [
        DATASET.replace(b"filesystem", b"snapshot"),
        DATASET.replace(b"guid\t17", b"guid\t-"),
        DATASET.replace(b"\tlocal", b"\telsewhere"),
        DATASET.replace(b"tank/a", b"tank/a/../b"),
        DATASET.replace(b"17", b"-17"),
        DATASET + b"a line\n",
    ],
)
def test_wrong_datasets(printed: bytes) -> None:
    """A row too few, a source or a name that cannot be."""
    with pytest.raises((BadMessageError, InvalidValue)):
        zfs_output.read_datasets(printed)


@pytest.mark.parametrize(
    ("said", "kind", "reason"),
    [
        ("cannot open 't/a': dataset does not exist", NotFound, "dataset does not exist"),
        ("cannot receive: permission denied", NotPermitted, "permission denied"),
        ("cannot receive new filesystem stream: out of space", NoSpace, "out of space"),
        ("cannot receive: destination 't/b' exists", AlreadyExists, "exists"),
        ("cannot receive: destination 't/b' has been modified", EngineError, "modified"),
        ("cannot promote 't/b': snapshot name '1' conflicting snapshot", AlreadyExists, ""),
        ("internal error: something", EngineError, "internal error: something"),
        ("", EngineError, ""),
    ],
)
def test_refusals(said: str, kind: type[EngineError], reason: str) -> None:
    """The words of zfs stand for an error of an engine."""
    error = zfs_output.refusal_of("receive", "far", "t/a", said)
    assert type(error) is kind
    assert reason in error.reason
    assert "far:t/a" in str(error)


@pytest.mark.parametrize(
    ("operation", "granted"),
    [("send", "send"), ("bookmark", "bookmark"), ("destroy bookmark", "destroy")],
)
def test_a_refusal_names_the_permission(operation: str, granted: str) -> None:
    """Root on the other host can run the command of the hint."""
    said = "cannot open 't/a': permission denied"
    error = zfs_output.refusal_of(operation, "far", "t/a#m", said)
    assert error.hint.startswith("on far: ")
    assert f"`zfs allow USER {granted} t/a`" in error.hint


def test_properties_that_a_receive_could_not_set() -> None:
    """They are named, with what root could delegate, though zfs ends with status 0."""
    said = """a word of ssh's
cannot receive readonly property on t/a: permission denied
cannot receive org.zfstune:replica property on t/a: permission denied
"""
    error = zfs_output.unset_told(said, "far", "t/a@1")
    assert type(error) is NotPermitted
    assert str(error) == (
        "cannot set 'far:t/a': permission denied: readonly,org.zfstune:replica; 't/a@1' "
        "has arrived without"
    )
    assert "`zfs allow USER readonly,userprop t/a`" in error.hint


@pytest.mark.parametrize(
    "said",
    [
        "",
        "warning: something\n",
        "cannot receive: no\n",
        "cannot receive a;reboot property on t/a: permission denied\n",
    ],
)
def test_all_properties_were_set(said: str) -> None:
    """Nothing that zfs says otherwise is taken for that."""
    assert zfs_output.unset_told(said, "far", "t/a@1") is None

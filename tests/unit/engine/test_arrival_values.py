"""The properties of a receive: what is checked, and what the kernel is told."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripted_binding import VOLUME, ScriptedBinding, row
from zfstune.engine._arrival_values import (
    ArrivalRequest,
    Passed,
    arrival_values,
    check_arrival,
    unset_error,
)
from zfstune.values.errors import (
    InvalidProperty,
    InvalidValue,
    NotPermitted,
    RefusedValue,
)
from zfstune.values.properties import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_THERE = (errno.ENOENT, None)


def arriving(
    properties: Mapping[str, str] | None = None,
    received: Mapping[str, str] | None = None,
    *excluded: str,
) -> ArrivalRequest:
    """Give the properties of a receive."""
    return ArrivalRequest(properties or {}, received, excluded)


def passed(
    arrival: ArrivalRequest, kind: str = "filesystem", target: list[Any] | None = None
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Give what the kernel is told for a new dataset, or for this one."""
    binding = ScriptedBinding(zt_stats=NOT_THERE if target is None else (0, target))
    check_arrival(arrival)
    found = arrival_values(binding.engine(), "tank/a", kind, arrival)
    return found.received, found.local


def existing(**sources: tuple[Any, str]) -> list[Any]:
    """Give the row of tank/a with these values and their sources."""
    found = row("tank/a")
    found[-1] |= {
        name: {"value": value, "source": source}
        for name, (value, source) in sources.items()
    }
    return found


def test_nothing_is_asked_for_nothing() -> None:
    """Without properties, the dataset is not even read."""
    binding = ScriptedBinding()
    found = arrival_values(binding.engine(), "tank/a", "filesystem", arriving())
    assert found == Passed(None, {})
    assert binding.asked == []
    assert not arriving().asks()
    assert arriving(None, {}).asks()


def test_values_are_as_the_kernel_takes_them() -> None:
    """Words are numbers, sizes bytes, and what is excluded is a bare name."""
    found = passed(
        arriving({"readonly": "on", "org.x:a": "1"}, {"recordsize": "8K"}, "atime", "a:b")
    )
    assert found == (
        {"recordsize": 8192},
        {"readonly": 1, "org.x:a": "1", "atime": None, "a:b": None},
    )
    assert passed(arriving(None, {})) == ({}, {})
    assert passed(arriving({"volmode": "none"}), "volume") == (None, {"volmode": 3})


def test_what_is_excluded_is_not_received() -> None:
    """It is left out of the stream's values, and inherited where that is possible."""
    stream = {"atime": "off", "canmount": "off", "quota": "1G", "org.x:a": "1"}
    assert passed(arriving(None, stream, *stream)) == ({}, {"atime": None, "org.x:a": None})
    # what is fixed at creation, or ZFS alone sets, only has to exist
    fixed = ("encryption", "volblocksize", "used")
    assert passed(arriving(None, None, *fixed)) == (None, {})
    # nor is what no volume has
    assert passed(arriving(None, None, "recordsize", "sync"), "volume") == (
        None,
        {"sync": None},
    )


def test_encryption_can_only_be_left_out() -> None:
    """Of a new dataset; one that is there has what it has, and no key can be made."""
    off = {"encryption": "off", "exec": "off"}
    assert passed(arriving(off)) == (None, {"encryption": 2, "exec": 0})
    assert passed(arriving(off), target=existing()) == (None, {"exec": 0})
    for wanted, target in (
        (off, existing(encryption=(8, "-"))),
        ({"encryption": "on"}, None),
    ):
        with pytest.raises(InvalidProperty, match="only at creation"):
            passed(arriving(wanted), target=target)


def test_a_local_value_is_not_excluded() -> None:
    """The kernel would remove it: it is no value of the stream."""
    target = existing(atime=(0, "tank/a"), exec=(0, "tank"))
    assert passed(arriving(None, None, "atime", "exec"), target=target) == (
        None,
        {"exec": None},
    )


def test_local_values_are_set_again() -> None:
    """With received values the kernel may remove all local ones, so they come along."""
    target = existing(
        atime=(0, "tank/a"),
        mountpoint=("/x", "tank/a"),
        recordsize=(8192, "tank"),
        sync=(1, "$recvd"),
        encryption=(8, "tank/a"),
        snapshot_limit=((1 << 64) - 1, "tank/a"),
        **{"org.x:a": ("1", "tank/a")},
    )
    local = {
        "atime": 0,
        "mountpoint": "/x",
        "snapshot_limit": (1 << 64) - 1,
        "org.x:a": "1",
    }
    assert passed(arriving(None, {"exec": "off"}), target=target) == ({"exec": 0}, local)
    # the caller's values go over them, and without received ones nothing is removed
    assert passed(arriving({"atime": "on"}, {}), target=target) == (
        {},
        {**local, "atime": 1},
    )
    assert passed(arriving({"exec": "on"}), target=target) == (None, {"exec": 1})


def test_the_data_of_a_volume_is_not_set_again() -> None:
    """Its size is no stored property, and comes in the stream."""
    target = row("tank/a", kind=VOLUME, volsize=8 << 20, volblocksize=8192)
    assert passed(arriving(None, {}), "volume", target) == ({}, {})


@given(st.data())
def test_each_stored_value_survives_being_set_again(data: st.DataObject) -> None:
    """Read from a listing and passed back, each number of the kernel is itself."""
    name = data.draw(st.sampled_from(sorted(TABLE)))
    prop = TABLE[name]
    if prop.readonly or prop.create_only or prop.hidden or prop.type == "string":
        return
    words = sorted(set(prop.words.values()))
    number = data.draw(st.sampled_from(words) if words else st.integers(0, 2**64 - 1))
    target = existing(**{name: (number, "tank/a")})
    _, local = passed(arriving(None, {}), target=target)
    if local:
        assert local == {name: number}


@pytest.mark.parametrize(
    "arrival",
    [
        arriving({"nonsense": "on"}),
        arriving({"recordsize": "5000"}),
        arriving({"volsize": "8M"}),
        arriving({"version": "5"}),
        arriving({"utf8only": "on"}),
        arriving(None, {"atime": "perhaps"}),
        arriving(None, None, "nonsense"),
        arriving(None, None, "inconsistent"),
        arriving({"atime": "off"}, None, "atime"),
    ],
)
def test_what_cannot_be_set(arrival: ArrivalRequest) -> None:
    """It is refused as by set()."""
    with pytest.raises(InvalidProperty):
        passed(arrival)


def test_what_only_a_volume_or_no_volume_has() -> None:
    """The kind is the stream's; the size that a reservation follows is not known yet."""
    with pytest.raises(InvalidProperty, match="recordsize"):
        passed(arriving({"recordsize": "8K"}), "volume")
    with pytest.raises(InvalidProperty, match="comes in the stream") as caught:
        passed(arriving({"refreservation": "auto"}), "volume")
    assert caught.value.hint
    assert passed(arriving({"refreservation": "1G"}), "volume")[1] == {
        "refreservation": 1 << 30
    }


@pytest.mark.parametrize("value", [None, 1, "a\0b", "\ud800"])
def test_values_that_are_no_text(value: Any) -> None:
    """They are refused before the stream is read."""
    for arrival in (arriving({"org.x:a": value}), arriving(None, {"org.x:a": value})):
        with pytest.raises(InvalidValue):
            check_arrival(arrival)


def test_an_encrypted_dataset_has_its_own_rules() -> None:
    """A third copy has no room there."""
    with pytest.raises(InvalidProperty, match="room for two"):
        passed(arriving({"copies": "3"}), target=existing(encryption=(8, "-")))
    assert passed(arriving({"copies": "3"}), target=existing()) == (None, {"copies": 3})


def test_an_error_names_the_property() -> None:
    """The first that was asked for, and that the snapshot is there without it."""
    arrival = arriving({"readonly": "on"}, {"atime": "off"}, "exec")
    assert unset_error("tank/a@1", {}, arrival) is None
    assert unset_error("tank/a@1", {"sync": errno.EPERM}, arrival) is None
    error = unset_error("tank/a@1", {"sync": 1, "readonly": 1, "exec": 1}, arrival)
    assert isinstance(error, NotPermitted)
    assert str(error) == (
        "cannot set 'tank/a': permission denied: readonly=on; "
        "'tank/a@1' has arrived without it"
    )
    assert "zfs allow USER exec,readonly tank/a" in error.hint
    error = unset_error("tank/a@1", {"exec": errno.EINVAL}, arrival)
    assert isinstance(error, RefusedValue)
    assert ": exec; " in str(error)

"""Names and sizes: zfstune against the functions that libzfs shares with the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from libzfs_oracle import (
    BOOKMARK,
    FILESYSTEM,
    POOL,
    SNAPSHOT,
    accepts,
    call,
    encoded,
    size_of,
)
from zfstune.values import names, size
from zfstune.values.errors import InvalidName, InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

# Mostly what names are made of, and now and then anything that C can be given.
ALPHABET = st.one_of(
    st.sampled_from("aZ09-_.:% /@#"),
    st.characters(exclude_characters="\0", exclude_categories=()).filter(
        lambda character: not "\ud800" <= character <= "\udfff"
    ),
)
NAMES = st.one_of(
    st.text(ALPHABET, max_size=12),
    st.text(ALPHABET, max_size=12).map("tank/".__add__),
    st.text(st.sampled_from("ab/@#"), min_size=230, max_size=260),
    st.integers(230, 260).map(lambda length: "a" * length),
    st.integers(240, 260).map(lambda length: "t/" + "a" * (length - 2)),
    st.integers(45, 55).map(lambda depth: "t" + "/a" * depth),
)


def passes(check: Callable[[str], str], name: str) -> bool:
    """Tell whether zfstune takes a name."""
    try:
        return check(name) == name
    except InvalidName:
        return False


def dataset_can_be(name: str) -> bool:
    """Ask libzfs for what entity_namecheck forgets: pool and dataset, each alone."""
    dataset = name.partition("@")[0].partition("#")[0]
    pool = dataset.partition("/")[0]
    return accepts("entity_namecheck", dataset) and accepts("pool_namecheck", pool)


@given(NAMES)
@example("mirror")
@example("mirrors")
@example("draid1")
@example("1tank")
def test_pool_names_agree(name: str) -> None:
    """The same pool names pass as in pool_namecheck; libzfs crashes on none at all."""
    expected = bool(name) and accepts("pool_namecheck", name)
    assert passes(names.check_pool, name) == expected


@given(NAMES)
@example("log")
@example("spares")
@example("mirrored")
def test_new_pool_names_agree(name: str) -> None:
    """The same names pass for a new pool as in libzfs's zpool_name_valid."""
    expected = bool(name) and call("zfs_name_valid", encoded(name), POOL) != 0
    assert passes(lambda n: names.check_pool(n, creating=True), name) == expected


@given(NAMES)
@example("tank/..")
@example("tank/a%b")
def test_dataset_names_agree(name: str) -> None:
    """The same dataset names pass as in zfs_name_valid, if the pool could be."""
    valid = call("zfs_name_valid", encoded(name), FILESYSTEM) != 0
    assert passes(names.check_dataset, name) == (valid and dataset_can_be(name))


@given(NAMES)
def test_new_dataset_names_agree(name: str) -> None:
    """A new dataset's name also passes dataset_nestcheck and has no percent sign."""
    valid = call("zfs_name_valid", encoded(name), FILESYSTEM) != 0 and "%" not in name
    valid = valid and call("dataset_nestcheck", encoded(name)) == 0
    found = passes(lambda n: names.check_dataset(n, creating=True), name)
    assert found == (valid and dataset_can_be(name))


@given(NAMES, NAMES)
@example("tank", ".")
@example("tank/..", "a")
def test_snapshot_names_agree(dataset: str, short: str) -> None:
    """The same snapshot names pass as in zfs_name_valid, if the dataset could be."""
    name = f"{dataset}@{short}"
    valid = call("zfs_name_valid", encoded(name), SNAPSHOT) != 0
    assert passes(names.check_snapshot, name) == (valid and dataset_can_be(name))


@given(NAMES, NAMES)
def test_bookmark_names_agree(dataset: str, short: str) -> None:
    """The same bookmark names pass as in zfs_name_valid, if the dataset could be."""
    name = f"{dataset}#{short}"
    valid = call("zfs_name_valid", encoded(name), BOOKMARK) != 0
    assert passes(names.check_bookmark, name) == (valid and dataset_can_be(name))


@given(NAMES)
def test_components_agree(name: str) -> None:
    """The same components pass as in zfs_component_namecheck, save the two dots."""
    expected = accepts("zfs_component_namecheck", name) and name not in {".", ".."}
    assert passes(names.check_component, name) == expected


SIZES = st.one_of(
    st.text(st.sampled_from("0123456789.kKMGTPEZibB -+e"), max_size=8),
    st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,3})?([BKMGTPEkmg](i?[bB])?)?", fullmatch=True),
)


@given(SIZES)
@example("18446744073709551615")
@example("16E")
@example("8BB")
def test_sizes_agree(text: str) -> None:
    """What zfstune reads, libzfs reads as the same; whole numbers the other way too."""
    expected = size_of(text)
    try:
        found = size.parse_size(text)
    except InvalidValue:
        # Fractions that libzfs rounds, and its Z, are refused on purpose.
        assert expected is None or "." in text
    else:
        # Doubles have 53 bits: libzfs loses what lies below.
        assert expected is not None
        assert found == expected or ("." in text and abs(found - expected) <= found >> 52)


@given(st.integers(0, size.MAX_SIZE))
def test_exact_sizes_are_read_by_libzfs(number: int) -> None:
    """What zfstune prints exactly, libzfs reads back."""
    assert size_of(size.format_size(number)) == number

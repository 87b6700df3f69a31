"""The marks of images and of their clones: one form, read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.clones.seal import (
    GoldenImage,
    Seal,
    StampMark,
    check_usable,
    is_sealed,
    read_seal,
    read_stamp,
)
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import GOLDEN_PROPERTY, STAMP_PROPERTY
from zfstune.values.state import (
    INHERITED,
    LOCAL,
    RECEIVED,
    Dataset,
    PropertyValue,
    Snapshot,
)

IMAGE = GoldenImage("tank/a", "filesystem", Seal(7), "tank/a@golden", True, (), 1, 2)


def dataset(prop: str, text: str, source: str = LOCAL) -> Dataset:
    """Give a dataset with a mark."""
    return Dataset("tank/a", "filesystem", 1, 1, {prop: PropertyValue(text, source)})


@given(st.integers(0, (1 << 64) - 1), st.booleans())
def test_a_mark_is_read_as_it_was_written(guid: int, flag: bool) -> None:  # noqa: FBT001 (drawn)
    """Both kinds, in both states."""
    seal, mark = Seal(guid, retired=flag), StampMark(guid, unfinished=flag)
    assert read_seal(dataset(GOLDEN_PROPERTY, seal.text)) == seal
    assert read_stamp(dataset(STAMP_PROPERTY, mark.text)) == mark


@pytest.mark.parametrize(
    "text", ["", "x", "7 ", "7 other", "-7", " 7", "7  retired", "\u0667", "1" * 21]
)
def test_another_form_is_no_mark(text: str) -> None:
    """Nothing is guessed."""
    assert read_seal(dataset(GOLDEN_PROPERTY, text)) is None
    assert read_stamp(dataset(STAMP_PROPERTY, text)) is None


@pytest.mark.parametrize("source", [RECEIVED, INHERITED])
def test_a_mark_counts_only_where_it_was_set(source: str) -> None:
    """A stream, or a dataset above, makes no image and no finished clone."""
    assert read_seal(dataset(GOLDEN_PROPERTY, "7", source)) is None
    assert read_stamp(dataset(STAMP_PROPERTY, "7", source)) is None


@pytest.mark.parametrize(
    ("image", "state", "reason"),
    [
        (IMAGE, "sealed", ""),
        (replace(IMAGE, seal=Seal(7, retired=True)), "retired", "it is retired"),
        (replace(IMAGE, held=False), "unheld", "nothing holds its sealed snapshot"),
        (replace(IMAGE, snapshot=""), "gone", "its sealed snapshot is gone"),
    ],
)
def test_only_a_whole_image_is_used(image: GoldenImage, state: str, reason: str) -> None:
    """The error says why, and how to bring the image back."""
    assert image.state == state
    if not reason:
        check_usable(image, "stamp")
        return
    with pytest.raises(PlanError, match=f"cannot stamp 'tank/a': {reason}") as caught:
        check_usable(image, "stamp")
    assert "zfstune golden create tank/a" in caught.value.hint


def test_a_sealed_snapshot_has_its_own_mark() -> None:
    """Another text, or none, is no seal."""
    for text, expected in (("sealed", True), ("7", False)):
        values = {GOLDEN_PROPERTY: PropertyValue(text, LOCAL)}
        assert is_sealed(Snapshot("tank/a@golden", 1, 1, properties=values)) is expected
    assert not is_sealed(Snapshot("tank/a@golden", 1, 1))

"""Names in the folder for copies: written and read back, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.measurement.retuning.spare_name import (
    DRAFT,
    TRIAL,
    SpareName,
    is_spare_folder,
)

INODES = st.integers(1, (1 << 64) - 1)


@given(
    inode=INODES,
    copy=INODES,
    size=INODES,
    modified=st.integers(-(1 << 63), 1 << 63),
    number=st.integers(0, (1 << 32) - 1),
    old=st.booleans(),
)
def test_each_name_is_read_back(
    inode: int, copy: int, size: int, modified: int, number: int, *, old: bool
) -> None:
    """A name says all that it was made of, and fits a directory."""
    name = SpareName(inode, copy, size, modified, number, old)
    assert SpareName.parse(str(name)) == name
    assert len(str(name)) < 255


@pytest.mark.parametrize(
    "text",
    [
        *("", DRAFT, TRIAL, "1.2.3.4", "1.2.3.4.05", "01.2.3.4.5", "1.2.3.4.5.new"),
        *("0.2.3.4.5", "1.2.3.-0.5", "1.2.3.4.5\n", "1.2.3.4.5.old.old", "1.2.0.4.5"),
        "\u0661.2.3.4.5",
    ],
)
def test_other_names_are_not_ours(text: str) -> None:
    """A name that could not have been written is not read."""
    assert SpareName.parse(text) is None


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        (".zfstune-retune.0123456789abcdef", True),
        (".zfstune-retune.0123456789abcdef\n", False),
        (".zfstune-retune.0123456789ABCDEF", False),
        ("zfstune-retune.0123456789abcdef", False),
        (".zfstune-retune.", False),
    ],
)
def test_folders(name: str, *, ours: bool) -> None:
    """A folder is known by its name."""
    assert is_spare_folder(name) is ours

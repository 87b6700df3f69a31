"""Numbers are read whole, or refused: never cut, and never a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.whole_number import MAX_WHOLE, NumberError, read_whole


@given(st.integers(0, MAX_WHOLE), st.integers(0, 6000))
def test_zeros_in_front_count_nothing(number: int, zeros: int) -> None:
    """A number is read as written, whatever the leading zeros."""
    assert read_whole("0" * zeros + str(number)) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "1_0", "٣", "²", "1.0", "0x1"]
)
def test_digits_and_nothing_else(text: str) -> None:
    """Text that int() takes beyond ASCII digits is refused."""
    with pytest.raises(NumberError, match="no whole number"):
        read_whole(text)


@pytest.mark.parametrize(
    ("text", "most"),
    [(str(MAX_WHOLE + 1), MAX_WHOLE), ("9" * 5000, MAX_WHOLE), ("100", 99), ("0100", 99)],
)
def test_what_is_too_large_is_refused(text: str, most: int) -> None:
    """The error names the limit, whatever the number of digits."""
    assert read_whole(str(most), most) == most
    with pytest.raises(NumberError, match=f"the largest number allowed is {most}"):
        read_whole(text, most)

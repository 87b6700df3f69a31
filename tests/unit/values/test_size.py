"""Sizes: read as OpenZFS reads them, without its rounding, and printed as it prints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.errors import InvalidValue
from zfstune.values.size import MAX_SIZE, format_size, parse_size

SIZES = st.one_of(
    st.integers(0, MAX_SIZE),
    st.builds(lambda n, u: n << 10 * u, st.integers(0, 15), st.integers(0, 6)),
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("0E", 0),
        ("00012", 12),
        ("0" * 5000 + "8K", 8192),
        ("512B", 512),
        ("512b", 512),
        ("8K", 8192),
        ("8k", 8192),
        ("8KB", 8192),
        ("8kIb", 8192),
        ("1M", 1 << 20),
        ("1G", 1 << 30),
        ("1T", 1 << 40),
        ("1P", 1 << 50),
        ("15E", 15 << 60),
        ("1.5G", 3 << 29),
        (".5K", 512),
        ("5.K", 5120),
        ("1.0", 1),
        ("0.0009765625K", 1),
        ("1.50000000000000000000000000000000000000000000000000000000000000000000K", 1536),
        ("18446744073709551615", MAX_SIZE),
        ("15.999999999999999999132638262011596452794037759304046630859375E", MAX_SIZE),
    ],
)
def test_reads(text: str, size: int) -> None:
    """Units mean powers of 1024; fractions are exact."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no number"),
        (".", "it is no number"),
        ("K", "it is no number"),
        ("none", "it is no number"),
        ("+1", "it is no number"),
        (" 1", "it is no number"),
        ("1_0", "it is no number"),
        ("0x10", "it is no number"),
        ("1e3", "it is no number"),
        ("1.2.3", "it is no number"),
        ("1..5K", "it is no number"),
        ("1.2.3x", "it is no number"),
        ("\u0661", "it is no number"),
        ("\u0661K", "it is no number"),
        ("1\u0661", "'\u0661' is no unit"),
        ("8\u212a", "'\u212a' is no unit"),
        ("-", "it is no number"),
        ("-5K", "it is negative"),
        ("8BB", "'BB' is no unit"),
        ("8BiB", "'BiB' is no unit"),
        ("1Z", "'Z' is no unit"),
        ("1 K", "' K' is no unit"),
        ("1K\n", "'K\\n' is no unit"),
        ("8: x", "': x' is no unit"),
        ("1.5", "it is no whole number of bytes"),
        ("1.3G", "it is no whole number of bytes"),
        ("0." + "1" * 5000 + "E", "it is no whole number of bytes"),
        ("16E", "it does not fit 64 bits"),
        ("18446744073709551616", "it does not fit 64 bits"),
        ("9" * 5000, "it does not fit 64 bits"),
    ],
)
def test_refuses(text: str, reason: str) -> None:
    """Text that is no exact 64-bit byte count is refused, with the reason."""
    with pytest.raises(InvalidValue) as caught:
        parse_size(text)
    assert str(caught.value).endswith(f" as a size: {reason}")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", [b"8K", 8192, None, 8.0])
def test_only_text_is_read(value: object) -> None:
    """Bytes and numbers are refused by their type."""
    with pytest.raises(InvalidValue, match=rf"of type {type(value).__name__} "):
        parse_size(value)  # type: ignore[arg-type]


def test_hint_names_what_comes_close() -> None:
    """The hint for a fraction that gives no whole bytes names a size that does."""
    with pytest.raises(InvalidValue) as caught:
        parse_size("1.3G")
    assert caught.value.hint == "use 1395864371, the next smaller whole number"


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes reading fail in another way."""
    try:
        assert 0 <= parse_size(text) <= MAX_SIZE
    except InvalidValue as error:
        assert str(error).isprintable()  # noqa: PT017 (both outcomes are fine)


@pytest.mark.parametrize(
    ("size", "exact", "rounded"),
    [
        (0, "0", "0"),
        (1, "1", "1"),
        (1023, "1023", "1023"),
        (1024, "1K", "1K"),
        (1536, "1536", "1.50K"),
        (8192, "8K", "8K"),
        (10239, "10239", "10.0K"),
        (102400 + 1, "102401", "100K"),
        ((1 << 20) - 1, "1048575", "1024K"),
        (1 << 20, "1M", "1M"),
        (3 << 29, "1536M", "1.50G"),
        (1 << 63, "8E", "8E"),
        (MAX_SIZE, "18446744073709551615", "16.0E"),
    ],
)
def test_prints(size: int, exact: str, rounded: str) -> None:
    """A size is exact by default, or rounded to five characters as by zfs_nicenum."""
    assert format_size(size) == exact
    assert format_size(size, exact=False) == rounded


def test_negative_size_is_not_printed() -> None:
    """A negative size cannot be printed."""
    with pytest.raises(InvalidValue, match=r"^cannot print -1 as a size: it is negative$"):
        format_size(-1)


@given(SIZES)
def test_what_is_printed_exactly_is_read_back(size: int) -> None:
    """An exact size that was printed is read as the same size."""
    assert parse_size(format_size(size)) == size


@given(SIZES)
def test_what_is_rounded_stays_close(size: int) -> None:
    """A rounded size has five characters, and is off by half a percent at the most."""
    shown = format_size(size, exact=False)
    assert len(shown) <= 5
    number = shown.rstrip("KMGTPE")
    unit = 1 << 10 * ("KMGTPE".index(shown[-1]) + 1 if shown[-1].isalpha() else 0)
    assert abs(float(number) * unit - size) <= size * 0.005

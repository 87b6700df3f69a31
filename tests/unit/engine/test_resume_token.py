"""Resume tokens: each field of a sound one, and each fault."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.engine._resume_token import ResumeState, read_token
from zfstune.values.errors import InvalidValue

MOST = (1 << 64) - 1
FULL: dict[str, Any] = {
    "toname": "tank/a@1",
    "toguid": 111,
    "object": 3,
    "offset": 4,
    "bytes": 5,
}
INCREMENTAL = {**FULL, "fromguid": 222, "compressok": None, "largeblockok": None}


def packed(values: Any) -> bytes:
    """Stand in for a packed nvlist, which the test itself reads."""
    return json.dumps(values).encode()


def checksum(data: bytes) -> int:
    """Add up the words, as fletcher_4_native() does in its first word."""
    words: tuple[int, ...] = struct.unpack(
        f"<{len(data) // 4}I", data[: len(data) // 4 * 4]
    )
    return sum(words) & MOST


def token(values: Any, **wrong: str) -> str:
    """Write a token; `wrong` replaces parts of it."""
    plain = packed(values)
    squeezed = zlib.compress(plain)
    parts = {
        "version": "1",
        "checksum": f"{checksum(squeezed):x}",
        "length": f"{len(plain):x}",
        "text": squeezed.hex(),
        **wrong,
    }
    return "-".join(parts.values())


def read(text: str) -> ResumeState:
    """Read a token."""
    return read_token(text, json.loads)


def refused(text: str) -> InvalidValue:
    """Return the error with which a token is refused."""
    with pytest.raises(InvalidValue) as caught:
        read(text)
    assert str(caught.value).startswith("cannot resume the send: ")
    return caught.value


def test_an_incremental() -> None:
    """Each field is where the kernel wrote it, and the flags are the bare names."""
    assert read(token(INCREMENTAL)) == ResumeState(
        toname="tank/a@1",
        toguid=111,
        fromguid=222,
        object=3,
        offset=4,
        flags=frozenset({"compressok", "largeblockok"}),
    )


def test_a_full_stream_has_no_base() -> None:
    """A full stream has fromguid 0, and a token without flags has none."""
    state = read(token(FULL))
    assert (state.fromguid, state.flags) == (0, frozenset())


@pytest.mark.parametrize("flag", ["largeblockok", "embedok", "compressok", "rawok"])
def test_each_flag(flag: str) -> None:
    """A flag is a name without a value; other names mean nothing."""
    assert read(token({**FULL, flag: None, "other": None})).flags == {flag}
    assert read(token({**FULL, flag: 1})).flags == frozenset()


@pytest.mark.parametrize("field", ["toguid", "fromguid", "object", "offset"])
@pytest.mark.parametrize("number", [0, 1, MOST])
def test_each_number_that_fits(field: str, number: int) -> None:
    """All of 64 bits are taken, in the field that they stand in."""
    assert getattr(read(token({**INCREMENTAL, field: number})), field) == number


@pytest.mark.parametrize("field", ["toguid", "fromguid", "object", "offset"])
@pytest.mark.parametrize("value", [-1, -(1 << 63), MOST + 1, True, "7", None, [7], 7.0])
def test_each_number_that_does_not(field: str, value: object) -> None:
    """A negative or too large number, and a value that is no number, is refused."""
    assert "damaged" in str(refused(token({**INCREMENTAL, field: value})))


@pytest.mark.parametrize("field", ["toname", "toguid", "object", "offset"])
def test_a_field_that_is_missing(field: str) -> None:
    """A token without one of its fields is refused; only the base may be missing."""
    refused(token({name: value for name, value in FULL.items() if name != field}))


@pytest.mark.parametrize("value", [1, None, ["tank/a@1"], {"a": 1}])
def test_a_name_is_text(value: object) -> None:
    """A name of another type is refused."""
    refused(token({**FULL, "toname": value}))


@pytest.mark.parametrize("field", ["redact_snaps", "book_redact_snaps"])
def test_redaction_is_not_dropped(field: str) -> None:
    """A token of a redacted stream is refused: its rest would hold the redacted data."""
    error = refused(token({**FULL, field: [1]}))
    assert "redacted" in str(error)
    assert "zfs send -t" in error.hint


@pytest.mark.parametrize("values", [[], "text", 7, None, {}])
def test_what_is_no_list_of_names(values: object) -> None:
    """Whatever the packed bytes hold, a token is refused without a traceback."""
    refused(token(values))


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "2"},
        {"version": "01"},
        {"version": ""},
        {"checksum": "0"},
        {"checksum": "-1"},
        {"checksum": "1" * 17},
        {"length": "0"},
        {"length": "-5"},
        {"length": "1"},
        {"length": "10001"},
        {"length": "f" * 16},
        {"length": "f" * 17},
        {"length": "0x5"},
        {"length": "+5"},
        {"length": " 5"},
        {"length": "5_0"},
        {"length": "\N{ARABIC-INDIC DIGIT FIVE}"},
        {"length": "zz"},
        {"text": "zz"},
        {"text": ""},
        {"text": "00"},
        {"text": "0"},
        {"text": "aa bb"},
        {"text": "AA"},
    ],
)
def test_a_part_that_is_wrong(wrong: dict[str, str]) -> None:
    """Version, checksum, length and text are each held to their form."""
    error = refused(token(FULL, **wrong))
    assert "zfs get -H -o value receive_resume_token" in error.hint


@pytest.mark.parametrize("text", ["", "-", "1", "1-2-3", "1-2-3-4-5", "---", "\0", "é"])
def test_what_has_no_four_parts(text: str) -> None:
    """Text that has not the four parts of a token is refused."""
    refused(text)


def test_blanks_around_a_token() -> None:
    """A newline that a shell left at its end is no damage."""
    assert read(f" {token(FULL)}\n") == read(token(FULL))


def test_a_length_one_off() -> None:
    """A length that differs from the unpacked bytes by one is refused."""
    size = len(packed(FULL))
    for wrong in (size - 1, size + 1):
        refused(token(FULL, length=f"{wrong:x}"))


def bomb(plain_bytes: int, length: str) -> str:
    """Write a token whose text inflates to many bytes."""
    squeezed = zlib.compress(b"\0" * plain_bytes, 9)
    return f"1-{checksum(squeezed):x}-{length}-{squeezed.hex()}"


@pytest.mark.parametrize("length", ["0", "1", "ffff", "10000"])
def test_a_bomb_does_not_go_off(length: str) -> None:
    """A token that inflates beyond its length is refused, and its nvlist is not read."""
    unpacked: list[int] = []

    def unpack(data: bytes) -> object:
        unpacked.append(len(data))
        return {}

    with pytest.raises(InvalidValue):
        read_token(bomb(32 << 20, length), unpack)
    assert unpacked == []


def test_the_longest_that_is_unpacked() -> None:
    """64 KiB is the most that a token may hold; a byte more is refused."""
    sizes: list[int] = []

    def unpack(data: bytes) -> object:
        sizes.append(len(data))
        return FULL

    assert read_token(bomb(1 << 16, "10000"), unpack) == read(token(FULL))
    with pytest.raises(InvalidValue):
        read_token(bomb((1 << 16) + 1, "10001"), unpack)
    assert sizes == [1 << 16]


def test_a_text_beyond_all_measure() -> None:
    """A text that is far too long is refused before it is decoded."""
    filler = zlib.compressobj(0)
    squeezed = filler.compress(packed(FULL)) + filler.flush() + b"\0" * (1 << 20)
    refused(f"1-{checksum(squeezed):x}-{len(packed(FULL)):x}-{squeezed.hex()}")


def test_a_stream_that_is_cut_short() -> None:
    """Compressed text without its end is refused, though all of its bytes came out."""
    squeezed = zlib.compress(packed(FULL))[:-4]
    refused(f"1-{checksum(squeezed):x}-{len(packed(FULL)):x}-{squeezed.hex()}")


def test_the_checksum_counts_whole_words() -> None:
    """The checksum leaves out an incomplete last word, as fletcher_4_native() does."""
    for extra in range(4):
        values = {**FULL, "toname": "tank/a@" + "x" * (1 + extra)}
        assert read(token(values)).toname == values["toname"]


@pytest.mark.parametrize("error", [OSError, ValueError, KeyError, TypeError])
def test_what_unpacking_refuses(error: type[Exception]) -> None:
    """Bytes that are no nvlist are a damaged token."""

    def unpack(_: bytes) -> object:
        raise error

    with pytest.raises(InvalidValue, match="damaged"):
        read_token(token(FULL), unpack)


@given(st.text(max_size=80))
def test_any_text_is_refused_or_read(text: str) -> None:
    """Each text is read or refused with the one error."""
    refused(text)


@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_a_changed_character(at: int, character: str) -> None:
    """One character changed anywhere is noticed, or changes nothing that is read."""
    whole = token(INCREMENTAL)
    at %= len(whole)
    changed = whole[:at] + character + whole[at + 1 :]
    try:
        assert read(changed) == read(whole)
    except InvalidValue:
        assert changed != whole

"""Scales: each value within them, ticks that read well, at places that are right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.charts.scale import (
    BYTES,
    COUNT,
    RATIO,
    SECONDS,
    SHARE,
    Scale,
    scale_of,
    tick_text,
)

UNITS = st.sampled_from((BYTES, SECONDS, RATIO, SHARE, COUNT))
VALUES = st.lists(st.floats(0, 1e15) | st.just(float("nan")) | st.just(float("inf")))


@given(VALUES, UNITS, st.tuples(st.booleans(), st.booleans()), st.integers(2, 12))
def test_all_values_have_a_place(
    values: list[float], unit: str, kind: tuple[bool, bool], most: int
) -> None:
    """Values and ticks lie from 0 to 1, in their own order, and there is a tick."""
    by_logarithm, tight = kind
    scale = scale_of(values, unit, by_logarithm=by_logarithm, tight=tight)
    assert scale.low < scale.high
    finite = sorted(value for value in values if value < float("inf"))
    places = [scale.place(value) for value in finite]
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)
    positive = [value for value in finite if value > 1e-12 or not by_logarithm]
    if positive:
        assert scale.low <= positive[0] * (1 + 1e-9)
        assert scale.high >= positive[-1] * (1 - 1e-9)
    ticks = scale.ticks(most)
    assert ticks == sorted(ticks)
    assert len(ticks) <= most + 1
    slack = (scale.high - scale.low) * 1e-6
    assert all(scale.low - slack <= tick <= scale.high + slack for tick in ticks)
    if not tight:
        assert ticks
        assert len({tick_text(tick, unit) for tick in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("values", "unit", "by_logarithm", "expected"),
    [
        ([4096, 1 << 20], BYTES, True, ["4K", "16K", "64K", "256K", "1M"]),
        ([8192, 131072], BYTES, True, ["8K", "16K", "32K", "64K", "128K"]),
        ([3e6], BYTES, False, ["0", "1M", "2M", "3M"]),
        ([16.2], RATIO, False, ["0x", "5x", "10x", "15x", "20x"]),
        ([0.00012, 0.08], SECONDS, True, ["100µs", "1ms", "10ms", "100ms"]),
        ([0.004, 0.007], SECONDS, True, ["2ms", "5ms", "10ms"]),
        ([0.42], SHARE, False, ["0%", "10%", "20%", "30%", "40%", "50%"]),
        ([12_000], COUNT, False, ["0", "5k", "10k", "15k"]),
        ([], COUNT, False, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ([0, 0], RATIO, True, ["1x", "2x"]),
    ],
)
def test_ticks_read_well(
    values: list[float], unit: str, *, by_logarithm: bool, expected: list[str]
) -> None:
    """Bytes are marked at powers of two, anything else at 1, 2 and 5 times one of ten."""
    scale = scale_of(values, unit, by_logarithm=by_logarithm)
    assert [tick_text(tick, unit) for tick in scale.ticks(6)] == expected


def test_places_are_those_of_the_scale() -> None:
    """Equal differences or equal ratios lie equally far apart, and the ends hold on."""
    assert Scale(0, 8, COUNT).place(2) == 0.25
    by_logarithm = Scale(4096, 65536, BYTES, by_logarithm=True)
    assert by_logarithm.place(16384) == pytest.approx(0.5)
    assert [by_logarithm.place(value) for value in (-1, 0, 1, 1e9)] == [0, 0, 0, 1]


@given(st.floats(1e-9, 1e15), UNITS)
def test_a_value_is_written_to_a_percent(value: float, unit: str) -> None:
    """What a tick says is what stands there, in a few letters and without an exponent."""
    text = tick_text(value, unit)
    assert "e" not in text
    assert len(text) <= 20
    number = float(text.rstrip("KkMGTPEnµmsx%"))
    letters = text.lstrip("0123456789.")
    thousand = 1024 if unit == BYTES else 1000
    power = {"n": -3, "µ": -2, "m": -1}.get(letters[:1], 0)
    if letters in ("K", "k", "M", "G", "T", "P", "E"):
        power = "kMGTPE".index(letters.replace("K", "k")) + 1
    factor = float(thousand) ** power * (0.01 if letters == "%" else 1)
    assert number * factor == pytest.approx(value, rel=0.01)

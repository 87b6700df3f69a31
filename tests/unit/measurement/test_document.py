"""JSON that gives the same measurement back."""

from __future__ import annotations

import json

import pytest

from measured import MEASUREMENT
from zfstune.measurement.document import from_json, to_json
from zfstune.measurement.figures import figures_of
from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import replace


def test_json_and_back() -> None:
    """JSON gives the same measurement back, and has the figures beside it."""
    document = to_json(MEASUREMENT)
    assert document["figures"] == [
        [figures_of(run) for run in m.runs] for m in MEASUREMENT.measured
    ]
    assert from_json(json.dumps(document)) == MEASUREMENT
    without = replace(MEASUREMENT, chosen=None, measured=())
    assert from_json(json.dumps(to_json(without))) == without


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"measurement_format": 1', '"measurement_format": 2', "not of format 1"),
        ('"runs": 1', '"runs": "1"', "'Measurement.procedure.runs' .* type str, not int"),
        ('"runs": 1', '"runs": true', "type bool, not int"),
        ('"runs": 1', '"rums": 1', "missing or unknown: rums, runs"),
        ('"p99_s": 0.01', '"p99_s": NaN', r"runs\[0\].times.p99_s.* no finite number"),
        ('"name": "tank"', '"name": 5', "Measurement.pool.name"),
        ('"compression": "lz4"', '"compression": null', "NoneType, not str"),
        ("{", "", "no JSON"),
    ],
)
def test_other_json(old: str, new: str, reason: str) -> None:
    """What is no measurement is refused, and the message names the place."""
    text = json.dumps(to_json(MEASUREMENT))
    with pytest.raises(InvalidValue, match=reason):
        from_json(text.replace(old, new, 1))

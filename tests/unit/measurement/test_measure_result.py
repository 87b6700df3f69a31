"""A result has the figures, the verdict and the changes, as text and as JSON."""

from __future__ import annotations

import json

from made_measurement import made_measurement
from zfstune.measurement.changes import changes_since
from zfstune.measurement.document import from_json
from zfstune.measurement.measure_result import MeasureResult
from zfstune.measurement.verdict import verdict_on

FOUND = made_measurement((8192, "lz4"), (131072, "lz4"))


def test_without_an_earlier_one() -> None:
    """The lines end with the verdict; the JSON gives the measurement back."""
    result = MeasureResult(FOUND, verdict_on(FOUND))
    assert "8K lz4" in "\n".join(result.lines())
    assert result.sentences()
    assert not any(line.startswith("Since") for line in result.lines())
    document = json.dumps(result.to_dict())
    assert from_json(document) == FOUND
    assert json.loads(document).keys() == {
        "measurement_format",
        "measurement",
        "figures",
        "verdict",
        "changes",
    }
    assert result.to_dict()["changes"] is None


def test_with_an_earlier_one() -> None:
    """The changes come last, and stand in the JSON, which can be compared with again."""
    result = MeasureResult(FOUND, verdict_on(FOUND), changes_since(FOUND, FOUND))
    assert result.lines()[-1] == result.sentences()[-1] == "Since now: no figure differs."
    document = json.dumps(result.to_dict())
    assert json.loads(document)["changes"]["changes"] == []
    assert from_json(document) == FOUND

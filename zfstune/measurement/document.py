"""A measurement as one JSON document, and back.

The document has three keys: ``measurement_format`` is :data:`MEASUREMENT_FORMAT`;
``measurement`` has each field of
:class:`~zfstune.measurement.results.Measurement` under its own name; and ``figures`` has
a list for each candidate of the figures of each of its runs, by the names of
:data:`~zfstune.measurement.figures.FIGURES`.
"""

from __future__ import annotations

import json

from zfstune.measurement.candidate import Candidate
from zfstune.measurement.figures import figures_of
from zfstune.measurement.plain import from_plain, to_plain
from zfstune.measurement.results import (
    ByteCounts,
    Measured,
    Measurement,
    Moment,
    Prediction,
    Procedure,
    Run,
    Times,
    WorkloadFacts,
    ZilCounts,
)
from zfstune.values.errors import InvalidValue

__all__ = ["MEASUREMENT_FORMAT", "from_json", "to_json"]

# The number of the form of the JSON; another form gets another number.
MEASUREMENT_FORMAT = 1
_FORMAT_KEY = "measurement_format"


def to_json(measurement: Measurement) -> dict[str, object]:
    """Return a measurement in JSON's types, with the figures of each run beside it."""
    figures = [
        [figures_of(run) for run in measured.runs] for measured in measurement.measured
    ]
    return {
        _FORMAT_KEY: MEASUREMENT_FORMAT,
        "measurement": to_plain(measurement),
        "figures": figures,  # by candidate and run, as in the measurement
    }


def from_json(text: str | bytes) -> Measurement:
    """Read the measurement that :func:`to_json` wrote; its figures are computed anew.

    Other keys are passed over, as those that `zfstune measure --json` adds.

    Raises:
        InvalidValue: The text is something else.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidValue("cannot read the results: they are no JSON") from None
    if not isinstance(document, dict) or document.get(_FORMAT_KEY) != MEASUREMENT_FORMAT:
        message = f"cannot read the results: they are not of format {MEASUREMENT_FORMAT}"
        raise InvalidValue(message)
    known = (
        *(WorkloadFacts, Procedure, ZilCounts, ByteCounts, Moment, Times, Run),
        *(Prediction, Measured, Candidate),
    )
    found: Measurement = from_plain(
        Measurement, document.get("measurement"), {cls.__name__: cls for cls in known}
    )
    return found

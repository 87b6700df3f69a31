"""Findings as values: their order, and their document."""

from __future__ import annotations

from sick_host import SICK, on
from zfstune.health.diagnosis import diagnose


def test_the_document() -> None:
    """The document has what the text has."""
    found = diagnose(on(SICK, (2, 4, 0)))
    document = found.to_dict()
    assert document["pending"] is True
    assert document["zfs"] == "2.4.0-1"
    [first, *_] = found.findings
    assert first.to_dict() == {
        "name": "dedup-zeroes",
        "severity": "danger",
        "what": first.what,
        "remedy": first.remedy,
        "source": "https://github.com/openzfs/zfs/issues/18366",
        "concerns": ["tank/old"],
    }

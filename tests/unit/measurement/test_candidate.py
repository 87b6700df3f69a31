"""Candidates: their names."""

from __future__ import annotations

from zfstune.measurement.candidate import Candidate


def test_label() -> None:
    """A label has the record size as OpenZFS writes it, and the compression."""
    assert Candidate(1 << 20, "zstd-3").label == "1M zstd-3"

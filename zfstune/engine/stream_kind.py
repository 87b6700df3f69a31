"""The kind of dataset that a stream is of, by its first bytes."""

from __future__ import annotations

from zfstune.engine._stream_header import HEADER_BYTES, parse_header

__all__ = ["HEADER_BYTES", "stream_kind"]


def stream_kind(first: bytes) -> str:
    """Return ``filesystem`` or ``volume``; empty where it is no stream of one snapshot.

    Args:
        first: The first bytes of the stream, :data:`HEADER_BYTES` at least.
    """
    header = parse_header(first[:HEADER_BYTES])
    return "" if header is None else header.kind

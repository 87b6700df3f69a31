"""Replicate and compare: the state of both sides, the streams, and their content."""

from __future__ import annotations

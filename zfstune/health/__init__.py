"""Health: verify, check and metrics."""

from __future__ import annotations

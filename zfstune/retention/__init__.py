"""Retention: policies, the snapshots that they keep, and the pruning of the rest."""

from __future__ import annotations

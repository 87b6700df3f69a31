"""Retention: policies, what they keep, and the pruning of the rest."""

from __future__ import annotations

"""Measure record sizes and compression on the pool at hand, with a profile's workload."""

from __future__ import annotations

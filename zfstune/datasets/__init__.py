"""Datasets: what profiles want on a pool, the plan that brings it about, and apply."""

from __future__ import annotations

"""Profiles: the datasets of each workload, from files that give reasons and sources."""

from __future__ import annotations

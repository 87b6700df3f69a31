"""Profiles: what each workload needs, from files that give the reason and its source."""

from __future__ import annotations

"""Schedules: how often snapshots are taken and pruned, by which units, in which runs."""

from __future__ import annotations

"""Snapshots: take, list, checkpoint and roll back, with applications held still."""

from __future__ import annotations

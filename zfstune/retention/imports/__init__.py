"""Retention settings of other tools, read as policies that keep exactly the same."""

from __future__ import annotations

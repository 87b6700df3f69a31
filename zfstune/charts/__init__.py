"""Pictures of figures: scales with ticks, charts as values, and their SVG."""

from __future__ import annotations

"""The datasets that profiles want on a pool, the plan that makes them, and apply."""

from __future__ import annotations

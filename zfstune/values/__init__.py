"""Values: names, sizes, properties, states and errors."""

from __future__ import annotations

"""The front door: parse, print, exit status."""

from __future__ import annotations

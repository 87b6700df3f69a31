"""Clones and golden images: seal, stamp, list, export, restore, retire; disk files."""

from __future__ import annotations

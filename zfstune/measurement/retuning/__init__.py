"""Bring the files of a dataset to the recordsize and compression of today."""

from __future__ import annotations

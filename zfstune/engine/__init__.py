"""The one seam to ZFS: engines for the running kernel and for a pool in a file."""

from __future__ import annotations

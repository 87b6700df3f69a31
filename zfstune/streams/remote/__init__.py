"""The other side of a replication on another host, over ssh."""

from __future__ import annotations

"""This machine apart from ZFS: accounts, files, processes, NFS."""

from __future__ import annotations

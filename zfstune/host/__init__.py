"""This machine beside ZFS: accounts, files, processes, NFS."""

from __future__ import annotations

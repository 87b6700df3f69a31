"""Workloads that are made up, for tests."""

from __future__ import annotations

from zfstune.measurement.data_shape import DataShape
from zfstune.measurement.job_file import Workload
from zfstune.measurement.results import WorkloadFacts

__all__ = ["HALF", "workload"]

HALF = DataShape({4096: 0.5}, (), 256, "a test")


def workload(
    pattern: str = "random",
    *,
    page: int = 8192,
    align: int = 0,
    file: int | None = None,
    sync_every: int = 1,
    read_share: float = 0.0,
) -> Workload:
    """Return a workload."""
    facts = WorkloadFacts(
        name="made",
        summary="made up",
        page_bytes=page,
        align_bytes=align or page,
        pattern=pattern,
        read_share=read_share,
        sync_every=sync_every,
        depth=1,
        source="nobody",
        job="",
    )
    return Workload(facts, "", "", file, HALF)

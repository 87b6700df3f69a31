"""A run replicates with the options that are stored beside its targets."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.schedules.run import run_job
from zfstune.values.errors import PlanError
from zfstune.values.marks import (
    REPLICATE_PROPERTY,
    REPLICATE_WITH_PROPERTY,
    SCHEDULE_PROPERTY,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from zfstune.schedules.replicate_to import Sending


def test_each_target_is_sent_with_them(tmp_path: Path) -> None:
    """Where they cannot be read, nothing is sent."""
    engine, seen = FakeEngine("tank", "tank/a"), []
    marks = engine.marks["tank/a"] = {
        SCHEDULE_PROPERTY: "hourly",
        REPLICATE_PROPERTY: "host:back/a,back/a",
        REPLICATE_WITH_PROPERTY: "--exclude-property x:y=z",
    }

    def sent(_: object, name: str, to: str, out: Collection[str], how: Sending) -> int:
        seen.append((name, to, tuple(out), how.exclude_properties, how.take_properties))
        return 0

    def run() -> None:
        opened = lambda: nullcontext(engine.seam)  # noqa: E731 (as short as that)
        run_job(opened, "replicate", "tank/a", str(tmp_path), lambda: 0, replicate=sent)

    run()
    assert seen == [
        ("tank/a", target, (), ("x:y=z",), False) for target in ("host:back/a", "back/a")
    ]
    marks[REPLICATE_WITH_PROPERTY] = "--exclude x:y=z"
    with pytest.raises(PlanError, match="is not what zfstune writes there"):
        run()
    assert len(seen) == 2

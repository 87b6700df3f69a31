"""Random changes on an image against a model of plain dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine_machine import EXAMPLES, walk

if TYPE_CHECKING:
    from zfstune.engine.image import ImageEngine


def test_machine(engine: ImageEngine) -> None:
    """Whatever the order of calls, engine and model agree on result and refusal."""
    walk(engine, pool="tank", examples=3 * EXAMPLES)

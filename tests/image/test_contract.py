"""What every engine does, done by an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine_contract import *  # noqa: F403 (the tests that all engines share)

if TYPE_CHECKING:
    from zfstune.engine.image import ImageEngine


@pytest.fixture
def tree(engine: ImageEngine) -> str:
    """Give a filesystem on an image of its own."""
    engine.create("tank/tree")
    return "tank/tree"

"""Fixtures of the tests that retune a dataset of the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retuned_dataset import idle_option, new_place, runner

if TYPE_CHECKING:
    from retuned_dataset import Idle, Place, Run
    from zfstune.engine.protocol import Engine


@pytest.fixture
def idle(engine: Engine) -> Idle:
    """Give the option for a release that needs to be told that nothing else is there."""
    return idle_option(engine)


@pytest.fixture
def place(pool: str, engine: Engine) -> Place:
    """Give a filesystem with records of 128K, and where it is mounted."""
    return new_place(pool, engine)


@pytest.fixture
def run(engine: Engine) -> Run:
    """Give the function that retunes a dataset in this process."""
    return runner(engine)

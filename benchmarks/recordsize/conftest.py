"""The pool that record sizes are measured on: a user's own, or one made in the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the pool, and the length of the files."""
    parser.addoption("--pool", help="measure on this pool; scratch datasets are removed")
    parser.addoption("--size", default="64M", help="files of each run (default: 64M)")


@pytest.fixture(scope="session")
def compiled() -> None:
    """Leave the package's bytecode alone: nothing here is about its speed."""


@pytest.fixture(scope="module")
def pool(request: pytest.FixtureRequest, make_pool: Callable[[], Any]) -> Iterator[str]:
    """Give the pool that was named, else a new one in the lab."""
    named = request.config.getoption("--pool", default=None)
    if named is not None:
        yield named
        return
    made = make_pool()
    yield made.name
    made.destroy()

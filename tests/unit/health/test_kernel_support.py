"""The newest kernel of each release, and the end of what is known."""

from __future__ import annotations

import pytest

from zfstune.health.kernel_support import is_known, newest_kernel


@pytest.mark.parametrize(
    ("release", "kernel"),
    [
        ((2, 1, 1), (5, 14)),
        ((2, 1, 9), (6, 1)),
        ((2, 1, 11), (6, 2)),
        ((2, 2, 10), (6, 17)),
        ((2, 3, 2), (6, 14)),
        ((2, 4, 3), (7, 0)),
        ((2, 4, 4), (7, 2)),
        ((2, 3, 99), ()),
        ((2, 5, 0), ()),
        ((2, 0, 7), ()),
    ],
)
def test_the_newest_kernel(release: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    """A release that META did not change for takes the kernels of the one before."""
    assert newest_kernel(release) == kernel
    assert is_known(release) is bool(kernel)

"""Which releases have a fault: by series, by point release, and by a builder's version."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.health.trap import NOTE, Trap

Release = tuple[int, ...]

RELEASES = st.tuples(st.just(2), st.integers(0, 6), st.integers(0, 20))


def _trap(
    since: tuple[Release, ...], fixed: tuple[Release, ...], built: tuple[str, ...] = ()
) -> Trap:
    return Trap("x", NOTE, since, fixed, "w", "r", "s", lambda _: ("tank",), built)


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ((2, 1, 16), False),  # its series ended before the fault came
        ((2, 2, 6), False),
        ((2, 2, 7), True),
        ((2, 2, 8), False),
        ((2, 3, 0), True),
        ((2, 3, 2), False),
        ((2, 4, 0), False),  # it began after the last fix
    ],
)
def test_a_fault_that_a_point_release_brought(release: Release, *, expected: bool) -> None:
    """A series has it from the release that brought it to the one that mends it."""
    trap = _trap(((2, 2, 7), (2, 3, 0)), ((2, 2, 8), (2, 3, 2)))
    assert trap.is_in(release) is expected


@pytest.mark.parametrize(
    ("release", "expected"),
    [((2, 2, 11), True), ((2, 3, 6), True), ((2, 3, 7), False), ((2, 4, 1), True)],
)
def test_a_series_without_the_fix_keeps_the_fault(
    release: Release, *, expected: bool
) -> None:
    """A series that ended unmended keeps it, though later series have the fix."""
    assert _trap(((2, 2, 0),), ((2, 3, 7), (2, 4, 2))).is_in(release) is expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.1.11-1", True),
        ("2.1.11-1+deb12u1", False),
        ("2.1.11-1+deb12u2", False),
        ("2.1.11-1+deb12u10", False),
        ("2.1.11-1+deb12u0", True),
        ("2.1.11-1+deb12u1~1", True),
        ("2.1.11-1+deb12u", True),
        ("2.1.11-1+deb12u\N{SUPERSCRIPT TWO}", True),
        ("2.1.11-1ubuntu3", True),
    ],
)
def test_a_distributor_took_the_fix_over(version: str, *, expected: bool) -> None:
    """A build that is known to have it counts, and so does a later build of the same."""
    trap = _trap(((2, 1, 0),), ((2, 1, 14),), ("2.1.11-1+deb12u1",))
    assert trap.is_in((2, 1, 11), version) is expected


@given(
    since=st.lists(RELEASES, min_size=1, max_size=3, unique_by=lambda r: r[:2]),
    fixed=st.lists(RELEASES, max_size=3, unique_by=lambda r: r[:2]),
    release=RELEASES,
)
def test_an_update_to_the_named_release_ends_it(
    since: list[Release], fixed: list[Release], release: Release
) -> None:
    """The release that a remedy names is no older, and does not have the fault."""
    trap = _trap(tuple(since), tuple(fixed))
    fix = trap.fix_for(release)
    if trap.is_in(release) and fix:
        assert fix > release
        assert not trap.is_in(fix)
    assert fix or all(first[:2] < release[:2] for first in fixed)


@given(
    since=st.lists(RELEASES, min_size=1, max_size=3, unique_by=lambda r: r[:2]),
    fixed=st.lists(RELEASES, max_size=3, unique_by=lambda r: r[:2]),
    release=RELEASES,
)
def test_within_a_series_it_comes_and_goes_once(
    since: list[Release], fixed: list[Release], release: Release
) -> None:
    """The releases of one series that have a fault follow one another without a gap."""
    trap = _trap(tuple(since), tuple(fixed))
    has = [trap.is_in((*release[:2], point)) for point in range(25)]
    changes = sum(before != after for before, after in pairwise(has))
    assert changes <= 2
    assert not (changes == 2 and has[0])

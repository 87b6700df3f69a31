"""Versions as their builders write them."""

from __future__ import annotations

import pytest

from zfstune.health.host_facts import HostFacts, read_release


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("2.1.11-1+deb12u1", (2, 1, 11)),
        ("zfs-2.3.2-2", (2, 3, 2)),
        ("2.4.4-1~bpo13+1", (2, 4, 4)),
        ("2.4.99-1", (2, 4, 99)),
        ("2.1", ()),
        ("", ()),
        ("2.1.11.5", ()),
        ("\N{FULLWIDTH DIGIT TWO}.1.1", ()),
        ("2.1." + "9" * 5000, ()),
    ],
)
def test_a_version(version: str, release: tuple[int, ...]) -> None:
    """Three numbers stand at its beginning, or nobody can tell the release."""
    assert read_release(version) == release
    assert HostFacts(module=version).release == release


def test_the_kernel() -> None:
    """Two numbers count: a distributor's own follow."""
    assert HostFacts(kernel="6.12.118+deb13-amd64").kernel_release == (6, 12)
    assert HostFacts(kernel="what").kernel_release == ()

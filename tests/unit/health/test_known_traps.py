"""The table of known faults: each row can be met, and says what a reader needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sick_host import SICK, SOUND, on
from source_tree import ROOT
from zfstune.health.diagnosis import trap_findings
from zfstune.health.kernel_support import is_known
from zfstune.health.known_traps import TRAPS
from zfstune.health.trap import NOTE, SEVERITIES
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.health.trap import Trap

BY_NAME = {trap.name: trap for trap in TRAPS}
# Rows that ask for nothing more than a pool, or a pool with filesystems.
GENERAL = {"mapped-and-read", "larger-sectors-receive", "snapshot-mount-deadlock"}


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_each_row_is_reached(trap: Trap) -> None:
    """A host that has all it concerns hears of it on the release that brought it."""
    found = trap_findings(on(SICK, trap.since[0]), (trap,))
    [finding] = found
    assert (finding.name, finding.severity) == (trap.name, trap.severity)
    assert finding.concerns
    if trap.fixed:
        last = max(trap.fixed)
        assert not list(trap_findings(on(SICK, last), (trap,)))
        assert "update OpenZFS to" in finding.remedy


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_no_false_alarm(trap: Trap) -> None:
    """A host with nothing that it concerns never hears of it."""
    found = list(trap_findings(on(SOUND, trap.since[0]), (trap,)))
    assert bool(found) is (trap.name in GENERAL)
    empty = replace(on(SOUND, trap.since[0]), pools=(), datasets=())
    assert not list(trap_findings(empty, (trap,)))


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_each_row_is_complete(trap: Trap) -> None:
    """Releases are known ones, in order; the sentence ends without a period."""
    assert re.fullmatch(r"[a-z][a-z0-9-]+", trap.name)
    assert trap.severity in SEVERITIES
    assert trap.what[-1] not in ".;,"
    assert trap.source.startswith("https://github.com/openzfs/zfs/")
    assert trap.fixed or trap.remedy
    for releases in (trap.since, trap.fixed):
        assert list(releases) == sorted(releases)
        assert len({release[:2] for release in releases}) == len(releases)
        assert all(map(is_known, releases))


@pytest.mark.parametrize(
    "trap", [trap for trap in TRAPS if trap.in_library], ids=lambda trap: trap.name
)
def test_a_fault_of_the_library(trap: Trap) -> None:
    """The release of libzfs decides, and a host without it hears nothing."""
    old, new = on(SICK, trap.since[0]), on(SICK, max(trap.fixed, default=(9, 0, 0)))
    only_old_library = replace(new, library=old.module)
    assert list(trap_findings(only_old_library, (trap,)))
    if trap.fixed:
        assert not list(trap_findings(replace(old, library=new.module), (trap,)))
    assert not list(trap_findings(replace(old, library=""), (trap,)))
    assert not list(trap_findings(replace(old, image=True), (trap,)))
    assert "zfstune" in trap.what


def test_names_are_unique() -> None:
    """A program can tell rows by their names."""
    assert len(BY_NAME) == len(TRAPS)


def test_what_debian_ships() -> None:
    """Bookworm has the fix for holes taken over, and not the one for mapped pages."""
    bookworm = replace(SOUND, module="2.1.11-1+deb12u1", parameters={})
    names = {finding.name for finding in trap_findings(bookworm, TRAPS)}
    assert "holes-in-dirty-files" not in names
    assert "mapped-and-read" in names
    plain = replace(bookworm, module="2.1.11-1")
    assert "holes-in-dirty-files" in {f.name for f in trap_findings(plain, TRAPS)}


def test_the_newest_releases_are_safe() -> None:
    """The last release of a living series has nothing that asks for an action."""
    for release in ((2, 4, 4), (2, 3, 9)):
        found = trap_findings(on(replace(SICK, datasets=SICK.datasets[:1]), release), TRAPS)
        assert {finding.severity for finding in found} <= {NOTE}


def test_an_image_has_no_kernel() -> None:
    """A pool in a plain file hears of streams alone, for nothing mounts it."""
    found = trap_findings(replace(on(SICK, (2, 1, 0)), image=True), TRAPS)
    names = {finding.name for finding in found}
    assert "encrypted-plain-send" in names
    assert "mapped-and-read" not in names


def test_the_page_has_the_table() -> None:
    """docs/howto/doctor.md has a row for each fault, with the same releases and words."""
    page = (ROOT / "docs" / "howto" / "doctor.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if "github.com" in line and line[0] == "|"]
    assert rows == [_row(trap) for trap in TRAPS]
    assert f"{len(TRAPS)} known faults" in page


def _row(trap: Trap) -> str:
    since = ", ".join(".".join(map(str, release)) for release in trap.since)
    fixed = ", ".join(".".join(map(str, release)) for release in trap.fixed)
    link, _, numbers = trap.source.rpartition("/")
    first = numbers.partition(",")[0]
    return (
        f"| `{trap.name}` | {trap.severity} | {since} | {fixed or 'no release yet'} "
        f"| {trap.what} | [{numbers}]({link}/{first}) |"
    )

"""A fault that some releases of OpenZFS have, and whether a release has it."""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.health.host_facts import HostFacts
    from zfstune.values.property_table import Release

__all__ = ["ADVICE", "DANGER", "FAULT", "NOTE", "SEVERITIES", "Trap"]

DANGER = "danger"  # data can be lost, or read wrong
FAULT = "fault"  # work fails or hangs, or the machine crashes
ADVICE = "advice"  # it costs speed, or a margin of safety
NOTE = "note"  # it matters to a few, and asks for nothing now
SEVERITIES = (DANGER, FAULT, ADVICE, NOTE)

_SERIES = 2  # numbers of a release: 2.3 is the series of 2.3.9


@frozen
class Trap:
    """A fault that some releases of OpenZFS have.

    Attributes:
        name: A word for it, which stays the same from one zfstune to the next.
        severity: One of :data:`SEVERITIES`.
        since: The first release of each series that has it. A series that began after the
            first of these has it from its beginning.
        fixed: The first release of each series that no longer has it, as tagged. A series
            that is not named and began before the last of these keeps it; empty: no
            release is known that has the fix.
        what: The fault, in one sentence without a final period.
        remedy: The thing to do beside an update, or until one; may be empty.
        source: Where OpenZFS says so.
        concerns: Returns the names of the pools and datasets here that it can bite; none:
            it does not concern this host.
        built: Versions of distributors that have the fix though their number is lower.
            Each counts for itself and for later builds of the same release.
        in_images: Whether it bites a pool in a plain file too, which no kernel mounts.
        in_library: Whether it lies in libzfs, which the zfs command has and zfstune does
            without. The release of the installed library decides then, not the module's.
    """

    name: str
    severity: str
    since: tuple[Release, ...]
    fixed: tuple[Release, ...]
    what: str
    remedy: str
    source: str
    concerns: Callable[[HostFacts], tuple[str, ...]]
    built: tuple[str, ...] = ()
    in_images: bool = False
    in_library: bool = False

    def is_in(self, release: Release, version: str = "") -> bool:
        """Tell whether a release has the fault.

        Args:
            release: Its three numbers.
            version: The whole of it as its builder writes it, which may say more.
        """
        series = release[:_SERIES]
        begun = [first for first in self.since if first[:_SERIES] == series]
        if begun:
            if release < begun[0]:
                return False
        elif series < min(self.since)[:_SERIES]:
            return False
        mended = [first for first in self.fixed if first[:_SERIES] == series]
        if mended:
            later = release >= mended[0]
        else:
            later = bool(self.fixed) and series > max(self.fixed)[:_SERIES]
        return not later and not self._is_built_in(version)

    def fix_for(self, release: Release) -> Release:
        """Return the nearest release with the fix: of the same series, else a later one.

        Returns:
            The release; empty: none is known.
        """
        series = release[:_SERIES]
        return min((first for first in self.fixed if first[:_SERIES] >= series), default=())

    def _is_built_in(self, version: str) -> bool:
        return any(_is_same_or_later(version, build) for build in self.built)


def _is_same_or_later(version: str, build: str) -> bool:
    """Compare two builds of one release: equal but for a last number that is no lower."""
    stem = build.rstrip("0123456789")
    last = version.removeprefix(stem)
    if last == version or not (last.isascii() and last.isdigit()):
        return False
    return int(last) >= int(build.removeprefix(stem))

"""A finding of doctor about a host: with a severity, a remedy and a source."""

from __future__ import annotations

from zfstune.health.trap import DANGER, FAULT
from zfstune.values.frozen import frozen

__all__ = ["HostFinding"]


@frozen
class HostFinding:
    """One thing that this host suffers from, or may.

    Attributes:
        name: A word for it, which stays the same from one zfstune to the next.
        severity: One of :data:`zfstune.health.trap.SEVERITIES`.
        what: One sentence without a final period.
        remedy: The thing to do; may be empty.
        source: Where OpenZFS, or the system's documentation, says so; may be empty.
        concerns: The pools, datasets or files in question; none: the host as a whole.
    """

    name: str
    severity: str
    what: str
    remedy: str = ""
    source: str = ""
    concerns: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether somebody should do something about it."""
        return self.severity in (DANGER, FAULT)

    def to_dict(self) -> dict[str, object]:
        """Return the finding in JSON's types."""
        return {
            "name": self.name,
            "severity": self.severity,
            "what": self.what,
            "remedy": self.remedy,
            "source": self.source,
            "concerns": list(self.concerns),
        }

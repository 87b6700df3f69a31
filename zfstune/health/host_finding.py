"""What doctor says of a host: findings with a severity, a remedy and a source."""

from __future__ import annotations

from zfstune.health.trap import DANGER, FAULT, SEVERITIES
from zfstune.values.frozen import frozen

__all__ = ["Diagnosis", "HostFinding"]


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


@frozen
class Diagnosis:
    """All findings about a host.

    Attributes:
        findings: The findings, the worst first.
        zfs: The version of the ZFS that was looked at; empty: nobody could tell.
        library: The version of libzfs; empty: it was not found.
        kernel: The release of the kernel.
        traps: How many known faults of OpenZFS' releases were compared with this one.
        unseen: The things that could not be looked at, with reasons.
    """

    findings: tuple[HostFinding, ...]
    zfs: str = ""
    library: str = ""
    kernel: str = ""
    traps: int = 0
    unseen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ordered = sorted(self.findings, key=lambda f: SEVERITIES.index(f.severity))
        object.__setattr__(self, "findings", tuple(ordered))

    @property
    def pending(self) -> bool:
        """Whether somebody should do something: there is a danger or a fault."""
        return any(finding.pending for finding in self.findings)

    def to_dict(self) -> dict[str, object]:
        """Return the diagnosis in JSON's types.

        Keys: ``pending``, ``zfs``, ``library``, ``kernel``, ``traps``, ``unseen``, and
        ``findings``, each with ``name``, ``severity``, ``what``, ``remedy``, ``source``
        and ``concerns``.
        """
        return {
            "pending": self.pending,
            "zfs": self.zfs or None,
            "library": self.library or None,
            "kernel": self.kernel,
            "traps": self.traps,
            "unseen": list(self.unseen),
            "findings": [finding.to_dict() for finding in self.findings],
        }

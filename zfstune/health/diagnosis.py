"""Decide what a host suffers from: facts in, findings out."""

from __future__ import annotations

from zfstune.health.diagnosis_text import diagnosis_lines
from zfstune.health.host_facts import read_release
from zfstune.health.host_finding import HostFinding
from zfstune.health.host_rules import host_findings
from zfstune.health.kernel_support import is_known, newest_kernel
from zfstune.health.known_traps import TRAPS
from zfstune.health.parameter_rules import parameter_findings
from zfstune.health.trap import NOTE, SEVERITIES
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.health.host_facts import HostFacts
    from zfstune.health.trap import Trap
    from zfstune.values.property_table import Release

__all__ = ["Diagnosis", "diagnose", "trap_findings"]

_WHOLE = 3  # numbers of a release


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

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return what the command prints: a paragraph a finding, 80 columns."""
        return list(
            diagnosis_lines(
                self.findings,
                zfs=self.zfs,
                kernel=self.kernel,
                traps=self.traps,
                unseen=self.unseen,
            )
        )

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


def diagnose(facts: HostFacts) -> Diagnosis:
    """Judge a host by the facts about it."""
    release = facts.release
    known = len(release) == _WHOLE
    unseen = facts.unseen
    if not known and facts.pools:
        unseen = (*unseen, "the faults of OpenZFS's releases: nobody can tell the release")
    return Diagnosis(
        findings=(
            *trap_findings(facts, TRAPS),
            *_support(facts),
            *parameter_findings(facts),
            *host_findings(facts),
        ),
        zfs=facts.module,
        library=facts.library,
        kernel=facts.kernel,
        traps=len(TRAPS) if known else 0,
        unseen=unseen,
    )


def trap_findings(facts: HostFacts, traps: Iterable[Trap]) -> Iterator[HostFinding]:
    """Yield the faults that the release of this host has, where they concern the host."""
    for trap in traps:
        version = facts.library if trap.in_library else facts.module
        release = read_release(version)
        if not release or (facts.image and not trap.in_images):
            continue
        concerned = trap.is_in(release, version) and trap.concerns(facts)
        if concerned:
            yield HostFinding(
                trap.name,
                trap.severity,
                trap.what,
                _remedy(trap, release),
                trap.source,
                concerned,
            )


def _remedy(trap: Trap, release: Release) -> str:
    fix = trap.fix_for(release)
    if not fix:
        return trap.remedy
    update = f"update OpenZFS to {_text(fix)} or later"
    return f"{update}; until then: {trap.remedy}" if trap.remedy else update


def _support(facts: HostFacts) -> Iterator[HostFinding]:
    """Yield what may be wrong with the release itself on this kernel."""
    release = facts.release
    if not release or facts.image:
        return
    if not is_known(release):
        yield HostFinding(
            "release-too-new",
            NOTE,
            f"this zfstune knows the faults of older releases than {_text(release)} only",
            "update zfstune",
        )
        return
    newest, kernel = newest_kernel(release), facts.kernel_release
    if kernel > newest > ():
        yield HostFinding(
            "kernel-too-new",
            NOTE,
            f"OpenZFS {_text(release)} was made for kernels up to {_text(newest)}, and "
            f"this is {_text(kernel)}; a distributor may have adapted it",
            "keep to the kernel that your distributor tests its OpenZFS with",
            "META of the release (Linux-Maximum)",
        )


def _text(release: Release) -> str:
    return ".".join(map(str, release))

"""What doctor found, as text for people: a paragraph a finding."""

from __future__ import annotations

from zfstune.values.text import and_list, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from zfstune.health.host_finding import HostFinding

__all__ = ["diagnosis_lines"]

_INDENT = "  "
_MOST_NAMES = 5


def diagnosis_lines(
    findings: Collection[HostFinding],
    *,
    zfs: str,
    kernel: str,
    traps: int,
    unseen: Collection[str],
) -> Iterator[str]:
    """Yield the lines: this host, its findings, what was not seen, and a summary.

    Args:
        findings: The worst first.
        zfs: The version of the ZFS that was looked at; empty: nobody could tell.
        kernel: The release of the kernel.
        traps: How many known faults were compared with this host.
        unseen: The things that could not be looked at, with reasons.
    """
    yield f"{f'OpenZFS {zfs}' if zfs else 'no OpenZFS'}, Linux {kernel}"
    for finding in findings:
        yield ""
        yield from _finding(finding)
    if unseen:
        yield ""
        yield "not looked at:"
        for sentence in unseen:
            yield f"{_INDENT}{shown(sentence)}"
    yield ""
    yield from _summary(findings, traps)


def _finding(finding: HostFinding) -> Iterator[str]:
    yield f"{finding.severity}: {finding.name}"
    yield f"{_INDENT}{finding.what}"
    if finding.concerns:
        names = [shown(name) for name in finding.concerns[:_MOST_NAMES]]
        left = len(finding.concerns) - len(names)
        whom = and_list([*names, f"{left} more"] if left else names)
        yield f"{_INDENT}concerns: {whom}"
    if finding.remedy:
        yield f"{_INDENT}-> {finding.remedy}"
    if finding.source:
        yield f"{_INDENT}see {finding.source}"


def _summary(findings: Collection[HostFinding], traps: int) -> Iterator[str]:
    pending = sum(finding.pending for finding in findings)
    others = len(findings) - pending
    compared = (
        f"{traps} known faults of OpenZFS were compared with this host; a "
        "distributor's build may have some fixes sooner than its number says"
    )
    if traps:
        yield compared
    if pending:
        they = "asks for an action" if pending == 1 else "ask for an action"
        more = f", {others} for your information" if others else ""
        yield f"{pending} {_findings(pending)} {they}{more}"
    elif others:
        yield f"nothing asks for an action; {others} {_findings(others)} to know"
    else:
        yield "nothing was found"


def _findings(count: int) -> str:
    return "finding" if count == 1 else "findings"

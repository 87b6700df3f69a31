"""What doctor found, as text for people: a paragraph a finding, 80 columns."""

from __future__ import annotations

from zfstune.values.text import and_list, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.health.host_finding import Diagnosis, HostFinding

__all__ = ["diagnosis_lines"]

_COLUMNS = 80
_INDENT = "  "
_MOST_NAMES = 5


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the lines: this host, its findings, what was not seen, and a summary."""
    zfs = f"OpenZFS {diagnosis.zfs}" if diagnosis.zfs else "no OpenZFS"
    yield f"{zfs}, Linux {diagnosis.kernel}"
    for finding in diagnosis.findings:
        yield ""
        yield from _finding(finding)
    if diagnosis.unseen:
        yield ""
        yield "not looked at:"
        for sentence in diagnosis.unseen:
            yield from _wrapped(shown(sentence), _INDENT)
    yield ""
    yield from _summary(diagnosis)


def _finding(finding: HostFinding) -> Iterator[str]:
    yield f"{finding.severity}: {finding.name}"
    yield from _wrapped(finding.what, _INDENT)
    if finding.concerns:
        names = [shown(name) for name in finding.concerns[:_MOST_NAMES]]
        left = len(finding.concerns) - len(names)
        whom = and_list([*names, f"{left} more"] if left else names)
        yield from _wrapped(f"concerns: {whom}", _INDENT)
    if finding.remedy:
        yield from _wrapped(f"-> {finding.remedy}", _INDENT)
    if finding.source:
        yield f"{_INDENT}see {finding.source}"


def _summary(diagnosis: Diagnosis) -> Iterator[str]:
    pending = sum(finding.pending for finding in diagnosis.findings)
    others = len(diagnosis.findings) - pending
    compared = (
        f"{diagnosis.traps} known faults of OpenZFS were compared with this host; a "
        "distributor's build may have some fixes sooner than its number says"
    )
    if diagnosis.traps:
        yield from _wrapped(compared, "")
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


def _wrapped(text: str, indent: str) -> Iterator[str]:
    """Break a text into lines that are no longer than the page; a long word stays whole."""
    line = indent
    for word in text.split():
        if line != indent and len(line) + len(word) + 1 > _COLUMNS:
            yield line
            line = indent
        line += word if line == indent else f" {word}"
    yield line

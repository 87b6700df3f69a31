"""The findings of verify as text for people: a line a dataset."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zfstune.health.findings import Finding, Verdict

__all__ = ["verification_lines"]


def verification_lines(pools: Sequence[Verdict], datasets: Sequence[Verdict]) -> list[str]:
    """Write a line for each pool and dataset, with its worst finding, and a sum.

    Args:
        pools: The verdicts on pools.
        datasets: The verdicts on datasets.

    Returns:
        Lines without colour. Further findings about a dataset follow its line, indented.
    """
    verdicts = [*pools, *datasets]
    if not datasets:
        verdicts = [verdict for verdict in verdicts if verdict.findings]
    width = max((len(verdict.name) for verdict in verdicts), default=0)
    every = [f.state for verdict in verdicts for f in verdict.findings]
    states = max(map(len, (*every, *(verdict.state for verdict in verdicts))), default=0)
    lines: list[str] = []
    for verdict in verdicts:
        rows = [(finding.state, _sentence(finding)) for finding in verdict.findings]
        name = verdict.name
        for state, sentence in rows or [(verdict.state, "")]:
            lines.append(f"{name:<{width}}  {state:<{states}}  {sentence}".rstrip())
            name = ""
    return [*lines, *_summary(datasets)]


def _sentence(finding: Finding) -> str:
    """Write the note and, behind an arrow, the remedy."""
    return f"{finding.note} -> {finding.hint}" if finding.hint else finding.note


def _summary(datasets: Sequence[Verdict]) -> Iterator[str]:
    count = len(datasets)
    if not count:
        yield "nothing to verify: zfstune manages no dataset here"
        return
    pending = sum(verdict.pending for verdict in datasets)
    looked_at = "1 dataset" if count == 1 else f"{count} datasets"
    if pending:
        pronoun = "it" if pending == 1 else "they"
        yield f"{looked_at} looked at, {pending} not as {pronoun} should be"
    else:
        yield f"{looked_at} looked at, {'all as they' if count > 1 else 'as it'} should be"

"""What a measurement comes to: its figures, the verdict, the changes since another one."""

from __future__ import annotations

from zfstune.measurement.document import to_json
from zfstune.measurement.measurement_text import measurement_text, verdict_sentences
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.changes import Changes
    from zfstune.measurement.results import Measurement
    from zfstune.measurement.verdict import Judgement

__all__ = ["MeasureResult"]


@frozen
class MeasureResult:
    """The result of a measurement.

    Attributes:
        measurement: What was found, run by run.
        verdict: Who wins on which figure, who is beaten, and what is odd.
        changes: What has changed since another measurement; None: none was named.
    """

    measurement: Measurement
    verdict: Judgement
    changes: Changes | None = None

    def sentences(self) -> list[str]:
        """Return the verdict in words, a paragraph each."""
        since = self.changes.sentences() if self.changes is not None else []
        return [*verdict_sentences(self.measurement, self.verdict), *since]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the table and the verdict for people, in 80 columns."""
        since = self.changes.sentences() if self.changes is not None else []
        return list(measurement_text(self.measurement, self.verdict, since))

    def to_dict(self) -> dict[str, object]:
        """Return the result in JSON's types, with which a later one can be compared."""
        return {
            **to_json(self.measurement),
            "verdict": self.verdict.to_dict(),
            "changes": None if self.changes is None else self.changes.to_dict(),
        }

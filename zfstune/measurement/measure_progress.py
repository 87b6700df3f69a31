"""How far a measurement has come."""

from __future__ import annotations

from zfstune.values.duration import about
from zfstune.values.frozen import frozen

__all__ = ["MeasureProgress"]


@frozen
class MeasureProgress:
    """The state of a running measurement.

    Attributes:
        done: Runs that have ended.
        total: Runs of all candidates.
        label: The candidate that is measured.
        step: What is done with it: ``fill``, ``settle``, ``write``, ``read``, ``fio``.
        left_s: Seconds that are left, by the runs so far; None: nobody can tell yet.
    """

    done: int
    total: int
    label: str
    step: str
    left_s: float | None

    def line(self) -> str:
        """Return one line for people."""
        left = "" if self.left_s is None else f", about {about(round(self.left_s))} left"
        return f"run {self.done + 1} of {self.total}: {self.label}, {self.step}{left}"

    def to_dict(self) -> dict[str, object]:
        """Return the state in JSON's types."""
        return {
            "done_bytes": None,
            "total_bytes": None,
            "rate_bytes_s": None,
            "left_s": None if self.left_s is None else round(self.left_s),
            "done": self.done,
            "total": self.total,
            "unit": "run",
            "step": f"{self.label}, {self.step}",
        }

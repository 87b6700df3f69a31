"""How far streams have come, over all datasets of a run."""

from __future__ import annotations

from zfstune.values.frozen import frozen
from zfstune.values.size import format_size

__all__ = ["SendProgress"]

_MINUTE_S = 60
_WHOLE = 100


@frozen
class SendProgress:
    """The state of a running replication, comparison, or any other work on streams.

    Attributes:
        done_bytes: The bytes of streams that have passed.
        total_bytes: The bytes of all streams: those that have ended, and the estimates
            of the others; None: nobody can tell.
        rate_bytes_s: Bytes a second, in the last seconds.
        datasets_done: How many datasets are done, or have failed.
        datasets: How many there are to do.
        comparing: Whether contents are being compared; their bytes count as well.
    """

    done_bytes: int
    total_bytes: int | None
    rate_bytes_s: float
    datasets_done: int
    datasets: int
    comparing: bool = False

    @property
    def left_s(self) -> float | None:
        """The seconds that are left by estimate and rate; None: nobody can tell."""
        if self.total_bytes is None or self.rate_bytes_s <= 0:
            return None
        return max(0, self.total_bytes - self.done_bytes) / self.rate_bytes_s

    def line(self) -> str:
        """Return one line for people."""
        done = format_size(self.done_bytes, exact=False)
        if self.total_bytes is not None:
            total = format_size(self.total_bytes, exact=False)
            share = min(self.done_bytes, self.total_bytes) / max(1, self.total_bytes)
            done = f"{done} of about {total} ({int(_WHOLE * share)} %)"
        parts = [done, f"{format_size(int(self.rate_bytes_s), exact=False)}/s"]
        if self.left_s is not None:
            minutes, seconds = divmod(round(self.left_s), _MINUTE_S)
            hours, minutes = divmod(minutes, _MINUTE_S)
            parts.append(f"{hours}:{minutes:02}:{seconds:02} left")
        if self.datasets > 1:
            parts.append(f"{self.datasets_done} of {self.datasets} datasets")
        if self.comparing:
            parts.append("comparing")
        return ", ".join(parts)

    def to_dict(self) -> dict[str, object]:
        """Return the state in JSON's types."""
        return {
            "done_bytes": self.done_bytes,
            "total_bytes": self.total_bytes,
            "rate_bytes_s": round(self.rate_bytes_s),
            "left_s": None if self.left_s is None else round(self.left_s),
            "done": self.datasets_done,
            "total": self.datasets,
            "unit": "dataset",
            "step": "compare" if self.comparing else None,
        }

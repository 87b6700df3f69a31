"""How far a run has come, and what it did."""

from __future__ import annotations

from zfstune.measurement.retuning.retune_plan import count_of, left_lines
from zfstune.values.frozen import frozen, replace
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.retuning.retune_plan import Left, RetunePlan
    from zfstune.streams.progress import SendProgress

__all__ = ["RetuneProgress", "RetuneResult"]


@frozen
class RetuneProgress:
    """The state of a running retune.

    Attributes:
        bytes: The bytes copied, and in the place of datasets the files done or left.
    """

    bytes: SendProgress

    def line(self) -> str:
        """Return one line for people."""
        done, files = self.bytes.datasets_done, self.bytes.datasets
        return f"{replace(self.bytes, datasets=1).line()}, {done} of {files} files"

    def to_dict(self) -> dict[str, object]:
        """Return the state in JSON's types."""
        return {**self.bytes.to_dict(), "unit": "file"}


@frozen
class RetuneResult:
    """What a run did.

    Attributes:
        plan: Its plan.
        done: How many files were written anew.
        done_bytes: Their length together.
        left: The files that stay as they are, each with the reason.
        stopped: Why the run stopped before its end; empty: it did not.
        pending: How many files it did not come to.
        settled: How many files of a killed run were settled.
    """

    plan: RetunePlan
    done: int
    done_bytes: int
    left: tuple[Left, ...]
    stopped: str = ""
    pending: int = 0
    settled: int = 0

    def __bool__(self) -> bool:
        return bool(self.done)

    def __str__(self) -> str:
        work = self.lines() if self.done or self.left or self.stopped else []
        return "\n".join([*self.plan.lines(), *work])

    def lines(self) -> list[str]:
        """Return the result for people."""
        size = format_size(self.done_bytes, exact=False)
        lines = [f"{self.plan.dataset}: {count_of(self.done)} written anew, {size}"]
        lines += left_lines(self.left)
        if self.stopped:
            lines.append(
                f"  stopped: {self.stopped}; still to do: {count_of(self.pending)}"
            )
        return lines

    def to_dict(self) -> dict[str, object]:
        """Return the result in JSON's types."""
        return {
            "plan": self.plan.to_dict(),
            "done": self.done,
            "done_bytes": self.done_bytes,
            "left": [left.to_dict() for left in self.left],
            "stopped": self.stopped,
            "pending": self.pending,
            "settled": self.settled,
        }

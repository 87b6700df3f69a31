"""What verify found about pools and datasets, as one value."""

from __future__ import annotations

from zfstune.health.findings import DAMAGED
from zfstune.health.verification_text import verification_lines
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.health.findings import Verdict

__all__ = ["Verification"]


@frozen
class Verification:
    """The verdicts on pools and on datasets in them.

    Attributes:
        pools: A verdict for each pool that was looked at, by name.
        datasets: A verdict for each dataset that was looked at, parents before children.
    """

    pools: tuple[Verdict, ...]
    datasets: tuple[Verdict, ...]

    @property
    def pending(self) -> bool:
        """Whether somebody should do something about any of it."""
        return any(verdict.pending for verdict in self)

    @property
    def damaged(self) -> bool:
        """Whether a dataset cannot be read."""
        return any(verdict.state == DAMAGED for verdict in self)

    def __iter__(self) -> Iterator[Verdict]:
        """Iterate over the verdicts on pools, then over those on datasets."""
        yield from self.pools
        yield from self.datasets

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return a line for each pool and dataset for people, and a sum."""
        return verification_lines(self.pools, self.datasets)

    def to_dict(self) -> dict[str, object]:
        """Return all verdicts in JSON's types.

        Keys: ``pending``; ``pools`` and ``datasets``, each a list with ``name``,
        ``state``, ``pending``, ``profiles`` and ``findings`` (``state``, ``note``,
        ``hint``, ``property``, ``expected``, ``found``, ``source``, ``origin``).
        """
        return {
            "pending": self.pending,
            "pools": [verdict.to_dict() for verdict in self.pools],
            "datasets": [verdict.to_dict() for verdict in self.datasets],
        }

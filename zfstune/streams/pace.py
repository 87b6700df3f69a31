"""How fast a replication goes, and how it takes a stream that breaks off."""

from __future__ import annotations

from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.streams.progress import SendProgress
    from zfstune.streams.steps import PlanStep

__all__ = ["Manner", "Pace"]


@frozen
class Pace:
    """The limits of a replication.

    Attributes:
        jobs: How many datasets are sent at once.
        rate_bytes_s: The most bytes a second, over all streams; None: as many as can be.
        retries: How often a dataset is tried again whose stream broke off, after a wait
            that doubles each time.

    Raises:
        InvalidValue: Nothing could be sent with such limits.
    """

    jobs: int = 4
    rate_bytes_s: int | None = None
    retries: int = 0

    def __post_init__(self) -> None:
        """Refuse limits that leave nothing."""
        rate = 1 if self.rate_bytes_s is None else self.rate_bytes_s
        if self.jobs < 1 or rate < 1 or self.retries < 0:
            raise InvalidValue(
                "cannot replicate with such limits: jobs and rate are at least 1, and "
                "retries are not negative"
            )


@frozen
class Manner:
    """How a plan is carried out; :func:`zfstune.replicate` explains the choices."""

    pace: Pace
    verify: bool = False
    on_step: Callable[[PlanStep], None] | None = None
    on_progress: Callable[[SendProgress], object] | None = None

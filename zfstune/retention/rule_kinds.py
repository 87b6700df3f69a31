"""The kinds of rules of a retention policy, as values.

:mod:`zfstune.retention.rules` says which snapshots each of them keeps, and
:mod:`zfstune.retention.rule_text` has their words.
"""

from __future__ import annotations

from zfstune.values.duration import LONGEST_SECONDS
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.whole_number import MAX_WHOLE

__all__ = [
    "PERIODS",
    "YEAR_10000",
    "Blocks",
    "Every",
    "Grid",
    "Last",
    "Never",
    "NewerThan",
    "Rule",
    "Step",
    "Unreplicated",
    "Within",
]

# The first second of the year 1, and the first after 9999, Python's last year.
_YEAR_1 = -62135596800
YEAR_10000 = 253402300800

# The word of each calendar rule, and the name of one of its periods.
PERIODS = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
}


@frozen
class Last:
    """Keep the newest `count` snapshots; None: all of them."""

    count: int | None

    def __post_init__(self) -> None:
        _check_count("keep", self.count)


@frozen
class Every:
    """Keep one snapshot of each calendar period, for the newest periods that have one.

    Args:
        period: A key of :data:`PERIODS`.
        count: The number of periods; None: all of them.
    """

    period: str
    count: int | None

    def __post_init__(self) -> None:
        if self.period not in PERIODS:
            raise PolicyError(
                f"cannot use policy '{self.period}={self.count}': there is no such period",
                hint=f"the periods are {', '.join(PERIODS)}",
            )
        _check_count(self.period, self.count)
        if self.count == 0:
            raise PolicyError(
                f"cannot use policy '{self.period}=0': it keeps nothing",
                hint="leave the rule out",
            )

    @property
    def longest_seconds(self) -> int:
        """The longest that one of its periods lasts."""
        return LONGEST_SECONDS[PERIODS[self.period]]


@frozen
class Within:
    """Keep the snapshots that are at most so many seconds old."""

    seconds: int

    def __post_init__(self) -> None:
        if type(self.seconds) is not int or not 0 < self.seconds <= MAX_WHOLE:
            reason = f"it takes a time above zero, {MAX_WHOLE} seconds at the most"
            raise PolicyError(f"cannot use policy 'within': {reason}")


@frozen
class NewerThan:
    """Keep one snapshot and all that came after it, or all since an instant.

    Args:
        name: The short name, which stands behind the ``@``. In a dataset without such
            a snapshot all stay.
        time: Seconds since 1970, where `name` is empty.
    """

    name: str = ""
    time: int | None = None

    def __post_init__(self) -> None:
        if bool(self.name) == (self.time is not None):
            raise PolicyError(
                "cannot use policy 'newer-than': it takes either a name or a time"
            )
        if self.time is not None and not _YEAR_1 <= self.time < YEAR_10000:
            raise PolicyError("cannot use policy 'newer-than': years are 1 to 9999")


@frozen
class Step:
    """Part of a grid: `times` spans of `seconds`, each of which keeps some snapshots.

    A span keeps its oldest `keep` snapshots; None: all of them.
    """

    times: int
    seconds: int
    keep: int | None = 1

    def __post_init__(self) -> None:
        counts = (self.times, self.seconds, 1 if self.keep is None else self.keep)
        if not all(0 < count <= MAX_WHOLE for count in counts):
            kept = "all" if self.keep is None else self.keep
            raise PolicyError(
                f"cannot use policy 'grid={self.times}x{self.seconds}s(keep={kept})': "
                f"each number must be from 1 to {MAX_WHOLE}"
            )


@frozen
class Grid:
    """Keep the oldest of each span, spans counted back from the newest snapshot.

    This is zrepl's arithmetic to the second: a span includes its younger edge and
    excludes its older one. The spans slide, so a timer that jitters around an edge
    leaves some of them empty; calendar periods do not suffer from that.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise PolicyError("cannot use policy 'grid=': it is empty")
        longest = 0
        for step in self.steps:
            # This is zrepl's rule: spans that get shorter with age would thin out nothing.
            if step.seconds < longest:
                raise PolicyError(
                    f"cannot use policy 'grid': spans of {step.seconds} s follow spans of "
                    f"{longest} s, and spans must not get shorter with age"
                )
            longest = 0 if step.keep is None else step.seconds


@frozen
class Blocks:
    """Keep the oldest of each block of `seconds` counted from 1970, while it is young.

    This is how zfs-autobackup and znapzend thin out; :class:`Every` goes by the
    calendar instead, and loses no period to a timer's jitter.

    Args:
        seconds: Length of a block.
        within: The greatest age in seconds that the rule keeps.
        beyond: Ages up to this one, in seconds, are left out; 0: none are.
    """

    seconds: int
    within: int
    beyond: int = 0

    def __post_init__(self) -> None:
        if self.seconds < 1 or not 0 <= self.beyond < self.within <= MAX_WHOLE:
            raise PolicyError(
                f"cannot use policy 'blocks={self.seconds}s/{self.beyond}s-{self.within}s':"
                f" a block lasts 1s or more, and the ages rise, to {MAX_WHOLE}s at most"
            )


@frozen
class Never:
    """Never let a snapshot go, as for an audit trail."""


@frozen
class Unreplicated:
    """Keep the snapshots that a target of replication lacks, as far as is known.

    Where no target is known, or nothing is known to have arrived at one of them, all
    stay.

    Args:
        and_base: Also keep the newest snapshot that the target which lags most has. No
            stream needs it, since a bookmark keeps its place; zrepl keeps it.
    """

    and_base: bool = False


Rule = Last | Every | Within | NewerThan | Grid | Blocks | Never | Unreplicated


def _check_count(word: str, count: object) -> None:
    if count is None:
        return
    if type(count) is not int:
        msg = f"cannot use policy '{word}={count!r}': it takes a whole number"
        raise PolicyError(msg, hint="None stands for `unlimited`")
    if count < 0:
        raise PolicyError(f"cannot use policy '{word}={count}': a count is never negative")
    if count > MAX_WHOLE:
        raise PolicyError(f"cannot use policy '{word}': a count is at most {MAX_WHOLE}")

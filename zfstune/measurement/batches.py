"""The places that are written and read: the same for each candidate, and in each run.

A batch is written in one transaction group. Which records it touches follows from its
places alone, so the model and the devices can be compared.
"""

from __future__ import annotations

from random import Random

from zfstune.measurement.job_file import APPEND, RANDOM
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.measurement.job_file import Workload

__all__ = ["Batches", "Spot", "plan_batches", "touched_records"]

Spot = tuple[int, int, int]
"""Number of a file, offset in it, and bytes."""

# A share of the pages, so that few of a batch lie in one record.
_BATCH_SHARE = 128
_LEAST_BATCH, _MOST_BATCH = 32, 4096
_BATCHES = 8
_SETTLING_SYNCS = 4


@frozen
class Batches:
    """What is done in a run.

    Attributes:
        lengths: The length of each file, when they are filled.
        page_bytes: The size of most writes and reads; of all, unless they were recorded.
        settling: Pages that are written first, in batches.
        counted: Pages that are written and counted, in batches.
        asked: Pages that are read and counted.
        recorded: Whether they are those of a trace.
    """

    lengths: tuple[int, ...]
    page_bytes: int
    settling: tuple[tuple[Spot, ...], ...]
    counted: tuple[tuple[Spot, ...], ...]
    asked: tuple[Spot, ...]
    recorded: bool = False

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self.lengths)

    @property
    def file_bytes(self) -> int:
        """The length of the longest file."""
        return max(self.lengths)

    @property
    def size_bytes(self) -> int:
        """The length of all files together, when they are filled."""
        return sum(self.lengths)

    @property
    def written_pages(self) -> int:
        """How many pages are written and counted."""
        return sum(map(len, self.counted))

    @property
    def written_bytes(self) -> int:
        """The bytes that are written and counted."""
        return sum(size for batch in self.counted for *_, size in batch)

    @property
    def asked_bytes(self) -> int:
        """The bytes that are read and counted."""
        return sum(size for *_, size in self.asked)


def plan_batches(workload: Workload, size_bytes: int, seed: int) -> Batches:
    """Choose the places of a run.

    Args:
        workload: Its page size, alignment and pattern.
        size_bytes: The length of all files together, about.
        seed: The same seed gives the same places.
    """
    facts = workload.facts
    page, align = facts.page_bytes, facts.align_bytes
    file_bytes = workload.file_bytes or max(size_bytes // page, 1) * page
    files = max(size_bytes // file_bytes, 1)
    step = align if facts.pattern == RANDOM else page
    slots = list(_slots(files, file_bytes, page, step))
    random = Random(seed)  # noqa: S311 (it need not be hard to guess)
    batch = min(max(len(slots) // _BATCH_SHARE, _LEAST_BATCH), _MOST_BATCH)
    wanted = batch * _BATCHES
    if facts.pattern == RANDOM:
        settling = random.sample(slots, len(slots))
        counted = random.sample(slots, min(wanted, len(slots)))
        asked = random.sample(slots, min(wanted, len(slots)))
    elif facts.pattern == APPEND:
        settling = []
        counted = [(0, file_bytes + page * number, page) for number in range(wanted)]
        asked = slots
    else:
        settling = slots
        counted = slots[:wanted]
        # What a file's end cuts short, prefetch cannot exceed.
        asked = slots
    quarter = -(-len(settling) // _SETTLING_SYNCS)
    return Batches(
        lengths=(file_bytes,) * files,
        page_bytes=page,
        settling=tuple(_cut(settling, quarter)),
        counted=tuple(_cut(counted, batch)),
        asked=tuple(asked),
    )


def touched_records(places: Iterable[Spot], record_bytes: int) -> set[tuple[int, int]]:
    """Return the records that pages lie in, each as file and number."""
    return {
        (file, number)
        for file, offset, size in places
        for number in range(offset // record_bytes, (offset + size - 1) // record_bytes + 1)
    }


def _slots(files: int, file_bytes: int, page: int, step: int) -> Iterator[Spot]:
    for file in range(files):
        for offset in range(0, max(file_bytes - page, 0) + 1, step):
            yield file, offset, page


def _cut(places: list[Spot], size: int) -> Iterator[tuple[Spot, ...]]:
    for start in range(0, len(places), max(size, 1)):
        yield tuple(places[start : start + size])

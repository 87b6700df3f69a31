"""What is compared with what: a record size and a compression."""

from __future__ import annotations

from zfstune.values.frozen import frozen
from zfstune.values.size import format_size

__all__ = ["Candidate"]


@frozen
class Candidate:
    """One value of each of the two properties that are measured.

    Attributes:
        recordsize_bytes: The largest record of a file.
        compression: As the property takes it: ``lz4``, ``zstd-3``, ``off``.
    """

    recordsize_bytes: int
    compression: str

    @property
    def label(self) -> str:
        """A few letters that name it: ``8K lz4``."""
        return f"{format_size(self.recordsize_bytes)} {self.compression}"

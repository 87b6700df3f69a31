"""The choices of a caller: which files are written anew, and how gently."""

from __future__ import annotations

from zfstune.retention.free_target import FreeTarget
from zfstune.values.errors import InvalidValue, PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

__all__ = ["Retuning"]


@frozen
class Retuning:
    """How files are brought to the recordsize of today.

    Attributes:
        everything: Take every file, not only those with blocks of another size.
        compression: Take also files that are stored whole though compression is on and a
            sample of them shrinks, or shrunk though it is off.
        idle: Nothing else uses the dataset, not even a client of NFS.
        keep_free: The space of the pool that stays free: a size or a share, as in
            ``50G`` or ``10%``.
        rate_bytes_s: The most bytes a second that are copied; None: as many as can be.

    Raises:
        InvalidValue: The rate leaves nothing, or `keep_free` is neither.
    """

    everything: bool = False
    compression: bool = False
    idle: bool = False
    keep_free: str = "10%"
    rate_bytes_s: int | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        self.floor_bytes(0)
        if self.rate_bytes_s is not None and self.rate_bytes_s < 1:
            raise InvalidValue(
                "cannot retune at such a rate: it is at least 1 byte a second"
            )

    def floor_bytes(self, size_bytes: int) -> int:
        """Return the space that stays free of a pool of this size."""
        try:
            return FreeTarget.parse(self.keep_free).missing(size_bytes, 0)
        except PolicyError:
            raise InvalidValue(
                f"cannot keep '{shown(self.keep_free)}' of a pool free",
                hint="give a size or a share of the pool, as in 50G or 10%",
            ) from None

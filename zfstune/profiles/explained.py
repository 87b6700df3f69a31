"""The parts of an explained profile: datasets, their values, and the cost of records."""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.profiles.profile import Snapshots
    from zfstune.values.ondisk import Overwrite

__all__ = ["ExplainedDataset", "ExplainedValue", "Footprint"]


@frozen
class ExplainedValue:
    """One value with its reasons.

    Attributes:
        property: Its name.
        asked: The value that the profile asks for, as people write it (``8K``).
        value: The value that this pool would get, None: none.
        why: The reason.
        source: Who says so.
        disagrees: Who says otherwise; may be empty.
        pool: Why `value` differs from `asked`; may be empty.
        seed: The value in the variant seed, None: it sets none.
        seed_why: Why the seed's value differs; empty where it does not.
        rules: Other values for other pools: fact, value, reason.
    """

    property: str
    asked: str
    value: str | None
    why: str
    source: str
    disagrees: str
    pool: str
    seed: str | None
    seed_why: str
    rules: tuple[tuple[str, str, str], ...]


@frozen
class Footprint:
    """The space that a record takes, and the cost of a write into it.

    Attributes:
        record_bytes: Size of a record.
        raw_bytes: Space that it takes where data does not compress.
        packed_bytes: Space that it takes where data compresses to a half.
        raw_write: An aligned write of 8K into it, of data that does not compress.
        packed_write: The same, of data that compresses to a half.
    """

    record_bytes: int
    raw_bytes: int
    packed_bytes: int
    raw_write: Overwrite
    packed_write: Overwrite


@frozen
class ExplainedDataset:
    """One dataset of a profile.

    Attributes:
        path: Below the root.
        values: In the order of the profile.
        footprint: None where the profile sets no recordsize, here or above.
        seed_only: Values that only the variant seed sets here: property, value, why.
        in_seed: Whether the seed has such a dataset.
        snapshots: How often they are taken and which stay, None: the profile has none.
    """

    path: str
    values: tuple[ExplainedValue, ...]
    footprint: Footprint | None
    seed_only: tuple[tuple[str, str, str], ...]
    in_seed: bool
    snapshots: Snapshots | None = None

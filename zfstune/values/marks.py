"""The marks that zfstune leaves: its user properties, and the names of its snapshots.

This is all that zfstune writes for itself on datasets and snapshots:

``org.zfstune:profile``
    On a dataset that it manages: names of profiles, parted by commas.
``org.zfstune:applied``
    On a dataset that it manages or made to hold others: the values that it set, as
    :mod:`zfstune.datasets.applied` writes them.
``org.zfstune:stands-for``
    On a dataset that a profile was put on where it lies: the path that it stands for in
    the profile, as in ``postgres``.
``org.zfstune:schedule``
    On a dataset with a schedule: how often snapshots are taken, or ``none``
    (:mod:`zfstune.schedules.cadence`).
``org.zfstune:policy``
    On a dataset with a policy: what a prune keeps (:mod:`zfstune.retention.policy_text`).
``org.zfstune:replicate-to``
    On a dataset with a schedule: the targets that it is replicated to by the clock,
    parted by commas (:mod:`zfstune.schedules.replicate_to`). On a dataset that no
    replication of a tree is to take along: ``none`` (:mod:`zfstune.streams.selection`).
``org.zfstune:replicate-with``
    Beside those targets: the options that each of them is replicated with, as words of
    ``zfstune replicate`` (:mod:`zfstune.schedules.replicate_to`).
``org.zfstune:kept``
    On a dataset pruned by policy: how many snapshots in scope the last prune left.
``org.zfstune:snapshot``
    On a snapshot that it took: ``auto``.
``org.zfstune:checkpoint``
    On a snapshot of a checkpoint: the number of datasets in that checkpoint; on one that
    a rollback took: ``escape``. On a dataset made for a rollback's copies: ``folder``.
``org.zfstune:replica``
    On a dataset that a first send made: the number by which bookmarks on the source name
    it, whether that send was raw, and whether it has taken over since
    (:mod:`zfstune.values.replication_marks`); on a
    placeholder for a source without a snapshot: the guid of that source
    (:mod:`zfstune.streams.ends`); on a dataset that was put aside: ``aside``.
``org.zfstune:replica-target-NUMBER``
    On a dataset that is replicated: where the target with that number is, as in
    ``tank/copy`` or ``host:tank/copy`` (:mod:`zfstune.values.replication_marks`).
``org.zfstune:replica-opened``
    On a copy that was made with ``-x``: the names of the properties, among those that make
    a copy inert, that it was to inherit, parted by commas (:mod:`zfstune.values.inert`).
``org.zfstune:replica-properties``
    On a copy that takes properties of its source: the names of those that came from
    there, each with a digest of its value (:mod:`zfstune.streams.taken_properties`).
``org.zfstune:golden``
    On a golden image: the guid of its sealed snapshot, and whether it is retired
    (:mod:`zfstune.clones.seal`). On a snapshot that was taken for an image: ``sealed``.
``org.zfstune:stamp``
    On a clone that was stamped from an image: the guid of the image's snapshot, and
    whether the clone is still unfinished (:mod:`zfstune.clones.seal`).
``org.zfstune:moving``
    On a dataset that a directory is moving into: how far that has come
    (:mod:`zfstune.datasets.move_in_plan`).
``org.zfstune:scratch``
    On a dataset that a measurement made: the process that made it
    (:mod:`zfstune.host.process_identity`).

A mark counts only where it was set on this system. The sender of a stream may have put
any mark into it, so a received mark decides nothing here: neither which datasets are
managed, nor which snapshots may be destroyed, nor how often new ones are taken.
"""

from __future__ import annotations

from functools import lru_cache

from zfstune.values.errors import InvalidName
from zfstune.values.state import INHERITED, LOCAL
from zfstune.values.text import utc_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from zfstune.values.state import Dataset

__all__ = [
    "APPLIED_PROPERTY",
    "AUTO_PREFIX",
    "BEGUN",
    "CHECKPOINT_PREFIX",
    "CHECKPOINT_PROPERTY",
    "GOLDEN_PROPERTY",
    "KEPT_PROPERTY",
    "MOVING_PROPERTY",
    "OPENED_PROPERTY",
    "OWN_PREFIX",
    "POLICY_PROPERTY",
    "PROFILE_PROPERTY",
    "REPLICATE_PROPERTY",
    "REPLICATE_WITH_PROPERTY",
    "REPLICA_PROPERTY",
    "SCHEDULE_PROPERTY",
    "SCRATCH_PREFIX",
    "SCRATCH_PROPERTY",
    "SNAPSHOT_PROPERTY",
    "STAMP_PROPERTY",
    "STANDS_FOR_PROPERTY",
    "TAKEN_PROPERTY",
    "TARGET_PREFIX",
    "auto_name",
    "is_auto_name",
    "is_managed",
    "profiles_on",
    "scratch_mark",
    "set_here_on",
]

# The user properties below this prefix are for zfstune alone to write.
OWN_PREFIX = "org.zfstune:"
PROFILE_PROPERTY = f"{OWN_PREFIX}profile"
APPLIED_PROPERTY = f"{OWN_PREFIX}applied"
STANDS_FOR_PROPERTY = f"{OWN_PREFIX}stands-for"
SCHEDULE_PROPERTY = f"{OWN_PREFIX}schedule"
POLICY_PROPERTY = f"{OWN_PREFIX}policy"
KEPT_PROPERTY = f"{OWN_PREFIX}kept"
# The kind of a dataset that a raw stream has begun, and that has nothing in it: the kernel
# makes the two in one transaction group after the other (dmu_recv_begin() in
# module/zfs/dmu_recv.c, dsl_crypto_recv_raw() in module/zfs/dsl_crypt.c).
BEGUN = "begun"

SNAPSHOT_PROPERTY = f"{OWN_PREFIX}snapshot"
CHECKPOINT_PROPERTY = f"{OWN_PREFIX}checkpoint"
REPLICATE_PROPERTY = f"{OWN_PREFIX}replicate-to"
REPLICATE_WITH_PROPERTY = f"{OWN_PREFIX}replicate-with"
REPLICA_PROPERTY = f"{OWN_PREFIX}replica"
OPENED_PROPERTY = f"{OWN_PREFIX}replica-opened"
TAKEN_PROPERTY = f"{OWN_PREFIX}replica-properties"
TARGET_PREFIX = f"{OWN_PREFIX}replica-target-"
GOLDEN_PROPERTY = f"{OWN_PREFIX}golden"
STAMP_PROPERTY = f"{OWN_PREFIX}stamp"
MOVING_PROPERTY = f"{OWN_PREFIX}moving"
SCRATCH_PROPERTY = f"{OWN_PREFIX}scratch"

# The name of a scratch dataset, which lies directly below its pool, begins with this.
SCRATCH_PREFIX = "zfstune-measure-"

# The names of the snapshots of checkpoints begin with this.
CHECKPOINT_PREFIX = "checkpoint-"
# The names of the snapshots that zfstune takes begin with this.
AUTO_PREFIX = "zfstune-"
_STAMP = "YYYYmmddTHHMMSSZ"
_DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY = 2


def is_managed(dataset: Dataset) -> bool:
    """Tell whether zfstune made or adopted a dataset.

    A dataset that it made only to hold others counts too: ``zfstune snapshot -r``
    takes it along.
    """
    return any(dataset.local(name) for name in (PROFILE_PROPERTY, APPLIED_PROPERTY))


def profiles_on(dataset: Dataset) -> tuple[str, ...]:
    """Return the names of the profiles that manage a dataset, by its own mark."""
    text = dataset.local(PROFILE_PROPERTY)
    return tuple(filter(None, text.split(","))) if text else ()


def scratch_mark(dataset: Dataset) -> str:
    """Return the process that made a scratch dataset; empty: it is none.

    It takes the place, the name and the mark together.
    """
    name = dataset.name.partition("/")[2]
    if "/" in name or not name.startswith(SCRATCH_PREFIX):
        return ""
    return dataset.local(SCRATCH_PROPERTY) or ""


def set_here_on(
    dataset: Dataset, name: str, dataset_named: Callable[[str], Dataset | None]
) -> str:
    """Return the dataset on which somebody here set the value of a property in force.

    A value that came in a stream does not count, neither on the dataset that received
    it nor on the datasets below, which inherit it.

    Args:
        dataset: The dataset whose value is looked at.
        name: The property, as in ``org.zfstune:policy``.
        dataset_named: Finds the dataset that an inherited value was set on; None:
            there is no such dataset.

    Returns:
        The full name of `dataset` or of one above it; empty where the property is set
        nowhere, or only by a stream.
    """
    value = dataset.properties.get(name)
    if value is None or value.source not in (LOCAL, INHERITED):
        return ""
    if value.source == LOCAL:
        return dataset.name
    above = dataset_named(value.origin)
    return value.origin if above is not None and above.local(name) is not None else ""


def auto_name(when: datetime, attempt: int = 0) -> str:
    """Name a snapshot that zfstune takes, as in ``zfstune-20261123T030000Z``.

    The stamp is in UTC, so that names sort by time and daylight saving neither
    repeats nor skips one.

    Args:
        when: An aware time.
        attempt: How many names of that second are known to be taken: from 1 on it is
            appended, as in ``zfstune-20261123T030000Z-1``.

    Returns:
        The part of the name behind the ``@``.

    Raises:
        InvalidName: `when` is naive or lies outside the calendar in UTC, or
            `attempt` is negative.
    """
    from datetime import UTC  # noqa: PLC0415 (a caller with a datetime has loaded it)

    if when.utcoffset() is None:
        message = f"cannot name a snapshot after {when}: the time has no zone"
        raise InvalidName(message, hint="pass an aware datetime")
    if attempt < 0:
        message = f"cannot name a snapshot by attempt {attempt}: it is negative"
        raise InvalidName(message)
    try:
        utc = when.astimezone(UTC)
    except OverflowError:
        message = f"cannot name a snapshot after {when}: UTC has no such year"
        raise InvalidName(message) from None
    stamp = utc_stamp(utc)
    return f"{AUTO_PREFIX}{stamp}-{attempt}" if attempt else AUTO_PREFIX + stamp


@lru_cache(maxsize=1 << 14)  # one run gives the snapshots of all datasets one name
def is_auto_name(short: str) -> bool:
    """Tell whether the whole of `short` is a name that :func:`auto_name` gives.

    A name is no proof of ownership: that takes :data:`SNAPSHOT_PROPERTY`.
    """
    stamp, dash, attempt = short.removeprefix(AUTO_PREFIX).partition("-")
    if not short.startswith(AUTO_PREFIX) or not short.isascii():
        return False
    if dash and not (attempt.isdigit() and attempt[0] != "0"):
        return False
    if len(stamp) != len(_STAMP) or stamp[8] != "T" or stamp[15] != "Z":
        return False
    if not (stamp[:8] + stamp[9:15]).isdigit():
        return False
    day = _is_day(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8]))
    return day and stamp[9:11] < "24" and stamp[11:13] < "60" and stamp[13:15] < "60"


def _is_day(year: int, month: int, day: int) -> bool:
    """Tell whether the calendar has that day.

    A prune by count asks this of thousands of names and never imports datetime.
    """
    if year < 1 or not 1 <= month <= len(_DAYS_OF_MONTHS):
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = 29 if leap and month == _FEBRUARY else _DAYS_OF_MONTHS[month - 1]
    return 1 <= day <= days

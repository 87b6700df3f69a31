"""Cautions: values that a pool takes and that may not do what the reader expects."""

from __future__ import annotations

from zfstune.profiles.pool_rules import has_vdev
from zfstune.values.frozen import frozen
from zfstune.values.property_rules import display
from zfstune.values.size import format_size
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.datasets.request import Request
    from zfstune.datasets.wanted import Wanted
    from zfstune.profiles.profile import Profile
    from zfstune.values.properties import Limits
    from zfstune.values.state import PoolInfo

__all__ = [
    "Caution",
    "is_nearly_full",
    "weigh_needs",
    "weigh_recordsize",
    "weigh_special",
    "weigh_values",
    "weigh_wait",
    "weigh_wanted",
]

_SMALL_FOR_RAIDZ = 32 << 10


@frozen
class Caution:
    """Something that the reader should know and that no step of the plan changes.

    Attributes:
        dataset: The dataset, or the pool, that it is about.
        message: One sentence without a final period.
        hint: What may help; may be empty.
    """

    dataset: str
    message: str
    hint: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the caution as JSON takes it."""
        return {"dataset": self.dataset, "message": self.message, "hint": self.hint or None}


def weigh_wanted(
    request: Request, wanted: Iterable[Wanted], pool: PoolInfo, limits: Limits
) -> Iterator[Caution]:
    """Say which values had to give way on a pool, and which have another effect there.

    Args:
        request: The profiles; a profile that is named twice counts once.
        wanted: The datasets that they want, from
            :func:`zfstune.datasets.wanted.wanted_datasets`.
        pool: The pool that `wanted` was cut down to.
        limits: The limits of the running module.
    """
    root = request.root_on(pool.name)
    for profile in {p.name: p for p in request.profiles}.values():
        yield from weigh_needs(profile, root, limits)
    for dataset in wanted:
        for message in dataset.gave_way:
            yield Caution(dataset.dataset, message)
        yield from weigh_values(dataset, pool)


def weigh_needs(profile: Profile, root: str, limits: Limits) -> Iterator[Caution]:
    """Say that a profile takes a later release than the running one."""
    needs = profile.needs
    if needs is None or limits.release >= needs.release:
        return
    needed, running = (".".join(map(str, r)) for r in (needs.release, limits.release))
    message = (
        f"profile {profile.name} needs OpenZFS {needed} or later, and this is {running}"
    )
    dataset = f"{root}/{profile.datasets[0].path}"
    yield Caution(dataset, message, needs.why.rstrip("."))


def weigh_values(wanted: Wanted, pool: PoolInfo) -> Iterator[Caution]:
    """Say which values do nothing on this pool, or need another program to act on them."""
    small = int(wanted.values.get("special_small_blocks", "0"))
    if small and not has_vdev(pool, "special"):
        message = (
            f"special_small_blocks does nothing: pool '{pool.name}' has no special vdev"
        )
        yield Caution(wanted.dataset, message)
    if wanted.values.get("sharesmb", "off") != "off":
        message = "sharesmb is stored, but not shared over SMB: zfstune serves NFS only"
        yield Caution(
            wanted.dataset, message, f"`zfs share {for_shell(wanted.dataset)}` shares it"
        )


def weigh_special(
    dataset: str, *, recordsize: str, small: str, origin: str, pool: PoolInfo
) -> Iterator[Caution]:
    """Say that each record of a dataset is small enough for the special vdev.

    Args:
        dataset: Its name.
        recordsize: The value of ``recordsize`` that will be in force, in bytes.
        small: The value of ``special_small_blocks`` that will be in force, in bytes.
        origin: The dataset that ``special_small_blocks`` is set on.
        pool: The pool; without a special vdev there is nothing to say.
    """
    if not (recordsize.isdigit() and small.isdigit() and has_vdev(pool, "special")):
        return
    # Blocks of that size or smaller go to the special vdev (spa_preferred_class() in
    # module/zfs/spa_misc.c).
    if 0 < int(recordsize) <= int(small):
        where = "" if origin == dataset else f" ({format_size(int(small))} on {origin})"
        message = (
            "all data goes to the special vdev: "
            f"no record exceeds special_small_blocks{where}"
        )
        less = format_size(int(recordsize) // 2)
        hint = f"to avoid that, ask for less: -o special_small_blocks={less}"
        yield Caution(dataset, message, hint)


def weigh_wait(wanted: Wanted, pool: PoolInfo) -> Iterator[Caution]:
    """Say that synced writes wait for spinning disks, as the pool has no log device.

    A profile that sets sync or logbias is one whose applications wait for such writes.
    """
    waits = wanted.values.get("sync", "disabled") != "disabled"
    waits = waits or wanted.values.get("logbias") == "latency"
    if waits and pool.rotational and not has_vdev(pool, "log"):
        message = "each synced write waits for the spinning disks of the pool"
        add = f"`zpool add {for_shell(pool.name)} log ...`"
        hint = f"a fast log device shortens the wait: {add}"
        yield Caution(wanted.dataset, message, hint)


def weigh_recordsize(wanted: Wanted, pool: PoolInfo) -> Iterator[Caution]:
    """Say that records are too small for the sectors or the parity of the pool."""
    size = int(wanted.values.get("recordsize", "0"))
    if not size:
        return
    shown = display("recordsize", str(size))
    sector = 1 << pool.ashift
    # A block is stored compressed only where that saves a whole sector
    # (zio_write_compress(), module/zfs/zio.c).
    if size <= sector:
        message = f"records of {shown} never compress on sectors of {sector} bytes"
        hint = f"use -o recordsize={format_size(2 * sector)} or larger"
        yield Caution(wanted.dataset, message, hint)
    # Parity and padding are counted in sectors (the asize rules of
    # module/zfs/vdev_raidz.c): a record of one or two of them pays like a mirror.
    kinds = {v.kind for v in pool.vdevs if v.role == "normal"}
    striped = sorted(k for k in kinds if k.startswith(("raidz", "draid")))
    if striped and size < _SMALL_FOR_RAIDZ:
        message = (
            f"on {striped[0]}, parity and padding take much space with records of {shown}"
        )
        hint = "use -o recordsize=32K or larger, or a pool of mirrors"
        yield Caution(wanted.dataset, message, hint)


def is_nearly_full(pool: PoolInfo) -> bool:
    """Tell whether so little is free that writes get slow: less than a tenth.

    Below that, more and more metaslabs run into the slow allocator
    (metaslab_df_free_pct in module/zfs/metaslab.c).
    """
    return pool.free_bytes * 10 < pool.size_bytes

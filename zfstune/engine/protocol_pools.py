"""The calls of an engine for whole pools."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from zfstune.values.pool_activity import PoolActivity
    from zfstune.values.state import PoolInfo
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["PoolCalls"]


class PoolCalls(Protocol):
    """Calls for whole pools and their devices, and channel programs.

    A device is named by its path, as ``zpool status -P`` shows it. Where the running
    release, or an image, lacks a call, it raises
    :class:`~zfstune.values.errors.NotSupported`.
    """

    def pools(self) -> tuple[str, ...]:
        """Return the names of the imported pools, sorted."""

    def pool(self, name: str) -> PoolInfo:
        """Return the vdevs, features, space and health of a pool."""

    def activity(self, pool: str) -> PoolActivity:
        """Return the bytes that passed the devices of a pool, and what it is busy with."""

    def run_program(
        self,
        pool: str,
        program: str,
        arguments: Mapping[str, object] | None = None,
        *,
        sync: bool = True,
        instructions: int = ...,
        memory_bytes: int = ...,
    ) -> object:
        """Run a channel program (man/man8/zfs-program.8); return its result."""

    def sync(self, pool: str, *, force: bool = False) -> None:
        """Write all changes of a pool to its devices.

        Args:
            pool: The pool.
            force: Write the labels too, even where nothing has changed.
        """

    def wait(self, pool: str, activity: str, *, device: str = "") -> bool:
        """Wait until an activity in a pool has ended; tell whether it was under way.

        A signal that raises an exception, as Ctrl-C does, ends the call; in an image the
        call ends first.

        Args:
            pool: The pool.
            activity: ``discard`` (of the checkpoint), ``free``, ``initialize``,
                ``replace``, ``remove``, ``resilver``, ``scrub``, ``trim`` or, since 2.3,
                ``raidz_expand``.
            device: For ``initialize`` and ``trim``: wait for this device alone.
        """

    def wait_deleted(self, name: str) -> bool:
        """Wait until the space of a filesystem's deleted files is freed.

        Returns:
            Whether there was any to free.
        """

    def pool_checkpoint(self, pool: str) -> None:
        """Keep the state of a whole pool, to which an import can go back.

        Space that is freed from now on is kept until the checkpoint is discarded.

        Raises:
            Busy: The pool has a checkpoint, or is discarding one.
        """

    def discard_pool_checkpoint(self, pool: str) -> None:
        """Give up a pool's checkpoint; its space is freed in the background.

        Raises:
            NotFound: The pool has none.
        """

    def scrub(self, pool: str, action: str = "start", *, errors_only: bool = False) -> None:
        """Start, pause or stop a scrub: all blocks are read and checked.

        Args:
            pool: The pool.
            action: ``start``, which also goes on with a paused one, ``pause``, ``stop``.
            errors_only: Read only the blocks that are known to be damaged; since 2.2.

        Raises:
            Busy: A scrub or a resilver is running.
        """

    def initialize(
        self, pool: str, action: str = "start", *, devices: Iterable[str] = ()
    ) -> None:
        """Write to all free space of devices, in the background.

        Args:
            pool: The pool.
            action: ``start``, which also goes on with a suspended one, ``suspend``,
                ``cancel`` or, since 2.2, ``uninit``: forget that it was done.
            devices: The devices; none named: all that hold data.

        Raises:
            BatchError: It names each device that refused.
        """

    def trim(
        self,
        pool: str,
        action: str = "start",
        *,
        devices: Iterable[str] = (),
        rate_bytes: int = 0,
        secure: bool = False,
    ) -> None:
        """Tell devices which space is free, in the background; an image gets holes.

        Args:
            pool: The pool.
            action: ``start``, which also goes on with a suspended one, ``suspend`` or
                ``cancel``.
            devices: The devices; none named: all that can be trimmed.
            rate_bytes: Bytes a second for each device at most; 0: no limit.
            secure: Ask the devices to erase the space.

        Raises:
            BatchError: It names each device that refused.
        """

    def reopen(self, pool: str, *, restart_scrub: bool = True) -> None:
        """Open all devices of a pool again, as after a cable was plugged in.

        Args:
            pool: The pool.
            restart_scrub: Begin a running scrub anew.
        """

    def prefetch(self, pool: str, table: str = "ddt") -> None:
        """Read a table into memory before it is needed; since 2.3.

        Args:
            pool: The pool.
            table: ``ddt``, of deduplicated blocks, or since 2.4 ``brt``, of cloned ones.
        """

    def prune_dedup(self, pool: str, *, percent: int = 0, older_than_s: int = 0) -> None:
        """Forget entries of the deduplication table that stand for one block; since 2.3.

        Args:
            pool: The pool.
            percent: How many of them, the oldest first; or
            older_than_s: all that have not been used for this time.
        """

    def device_properties(self, pool: str, device: str) -> dict[str, str | int]:
        """Return the properties that were set on a device; since 2.2.

        Those that ZFS only tells of it, as its path and its errors, are not among them
        (vdev_prop_get() in module/zfs/vdev.c); see man/man7/vdevprops.7.
        """

    def set_device_properties(
        self, pool: str, device: str, properties: Mapping[str, str]
    ) -> None:
        """Set properties of a device; numbers are digits; since 2.2."""

    def boot_environment(self, pool: str) -> dict[str, object]:
        """Return what a boot loader keeps in the labels of a pool."""

    def set_boot_environment(self, pool: str, values: Mapping[str, object]) -> None:
        """Replace what a boot loader keeps in the labels of a pool.

        Args:
            pool: The pool.
            values: Names to values; ``version`` is 1 unless it is given as 0, with
                which GRUB's ``grub:envmap`` is the only value.
        """

"""The facts about a host that doctor judges: values, read by ``examine_host``."""

from __future__ import annotations

import re

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zfstune.values.property_table import Release
    from zfstune.values.state import Dataset, PoolInfo

__all__ = ["HostFacts", "read_release"]

_RELEASE = re.compile(r"(?:zfs-)?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?![\d.])", re.ASCII)
_KERNEL = re.compile(r"(\d{1,6})\.(\d{1,6})", re.ASCII)


def read_release(text: str) -> Release:
    """Read the three numbers that a version begins with; empty: there are none.

    ``2.1.11-1+deb12u1``, ``zfs-2.3.2-2`` and ``2.4.99-1`` have them.
    """
    match = _RELEASE.match(text)
    return tuple(int(number) for number in match.groups()) if match else ()


@frozen
class HostFacts:
    """A host, as far as somebody could look at it.

    Attributes:
        module: The version of the ZFS that is looked at, as its builder writes it: the
            loaded module's or, of an image, the library's; empty: nobody can tell.
        library: The version of libzfs, which the zfs command has; empty: not found.
        image: Whether the ZFS is that of a pool in a plain file.
        kernel: The release of the kernel.
        parameters: The module's parameters by name.
        memory_bytes: The memory of the machine; 0: unknown.
        pools: The pools.
        datasets: The datasets that can be read.
        is_root: Whether the user is root.
        device: The reason why ``/dev/zfs`` cannot be opened; empty: it can.
        programs: The programs that were looked for, with their paths; empty: not found.
        services: ``zed``, OpenZFS's daemon for events, and ``clock``, anything that keeps
            the clock right: whether it runs. Empty where nobody can tell.
        swaps: The devices and files that the kernel swaps to.
        zones: The time zones that stored policies name, and whether they can be loaded.
        has_zone_data: Whether there is time zone data at all.
        now: The clock, in seconds since 1970.
        latest: The name and the time of the youngest thing in the pools; None: there is
            nothing with a time.
        remote: Whether a dataset is replicated to another host.
        unseen: The things that could not be looked at, with reasons.
    """

    module: str = ""
    library: str = ""
    image: bool = False
    kernel: str = ""
    parameters: Mapping[str, str] = {}
    memory_bytes: int = 0
    pools: tuple[PoolInfo, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    is_root: bool = True
    device: str = ""
    programs: Mapping[str, str] = {}
    services: Mapping[str, bool] = {}
    swaps: tuple[str, ...] = ()
    zones: Mapping[str, bool] = {}
    has_zone_data: bool = True
    now: int = 0
    latest: tuple[str, int] | None = None
    remote: bool = False
    unseen: tuple[str, ...] = ()

    @property
    def release(self) -> Release:
        """The release of the ZFS that is looked at; empty: nobody can tell."""
        return read_release(self.module)

    @property
    def kernel_release(self) -> Release:
        """The first two numbers of the kernel's release; empty: nobody can tell."""
        match = _KERNEL.match(self.kernel)
        return tuple(int(number) for number in match.groups()) if match else ()

    def pools_where(self, test: Callable[[PoolInfo], bool]) -> tuple[str, ...]:
        """Return the names of the pools that pass a test."""
        return tuple(pool.name for pool in self.pools if test(pool))

    def datasets_where(self, test: Callable[[Dataset], bool]) -> tuple[str, ...]:
        """Return the names of the datasets that pass a test."""
        return tuple(dataset.name for dataset in self.datasets if test(dataset))

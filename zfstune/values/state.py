"""The state of this system: frozen values that engine and host read, for all plans.

Byte counts end in ``_bytes``. A ``createtxg`` is the transaction group in which a dataset
or snapshot was created; it gives their order even where a clock was set back.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.errors import Damaged
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.values.property_table import Release

__all__ = [
    "DEFAULT",
    "INHERITED",
    "LOCAL",
    "NONE",
    "RECEIVED",
    "Bookmark",
    "Dataset",
    "FileSample",
    "FileSize",
    "Limits",
    "Mount",
    "Partial",
    "Place",
    "PoolInfo",
    "PropertyValue",
    "RunningFile",
    "Snapshot",
    "Vdev",
    "damage_of",
]

# The words `zfs get` prints in its SOURCE column.
LOCAL = "local"
INHERITED = "inherited"
RECEIVED = "received"
DEFAULT = "default"
NONE = "none"  # read-only properties have no source: `zfs get` prints "-"

_OWN = frozenset({LOCAL, NONE})


@frozen
class PropertyValue:
    """One property of one dataset.

    Attributes:
        value: Text as `zfs get -p` prints it: numbers in plain digits (bytes),
            index properties by word, user properties as stored.
        source: One of the five words above.
        origin: The dataset that an inherited value was set on, else empty.
    """

    value: str
    source: str = DEFAULT
    origin: str = ""


_NO_PROPERTIES: Mapping[str, PropertyValue] = MappingProxyType({})


class _WithProperties:
    """The properties of a dataset or snapshot, and three ways to look one up."""

    __slots__ = ()
    name: str
    properties: Mapping[str, PropertyValue]

    def __str__(self) -> str:
        return self.name

    def local(self, name: str) -> str | None:
        """Return the value that was set on this very dataset or snapshot, or None."""
        prop = self.properties.get(name)
        return prop.value if prop is not None and prop.source == LOCAL else None

    def own(self, name: str) -> str | None:
        """Return a value that was set on this dataset or is kept in its own blocks.

        A property that a filesystem keeps in its own blocks, such as ``version``, has no
        source.
        """
        prop = self.properties.get(name)
        return prop.value if prop is not None and prop.source in _OWN else None

    def value(self, name: str) -> str | None:
        """Return the value in force, wherever it was set, or None where there is none."""
        prop = self.properties.get(name)
        return None if prop is None else prop.value


@frozen
class Dataset(_WithProperties):
    """A filesystem or a volume.

    Attributes:
        name: Full name with the pool.
        kind: ``filesystem`` or ``volume``.
        guid: Identity that survives a rename.
        createtxg: Transaction group of its creation.
        properties: Name to value, native and user properties alike.
        damaged: The reason why it cannot be read; empty where it can. Reading a property
            then raises :class:`~zfstune.values.errors.Damaged`, so that nobody takes its
            default for its value.
    """

    name: str
    kind: str
    guid: int
    createtxg: int
    properties: Mapping[str, PropertyValue] = _NO_PROPERTIES
    damaged: str = ""


def damage_of(dataset: Dataset) -> Damaged:
    """Return the error for a dataset that a listing could not read."""
    return Damaged(operation="read", target=dataset.name, reason=dataset.damaged)


@frozen
class Snapshot(_WithProperties):
    """A snapshot.

    Attributes:
        name: Full name, ``dataset@snapshot``.
        guid: Identity: a snapshot made anew under the same name has another.
        createtxg: Transaction group of its creation; orders the snapshots of a pool.
        clones: How many clones have it as their origin.
        properties: Empty where the listing did not read them.
        creation: Seconds since 1970 at which it was taken; None where that was not read.
    """

    name: str
    guid: int
    createtxg: int
    clones: int = 0
    properties: Mapping[str, PropertyValue] = _NO_PROPERTIES
    creation: int | None = None

    @property
    def dataset(self) -> str:
        """The dataset that it is a snapshot of."""
        return self.name.partition("@")[0]

    @property
    def short_name(self) -> str:
        """The part of the name behind the ``@``."""
        return self.name.partition("@")[2]


@frozen
class Bookmark:
    """A bookmark, which can be the base of an incremental send without its snapshot.

    Attributes:
        name: Full name, ``dataset#bookmark``.
        guid: Identity of the snapshot that it was made of.
        createtxg: Transaction group of that snapshot's creation.
        creation: Seconds since 1970 at which that snapshot was taken.
        ivsetguid: The number of the set of IVs of that snapshot, if it was encrypted; 0:
            it was not, or the pool's feature ``bookmark_v2`` is not enabled.
        referenced_bytes: The space that the snapshot referenced; None where the pool's
            feature ``bookmark_written`` is not enabled.
        redact_snaps: Guids of the snapshots that it leaves the data of out of a redacted
            send; None: it is no redaction bookmark.
        redact_complete: Whether the search for that data came to its end.
    """

    name: str
    guid: int
    createtxg: int
    creation: int
    ivsetguid: int = 0
    referenced_bytes: int | None = None
    redact_snaps: tuple[int, ...] | None = None
    redact_complete: bool = False


@frozen
class Partial:
    """The part of a stream that a receive kept when it broke off, as its token says.

    A token may have come from another machine: its name and guids are checked for their
    form, and no more.

    Attributes:
        toname: The snapshot's name on the sender when the send began.
        toguid: Guid of that snapshot.
        fromguid: Guid of the base of an incremental; 0: the stream is a full one.
        raw: Whether encrypted blocks are sent as they are.
    """

    toname: str
    toguid: int
    fromguid: int = 0
    raw: bool = False


@frozen
class Mount:
    """One mounted filesystem, as the kernel's mount table lists it.

    Attributes:
        dataset: Name of the filesystem.
        path: The directory that it is mounted on, without links.
        uid: Owner of the mounted root directory; None where the caller may not look.
        gid: Group of that directory, or None.
        mode: Permission bits of that directory, ``0o7777`` at the most, or None.
        options: The options of this mount, as ``mount`` words them (``ro``, ``noexec``
            ...); None where they are unknown.
        hidden: Another filesystem is mounted over it; owner and mode are those of the
            other one.
    """

    dataset: str
    path: str
    uid: int | None
    gid: int | None
    mode: int | None
    options: frozenset[str] | None = None
    hidden: bool = False


@frozen
class Place:
    """The end of a path, with the obstacles that a mount there would meet.

    Attributes:
        path: The path that was asked about.
        real: The same path without links, as far as they may be followed.
        obstacle: The reason why the directory cannot exist or be made: ``file``,
            ``dangling`` (a link to nothing), ``link`` (one that may be somebody
            else's), ``read-only``, ``denied`` (out of this user's reach); else empty.
        obstacle_path: The path of the obstacle.
        holds: A path within the directory that is not empty; empty: it holds nothing.
    """

    path: str
    real: str
    obstacle: str = ""
    obstacle_path: str = ""
    holds: str = ""


@frozen
class FileSize:
    """The size of one file and of its blocks.

    Attributes:
        path: Full path of the file.
        size_bytes: Length of the file.
        block_bytes: Size of its blocks, as ``st_blksize`` has it.
    """

    path: str
    size_bytes: int
    block_bytes: int


@frozen
class FileSample:
    """Some of the files of one dataset.

    Attributes:
        files: The files of the sample; none of them is empty.
        complete: Whether these are all files of the dataset that are not empty.
    """

    files: tuple[FileSize, ...]
    complete: bool


@frozen
class RunningFile:
    """A file or folder in use by this process or an ancestor, which a rollback would take.

    Attributes:
        pid: The process.
        program: The name of its program.
        path: The file, or the folder that the program works in.
        dataset: The dataset that holds it.
    """

    pid: int
    program: str
    path: str
    dataset: str


@frozen
class Vdev:
    """One top-level vdev.

    Attributes:
        kind: ``mirror``, ``raidz1``, ``draid2``, ``disk``, ``file`` ...
        ashift: Sector size in force, as a power of two.
        role: ``normal``, ``log``, ``special`` or ``dedup``.
        devices: Paths of its leaves.
        rotational: Whether one of its leaves is a spinning disk; None: unknown.
        width: Devices that one stripe spans, parity included; 1 without parity.
        parity: Devices of a stripe that hold parity.
    """

    kind: str
    ashift: int
    role: str
    devices: tuple[str, ...]
    rotational: bool | None
    width: int = 1
    parity: int = 0


@frozen
class PoolInfo:
    """A pool: its vdevs, its features, its space and its health.

    Attributes:
        name: Name of the pool.
        guid: Identity of the pool.
        vdevs: Top-level vdevs.
        features: Enabled feature flags by short name (``zstd_compress``).
        free_bytes: Unallocated space.
        size_bytes: Allocated and free space together.
        readonly: Whether it was imported read-only.
        suspended: Whether it lost its devices; every change would hang or fail.
        altroot: Prefix of every mountpoint, else empty.
        mountable: Whether its filesystems can be mounted on this system; those of an
            image cannot.
        freeing_bytes: Space of destroyed data that is still being freed; None where
            that is not known.
        health: ``ONLINE``, or the other state that ``zpool list`` prints.
        damaged: How many of its blocks are known to be lost for good.
        ailing: Devices that are not online, with their state: ``/dev/sdb FAULTED``.
        active: The features that are in use: software that lacks one of them cannot
            read the pool.
        compatibility: The value of ``compatibility``, which limits its features, as in
            ``grub2``; may be empty.
        bootfs: The filesystem that is booted from it, else empty.
    """

    name: str
    guid: int
    vdevs: tuple[Vdev, ...]
    features: frozenset[str]
    free_bytes: int
    size_bytes: int
    readonly: bool
    suspended: bool
    altroot: str = ""
    mountable: bool = True
    freeing_bytes: int | None = None
    health: str = "ONLINE"
    damaged: int = 0
    ailing: tuple[str, ...] = ()
    active: frozenset[str] = frozenset()
    compatibility: str = ""
    bootfs: str = ""

    @property
    def ashift(self) -> int:
        """The largest ashift of the vdevs that hold data."""
        return max((v.ashift for v in self.vdevs if v.role == "normal"), default=0)

    @property
    def redundant(self) -> bool:
        """Whether every vdev that holds data survives the loss of one device."""
        data = [v for v in self.vdevs if v.role != "log"]
        return bool(data) and all(
            v.kind.startswith(("mirror", "raidz", "draid")) for v in data
        )

    @property
    def rotational(self) -> bool:
        """Whether data lies on a spinning disk."""
        return any(v.rotational for v in self.vdevs if v.role == "normal")


@frozen
class Limits:
    """The limits of the running OpenZFS release.

    Attributes:
        max_recordsize_bytes: The module parameter ``zfs_max_recordsize``.
        max_volblocksize_bytes: Largest block of a volume.
        release: OpenZFS release, as in ``(2, 3, 2)``.
    """

    max_recordsize_bytes: int = 1 << 20
    max_volblocksize_bytes: int = 128 << 10
    release: Release = (2, 4)

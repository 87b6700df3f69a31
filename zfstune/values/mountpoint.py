"""The path that a filesystem mounts at, and the obstacles that ``zfs mount`` knows.

The engine gives ``mountpoint`` as it is stored: an inherited value is the text
that was set on the ancestor, without the part of the name below that ancestor.
The planner and the mounting code call the same functions, so they cannot disagree.
"""

from __future__ import annotations

from zfstune.values.state import DEFAULT, INHERITED, LOCAL, RECEIVED, PropertyValue
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.state import Dataset, Place

__all__ = [
    "effective_mountpoint",
    "in_the_way",
    "inherited_mountpoint",
    "mount_blocker",
    "mount_differs",
    "mount_table_field",
    "mount_words",
    "with_inherited",
]

# module/zcommon/zfs_prop.c registers "/" as the default of mountpoint.
_DEFAULT = PropertyValue("/", DEFAULT)
_UNMOUNTABLE = ("none", "legacy")
# property, value, word: zfs_add_options() in lib/libzfs/libzfs_mount.c
_WORDS = (
    ("atime", "off", "noatime"),
    ("devices", "off", "nodev"),
    ("exec", "off", "noexec"),
    ("readonly", "on", "ro"),
    ("setuid", "off", "nosuid"),
    ("nbmand", "on", "mand"),
)
# The words that mountinfo shows. It shows strictatime by the lack of the other two, and
# kernels since 5.15 know no mand.
_SHOWN = frozenset({"noatime", "relatime", "nodev", "noexec", "ro", "nosuid"})
# A mount keeps these properties as they were when it was made, until it is made anew:
# zfs_is_namespace_prop() in lib/libzfs/libzfs_mount.c. xattr is not listed here: Linux
# has no mount flag for it, and the kernel follows a change of it at once.
_FOLLOWED = ("atime", "devices", "exec", "readonly", "relatime", "setuid")


def effective_mountpoint(dataset: Dataset, altroot: str) -> str | None:
    """Compute the path that a filesystem mounts at.

    Args:
        dataset: The filesystem, its ``mountpoint`` as stored.
        altroot: The pool's alternate root; empty or ``-`` where it has none.

    Returns:
        The absolute path, or None for a volume and for ``none`` and ``legacy``.
        :func:`mount_blocker` tells whether it may be mounted there.
    """
    if dataset.kind != "filesystem":
        return None
    stored = dataset.properties.get("mountpoint", _DEFAULT)
    base = stored.value
    if not base.startswith("/"):
        return None
    # lib/libzfs/libzfs_dataset.c, zfs_prop_get(), ZFS_PROP_MOUNTPOINT: a value that was
    # set or received here is the whole path; after an inherited one comes the part of
    # the name below the ancestor, and after the default the whole name.
    if stored.source in (LOCAL, RECEIVED):
        below = ""
    else:
        below = dataset.name[len(stored.origin) :].lstrip("/")
    prefix = "" if altroot in ("", "-", "/") else altroot
    if base == "/" and (prefix or below or altroot == "/"):
        base = ""
    return prefix + base + ("/" + below if below else "") or "/"


def inherited_mountpoint(parent: Dataset) -> PropertyValue:
    """Return the ``mountpoint`` that a child without one of its own would show."""
    stored = parent.properties.get("mountpoint", _DEFAULT)
    if stored.source in (LOCAL, RECEIVED):
        return PropertyValue(stored.value, INHERITED, parent.name)
    return stored


def with_inherited(dataset: Dataset, parent: Dataset) -> dict[str, PropertyValue]:
    """Return a dataset's properties as they would be below a parent.

    Of the values that the parent passes on, only those of mounts and shares are
    computed.
    """
    properties = dict(dataset.properties)
    for name in ("mountpoint", "sharenfs", *_FOLLOWED):
        own = properties.get(name)
        if own is not None and own.source in (LOCAL, RECEIVED):
            continue
        above = parent.properties.get(name)
        if name == "mountpoint":
            properties[name] = inherited_mountpoint(parent)
        elif above is not None and above.source in (LOCAL, RECEIVED):
            properties[name] = PropertyValue(above.value, INHERITED, parent.name)
        elif above is not None:
            properties[name] = above
    return properties


def mount_blocker(dataset: Dataset) -> str | None:
    """Return why ``zfs mount`` would refuse a filesystem, or None where it would not.

    ``canmount=noauto`` is no obstacle here: it only keeps a filesystem from being
    mounted unasked.
    """
    # The order is that of zfs_is_mountable and zfs_mount_at in
    # lib/libzfs/libzfs_mount.c; share_mount_one in cmd/zfs/zfs_main.c refuses
    # filesystems that were received only in part.
    if dataset.kind != "filesystem":
        return f"it is a {dataset.kind}"
    mountpoint = dataset.value("mountpoint")
    if mountpoint in _UNMOUNTABLE:
        return f"its mountpoint is {mountpoint}"
    if dataset.value("canmount") == "off":
        return "canmount is off"
    if dataset.value("zoned") == "on":
        return "zoned is on: only its container may mount it"
    if dataset.value("redacted") == "1":
        return "it was received as a redacted stream"
    if dataset.value("inconsistent") == "1" and dataset.value("receive_resume_token"):
        return "a receive into it has not finished"
    if dataset.value("keystatus") == "unavailable":
        return "its encryption key is not loaded"
    return None


def in_the_way(place: Place) -> tuple[str, str] | None:
    """Name the files that a mount would hide, or the obstacle to making its directory.

    Returns:
        The reason and a hint; None where nothing is known to be in the way.
    """
    obstacle, quoted = shown(place.obstacle_path), for_shell(place.obstacle_path)
    elsewhere = "or mount it elsewhere with -o mountpoint=... or --root"
    if place.holds:
        reason = (
            f"'{shown(place.real)}' is not empty, "
            f"and the mount would hide its content ({shown(place.holds)})"
        )
        real, aside = for_shell(place.real), for_shell(f"{place.real}.before-zfs")
        back = f"cp -a {for_shell(f'{place.real}.before-zfs/.')} {for_shell(place.real)}/"
        hint = (
            "stop the programs that use it and move it aside: "
            f"`mv -T {real} {aside}`; apply, then copy its content back: `{back}`"
        )
        return reason, hint
    if place.obstacle == "file":
        aside = for_shell(f"{place.obstacle_path}.before-zfs")
        hint = f"move it aside: `mv -T {quoted} {aside}`; {elsewhere}"
        return f"'{obstacle}' is in the way: it is no directory", hint
    if place.obstacle == "dangling":
        hint = f"create the directory that it points to, or remove the link: `rm {quoted}`"
        return f"'{obstacle}' is a link to a path that does not exist", hint
    if place.obstacle == "link":
        reason = (
            f"'{obstacle}' is a link that users other than root could change: the link, "
            "or a directory of its path, has another owner or is writable by others"
        )
        return reason, f"`namei -l {quoted}` shows the owners; remove the link, {elsewhere}"
    if place.obstacle == "read-only":
        reason = f"'{obstacle}' is on a file system that is mounted read-only"
        findmnt = f"`findmnt -T {quoted}` shows it"
        return reason, f"make that file system writable ({findmnt}), {elsewhere}"
    return None


def mount_words(dataset: Dataset, *, readonly_pool: bool = False) -> frozenset[str]:
    """Return the options that a filesystem should be mounted with, as ``mount`` names them.

    Args:
        dataset: The filesystem, with its values in force.
        readonly_pool: Whether its pool was imported read-only.
    """
    words = {word for name, value, word in _WORDS if dataset.value(name) == value}
    if dataset.value("atime") == "on":
        words.add("relatime" if dataset.value("relatime") == "on" else "strictatime")
    if readonly_pool:
        words.add("ro")
    return frozenset(words)


def mount_differs(
    dataset: Dataset, options: frozenset[str], *, readonly_pool: bool = False
) -> str:
    """Return how a mount differs from the mount that the properties ask for.

    Args:
        dataset: The filesystem, with its values in force.
        options: The options that it is mounted with.
        readonly_pool: Whether its pool was imported read-only.

    Returns:
        The options that the mount lacks, and its surplus options, as in
        ``+noexec -relatime``; empty where there is no difference.
    """
    if dataset.value("atime") is None:  # its values were not read
        return ""
    asked = mount_words(dataset, readonly_pool=readonly_pool) & _SHOWN
    have = options & _SHOWN
    changes = [f"+{word}" for word in sorted(asked - have)]
    return " ".join(changes + [f"-{word}" for word in sorted(have - asked)])


def mount_table_field(field: bytes) -> bytes:
    """Return what a field of the kernel's mount table stands for.

    The kernel writes space, tab, newline and backslash in octal (fs/proc_namespace.c).
    """
    if b"\\" in field:
        for octal in (b"040", b"011", b"012", b"134"):
            field = field.replace(b"\\" + octal, bytes([int(octal, 8)]))
    return field

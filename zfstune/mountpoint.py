"""Where a filesystem mounts, and what stands in the way: the rules of ``zfs mount``.

The engine gives ``mountpoint`` as it is stored: an inherited value is the text
that was set on the ancestor, without the part of the name below that ancestor.
Planner and mount call the same two functions, so they cannot disagree.
"""

from __future__ import annotations

from zfstune.state import DEFAULT, INHERITED, LOCAL, RECEIVED, PropertyValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.state import Dataset

__all__ = ["effective_mountpoint", "inherited_mountpoint", "mount_blocker"]

# module/zcommon/zfs_prop.c registers "/" as the default of mountpoint: below it
# comes the whole name, pool included.
_DEFAULT = PropertyValue("/", DEFAULT)
_UNMOUNTABLE = ("none", "legacy")


def effective_mountpoint(dataset: Dataset, altroot: str) -> str | None:
    """Compute the path that a filesystem mounts at.

    Args:
        dataset: The filesystem, its ``mountpoint`` as stored.
        altroot: The pool's alternate root; empty or ``-`` where it has none.

    Returns:
        The absolute path, or None for a volume and for ``none`` and ``legacy``.
        Whether it may be mounted there is :func:`mount_blocker`'s to say.
    """
    if dataset.kind != "filesystem":
        return None
    stored = dataset.properties.get("mountpoint", _DEFAULT)
    base = stored.value
    if not base.startswith("/"):
        return None
    # lib/libzfs/libzfs_dataset.c, zfs_prop_get(), ZFS_PROP_MOUNTPOINT: a value set
    # or received here stands alone; an inherited one is followed by what the name
    # has beyond the ancestor; the default is inherited from above the pool.
    if stored.source in (LOCAL, RECEIVED):
        below = ""
    else:
        below = dataset.name[len(stored.origin) :].lstrip("/")
    prefix = "" if altroot in ("", "-", "/") else altroot
    if base == "/" and (prefix or below or altroot == "/"):
        base = ""
    return prefix + base + ("/" + below if below else "") or "/"


def inherited_mountpoint(parent: Dataset) -> PropertyValue:
    """Give the ``mountpoint`` that a child without one of its own would show."""
    stored = parent.properties.get("mountpoint", _DEFAULT)
    if stored.source in (LOCAL, RECEIVED):
        return PropertyValue(stored.value, INHERITED, parent.name)
    return stored


def mount_blocker(dataset: Dataset) -> str | None:
    """Say why ``zfs mount`` would refuse a filesystem, or None where it would not.

    ``canmount=noauto`` is no obstacle here: it keeps a filesystem from being
    mounted unasked, not from being mounted.
    """
    # The order is that of zfs_is_mountable and zfs_mount_at in
    # lib/libzfs/libzfs_mount.c; share_mount_one in cmd/zfs/zfs_main.c knows the
    # half-received ones.
    if dataset.kind != "filesystem":
        return f"it is a {dataset.kind}"
    mountpoint = dataset.value("mountpoint") or "/"
    if mountpoint in _UNMOUNTABLE:
        return f"its mountpoint is {mountpoint}"
    if dataset.value("canmount") == "off":
        return "canmount is off"
    if dataset.value("zoned") == "on":
        return "zoned is on: only its container may mount it"
    if dataset.value("redacted") == "1":
        return "it was received redacted"
    if dataset.value("inconsistent") == "1" and dataset.value("receive_resume_token"):
        return "it holds a receive that has not finished"
    if dataset.value("keystatus") == "unavailable":
        return "its encryption key is not loaded"
    return None

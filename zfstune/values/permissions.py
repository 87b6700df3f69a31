"""The permissions that root could delegate with ``zfs allow``, by what was refused."""

from __future__ import annotations

from zfstune.values.names import parent_of
from zfstune.values.text import for_shell

__all__ = ["delegation_hint"]

# The permissions that `zfs allow` would have to grant: man/man8/zfs-allow.8, and the
# zfs_secpolicy_*() functions of module/zfs/zfs_ioctl.c.
_PERMISSIONS = {
    "create": "create,mount",
    "clone": "create,clone,mount",
    "destroy": "destroy,mount",
    # zfstune marks each snapshot that it takes, which needs `userprop` as well
    "snapshot": "snapshot,userprop",
    "take a snapshot of": "snapshot,userprop",
    "destroy snapshot": "destroy,mount",
    "rename": "create,rename,mount",
    "promote": "promote,mount",
    "roll back": "rollback",
    "hold": "hold",
    "release": "release",
    "bookmark": "bookmark",
    "compare": "diff",
    "destroy bookmark": "destroy",
    "load the key of": "load-key",
    "unload the key of": "load-key",
    "change the key of": "change-key",
    "send": "send",
    "receive": "receive,mount,create",
    "heal": "receive,mount,create",
    "redact": "bookmark",
    "abort the receive of": "destroy,mount",
}
# These operations need their permissions on the parent too.
_ON_THE_PARENT = ("create", "clone", "rename", "promote")


def delegation_hint(operation: str, target: str, properties: str = "") -> str:
    """Return the hint for an operation that was refused for want of a permission.

    Args:
        operation: The verb of the message.
        target: The dataset, snapshot or bookmark that it was about.
        properties: Properties that would have to be granted as well, separated by commas.
    """
    asked = f"{_PERMISSIONS.get(operation, '')},{properties}".strip(",").split(",")
    words = dict.fromkeys("userprop" if ":" in word else word for word in asked)
    if not any(words):
        return "run as root"
    dataset, _, snapshot = target.replace("#", "@").partition("@")
    if operation in _ON_THE_PARENT and not snapshot:
        dataset = parent_of(dataset) or dataset
    grant = f"zfs allow USER {','.join(words)} {for_shell(dataset)}"
    return f"run as root, or let root run `{grant}`"

"""Datasets whose files stay as they are, and why."""

from __future__ import annotations

from zfstune.values.errors import PlanError
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.state import Dataset, Mount, PoolInfo

__all__ = ["refuse_dataset"]


def refuse_dataset(
    dataset: Dataset, mount: Mount | None, pool: PoolInfo, *, idle: bool
) -> Mount:
    """Return the mount of a dataset whose files can be written anew.

    Args:
        dataset: The dataset.
        mount: Where it is mounted; None: nowhere.
        pool: Its pool.
        idle: The caller says that nothing else uses it.

    Raises:
        PlanError: The files cannot be written anew as things are.
    """
    name = for_shell(dataset.name)
    if dataset.kind != "filesystem":
        reason = "it is a volume, and the block size of a volume never changes"
        hint = "make a volume of another volblocksize, and copy the blocks"
    elif not pool.mountable:
        reason, hint = "the filesystems of an image cannot be mounted", ""
    elif mount is None:
        reason, hint = "it is not mounted", f"`zfs mount {name}`"
    elif mount.hidden:
        reason = f"another filesystem is mounted over it at {mount.path}"
        hint = f"`findmnt {for_shell(mount.path)}` shows both"
    elif pool.readonly or "ro" in (mount.options or ()):
        reason, hint = "it is mounted read-only", ""
    elif dataset.value("sharenfs") not in (None, "off") and not idle:
        reason = (
            "it is shared by NFS, and a client may have files open that nobody here "
            "sees; such a file is lost to the client when another takes its place"
        )
        hint = "unmount it on all clients, and say so with --idle"
    else:
        return mount
    raise PlanError(f"cannot retune '{dataset.name}': {reason}", hint=hint)

"""From an errno to an exception: its class, its words, and what may help.

What a number means of which operation stands in _meanings.py.
"""

from __future__ import annotations

import errno as e
import os

from zfstune.engine._meanings import (
    FIRST_OWN,
    GENERAL,
    SPECIAL,
    STREAM_TRUNCATED,
    SUPPRESSED,
    WRONG_PARENT,
    Meaning,
)
from zfstune.values.errors import BatchError, EngineError, NotPermitted
from zfstune.values.names import parent_of
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "STREAM_TRUNCATED",
    "WRONG_PARENT",
    "batch_error",
    "by_target",
    "engine_error",
]

# What `zfs allow` would have to grant: man/man8/zfs-allow.8, and the zfs_secpolicy_*()
# functions of module/zfs/zfs_ioctl.c.
_PERMISSIONS = {
    "create": "create,mount",
    "clone": "create,clone,mount",
    "destroy": "destroy,mount",
    # setting a user property takes one more, and zfstune marks what it takes
    "snapshot": "snapshot,userprop",
    "destroy snapshot": "destroy,mount",
    "rename": "create,rename,mount",
    "promote": "promote,mount",
    "roll back": "rollback",
    "hold": "hold",
    "release": "release",
    "bookmark": "bookmark",
    "destroy bookmark": "destroy",
    "send": "send",
    "receive": "receive,mount,create",
}
# Asked for on the parent, or on a second dataset that the parent mostly covers.
_ON_THE_PARENT = ("create", "clone", "rename", "promote")


def engine_error(
    operation: str, target: str, errno: int, *, permission: str = "", detail: str = ""
) -> EngineError:
    """Make the exception for what ZFS gave back.

    Args:
        operation: The verb of the message, a key of the tables above.
        target: What was to be changed or read.
        errno: What ZFS gave back.
        permission: Properties that ``zfs allow`` would have to grant as well, by comma.
        detail: Added to the reason, as in the property at fault.
    """
    meaning = SPECIAL.get(operation, {}).get(errno) or GENERAL.get(errno)
    if meaning is None:
        text = os.strerror(errno) if errno < FIRST_OWN else "unknown to zfstune"
        meaning = Meaning(EngineError, f"{text} (error {errno})")
    hint = meaning.hint
    if meaning.kind is NotPermitted and not hint:
        hint = _delegation(operation, target, permission)
    reason = f"{meaning.reason}: {detail}" if detail else meaning.reason
    kind = meaning.kind
    return kind(operation=operation, target=target, errno=errno, reason=reason, hint=hint)


def _delegation(operation: str, target: str, properties: str) -> str:
    """Say what root could grant, and on which dataset."""
    asked = f"{_PERMISSIONS.get(operation, '')},{properties}".strip(",").split(",")
    words = dict.fromkeys("userprop" if ":" in word else word for word in asked)
    if not any(words):
        return "run as root"
    dataset, _, snapshot = target.replace("#", "@").partition("@")
    if operation in _ON_THE_PARENT and not snapshot:
        dataset = parent_of(dataset) or dataset
    grant = f"zfs allow USER {','.join(words)} {for_shell(dataset)}"
    return f"run as root, or let root `{grant}`"


def by_target(operation: str, errors: Mapping[str, int]) -> Mapping[str, int]:
    """Key what ZFS gave back by target.

    Of a hold that is not there, the kernel says ENOENT of "snapshot#tag"
    (dsl_dataset_user_release_check_one in module/zfs/dsl_userhold.c).
    """
    if operation != "release":
        return errors
    return {
        name.partition("#")[0]: e.ESRCH if "#" in name else code
        for name, code in errors.items()
    }


def batch_error(
    operation: str, errno: int, errors: Mapping[str, int], targets: Iterable[str]
) -> EngineError | BatchError:
    """Make the exception for a call on many targets.

    Args:
        operation: The verb.
        errno: What the whole call gave back.
        errors: What it gave back for each target it named.
        targets: What it was asked to work on.

    Returns:
        A BatchError where ZFS named the targets at fault; else one error that
        speaks of them all.
    """
    named = {name: code for name, code in errors.items() if name != SUPPRESSED}
    if named:
        failures = [engine_error(operation, name, code) for name, code in named.items()]
        return BatchError(
            operation=operation,
            failures=failures,
            suppressed=errors.get(SUPPRESSED, 0),
        )
    names = list(targets)
    shown = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return engine_error(operation, shown, errno)

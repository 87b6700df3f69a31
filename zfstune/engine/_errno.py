"""Turn an errno into an exception with a reason and a hint.

The meaning of each number stands in _meanings.py, or in _special_meanings.py for one
operation.
"""

from __future__ import annotations

import errno as e
import os

from zfstune.engine._meanings import (
    FIRST_OWN,
    GENERAL,
    STREAM_TRUNCATED,
    SUPPRESSED,
    WRONG_PARENT,
    Meaning,
)
from zfstune.engine._special_meanings import SPECIAL
from zfstune.values.errors import BatchError, EngineError, NotPermitted
from zfstune.values.names import parent_of
from zfstune.values.permissions import delegation_hint
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


def engine_error(
    operation: str,
    target: str,
    errno: int,
    *,
    permission: str = "",
    detail: str = "",
    example: str = "",
) -> EngineError:
    """Make the exception for an errno that ZFS returned.

    Args:
        operation: The verb of the message; SPECIAL and _PERMISSIONS may have it as a key.
        target: The dataset, snapshot or pool that the call was about.
        errno: The number that ZFS returned.
        permission: Properties that ``zfs allow`` would have to grant as well, separated by
            commas.
        detail: Text that follows the reason, such as the property at fault.
        example: The name for commands in the hint, where it is not `target`: one of
            several snapshots, or the path of a mount.
    """
    meaning = SPECIAL.get(operation, {}).get(errno) or GENERAL.get(errno)
    if meaning is None:
        text = os.strerror(errno) if errno < FIRST_OWN else "unknown to zfstune"
        meaning = Meaning(EngineError, f"{text} (error {errno})")
    hint = _with_names(meaning.hint, example or target)
    if meaning is GENERAL.get(e.ENOENT) and "@" in target:
        hint = "see `zfstune list -t snapshots`"
    if meaning.kind is NotPermitted and not hint:
        hint = delegation_hint(operation, example or target, permission)
    reason = f"{meaning.reason}: {detail}" if detail else meaning.reason
    kind = meaning.kind
    return kind(operation=operation, target=target, errno=errno, reason=reason, hint=hint)


def _with_names(hint: str, target: str) -> str:
    """Return the hint of a meaning with names in the place of its braces."""
    if "{" not in hint:
        return hint
    dataset = target.replace("#", "@").partition("@")[0]
    return hint.format(
        target=for_shell(target),
        dataset=for_shell(dataset),
        parent=for_shell(parent_of(dataset) or dataset),
        pool=for_shell(dataset.partition("/")[0]),
    )


def by_target(operation: str, errors: Mapping[str, int]) -> Mapping[str, int]:
    """Key the errors of a batch by target.

    For a hold that does not exist, the kernel returns ENOENT under "snapshot#tag"
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
        errno: The errno of the whole call.
        errors: The errno of each target that ZFS named.
        targets: All targets of the call.

    Returns:
        A BatchError where ZFS named the targets at fault, else one error about all of
        them.
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
    return engine_error(operation, shown, errno, example=names[0])
